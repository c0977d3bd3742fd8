"""What the checks of a data set look at: its objects, its training size, and its decoded pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.config.schema import ModelConfig
from yolact_kit.cores import usable_cores
from yolact_kit.datasets.statistics import Statistics, collect
from yolact_kit.parallel import in_parallel
from yolact_kit.pixels.fingerprints import digest, grey_thumbnail
from yolact_kit.pixels.hashes import thumbnail_hash
from yolact_kit.pixels.pictures import PictureError


@dataclass(frozen=True, slots=True)
class Scan:
    """A decoded picture.

    Attributes:
        error: Why it cannot be decoded; None if it can.
        size: Width and height in pixels; zeros if it cannot be decoded.
        digest: Fingerprint of the decoded pixels: equal for the same picture whatever its file format.
        hash: Perceptual hash, see `yolact_kit.pixels.hashes`.
        thumbnail: uint8 [16, 16], the picture in grey; None where it was not decoded.
    """

    error: PictureError | None = None
    size: tuple[int, int] = (0, 0)
    digest: str = ""
    hash: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    thumbnail: NDArray[np.uint8] | None = None


ScanProgress = Callable[[Iterable[tuple[Path, Scan]], int], Iterable[tuple[Path, Scan]]]


@dataclass
class Subject:
    """What the checks of a data set look at.

    Attributes:
        dataset: The data set.
        model: Gives the training size and the anchors.
        scans: Each decoded picture, by its path.
    """

    dataset: Dataset
    model: ModelConfig
    scans: dict[Path, Scan]

    @cached_property
    def statistics(self) -> Statistics:
        """What the data set holds, counted when it is first asked for."""
        return collect(self.dataset, self.model)

    def objects(self) -> Iterator[tuple[Picture, Instance, str]]:
        """Every object with its picture and its name in messages, such as ``"object 3 (nut)"``."""
        for picture in self.dataset.pictures():
            for number, instance in enumerate(picture.instances, start=1):
                yield picture, instance, f"object {number} ({instance.label})"

    def decoded(self, pictures: list[Picture]) -> list[Picture]:
        """Those of ``pictures`` that can be decoded."""
        return [picture for picture in pictures if self.scans[picture.path].error is None]


def scan_pictures(pictures: Iterable[Picture], progress: ScanProgress | None = None) -> dict[Path, Scan]:
    """Decodes pictures, several at a time.

    Args:
        pictures: The pictures.
        progress: Wraps the results as they come, to show progress; called with them and their number.

    Returns:
        What was found, by path.
    """
    unique = {picture.path: picture for picture in pictures}
    results = in_parallel(scan_picture, list(unique.values()), min(8, usable_cores()))
    scans = zip(unique, results, strict=True)
    return dict(progress(scans, len(unique)) if progress is not None else scans)


def scan_picture(picture: Picture) -> Scan:
    """Decodes a picture.

    Args:
        picture: The picture.

    Returns:
        Its size and fingerprints, or why it cannot be decoded.
    """
    try:
        pixels = picture.read()
    except PictureError as error:
        return Scan(error)
    height, width = pixels.shape[:2]
    thumbnail = grey_thumbnail(pixels)
    return Scan(None, (width, height), digest(pixels), thumbnail_hash(thumbnail), thumbnail)
