"""Choosing pictures to label next: those that the model is least sure of."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text
from yolact_kit.inference.depth import CallDepth, call_depth
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import SourcePicture, decoded, deep_values_of
from yolact_kit.pixels.pictures import PictureError

LIST = "uncertain.txt"
"""Name of the list of the chosen pictures, the least sure one first."""


def uncertainty(scores: NDArray[np.float32]) -> float:
    """How unsure a model is of a picture: the margin between object and background, summed over its detections.

    The 1-vs-2 margin of Brust et al. (2019, "Active Learning for Deep Object Detection"), where the sum over the
    detections worked best: each counts (1 - |p - (1 - p)|)^2, from 0 if it is certain to 1 at a score of 0.5.

    Args:
        scores: float32 [N], 0..1.

    Returns:
        0 or more; 0 if there are no detections.

    Example:
        >>> uncertainty(np.array([0.5, 1.0], dtype=np.float32))
        1.0
    """
    # With background at 1 - p, the margin is |p - (1 - p)| = |2 p - 1|: 0 at a score of 0.5, 1 at 0 and at 1.
    return float(np.square(1 - np.abs(2 * scores - 1)).sum())


def most_uncertain(
    predictor: Predictor,
    pictures: Sequence[SourcePicture],
    count: int,
    track: Callable[[Iterable[Prediction], int], Iterable[Prediction]] | None = None,
    on_problem: Callable[[SourcePicture, PictureError], None] = lambda *_: None,
    depth: CallDepth | None = None,
) -> list[SourcePicture]:
    """The pictures that a model is least sure of.

    Args:
        predictor: The model; detections below its score do not count.
        pictures: Pictures, no videos.
        count: At most this many are chosen.
        track: Wraps the predictions and their number to show progress.
        on_problem: Called for each picture that cannot be read.
        depth: The range by which pictures of more than 8 bits become 8-bit; None for what suits the model and them.

    Returns:
        The chosen pictures, the most uncertain one first; of equally uncertain ones those that come first.

    Raises:
        UserError: There are videos among them, or none can be read.
    """
    if any(picture.moves for picture in pictures):
        raise UserError(
            "Frames of videos cannot be chosen for labelling.",
            "Give pictures: ffmpeg can write the frames of a video as pictures.",
        )
    read: list[SourcePicture] = []
    rule = depth or call_depth(predictor, lambda: deep_values_of(pictures))

    def pixels_of_pictures() -> Iterator[tuple[str, NDArray[np.uint8]]]:
        # Pictures that cannot be read are left out, so the list of those read says which picture a score belongs to.
        for picture, pixels in decoded(pictures, on_problem, predictor.batch_size, depth=rule):
            read.append(picture)
            yield picture.name, pixels

    predictions: Iterable[Prediction] = predictor.stream(pixels_of_pictures())
    if track is not None:
        predictions = track(predictions, len(pictures))
    uncertainties = [uncertainty(prediction.scores) for prediction in predictions]
    if not uncertainties:
        raise UserError(f"None of the {len(pictures)} pictures can be read.", "Check the source.")
    # Of equally uncertain pictures the larger -index wins: the one that comes first.
    chosen = heapq.nlargest(count, range(len(uncertainties)), key=lambda index: (uncertainties[index], -index))
    return [read[index] for index in chosen]


def write_list(out: Path, pictures: Sequence[SourcePicture]) -> Path:
    """Writes the list of chosen pictures, which can be used as a source.

    Args:
        out: Folder to write into.
        pictures: The pictures; those that came through standard input are left out.

    Returns:
        The file.
    """
    lines = [picture.origin for picture in pictures if not picture.content]
    atomic_write_text(out / LIST, "".join(f"{line}\n" for line in lines))
    return out / LIST
