"""From labelled pictures in any format to a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from yolact_kit.annotations.choices import PictureFiles, SplitMethod, TargetFormat
from yolact_kit.annotations.dataset import Dataset
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.read import read_source
from yolact_kit.annotations.readers.registry import SourceFormat
from yolact_kit.annotations.result import ReadResult
from yolact_kit.datasets.convert import ConvertOptions, write_labels
from yolact_kit.pixels.depth import depth_range as range_of_pair
from yolact_kit.words import counted


class Labels:
    """Labelled pictures as they were read, not yet divided or written; `read_labels` gives them.

    Attributes:
        result: What was read.
        source: Where it was read from.
        options: How it will be divided and written.
    """

    def __init__(self, result: ReadResult, source: Path, options: ConvertOptions | None = None) -> None:
        self.result = result
        self.source = source
        self.options = options or ConvertOptions()

    @property
    def classes(self) -> list[str]:
        """Class names in their order."""
        return self.result.classes

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong with the labels."""
        return self.result.problems

    def __repr__(self) -> str:
        pictures = repr(self.result.dataset(self.source.name)).replace("Dataset", "Labels", 1)
        return f"{pictures}\n  read as {self.result.format}; {counted(len(self.problems), 'problem')}"

    def split(
        self,
        val: float | None = None,
        test: float | None = None,
        *,
        method: SplitMethod | None = None,
        seed: int = 0,
        group_by: str | None = None,
        keep_splits: Path | str | None = None,
    ) -> Labels:
        """Sets how the pictures are divided into train, val and test. Without it, the splits of the source are used.

        Args:
            val: Share of the pictures for validation; 0.2 by default.
            test: Share of the pictures for the test; none by default.
            method: ``random``; ``stratified``: by the objects of each class; ``group``: see ``group_by``.
            seed: Random seed.
            group_by: Regular expression that finds a picture's group in its path; groups stay together.
            keep_splits: An earlier data set, whose pictures keep their splits.

        Returns:
            The labels with that division.
        """
        options = replace(
            self.options,
            split=method or "random",
            val=val,
            test=test,
            seed=seed,
            group_by=group_by,
            keep_splits=None if keep_splits is None else Path(keep_splits),
        )
        return Labels(self.result, self.source, options)

    def save(
        self,
        out: Path | str,
        *,
        to: TargetFormat = "coco",
        images: PictureFiles = "copy",
        strict: bool = False,
        overwrite: bool = False,
    ) -> Dataset:
        """Writes a data set folder, as a whole or not at all; the source is not changed.

        Args:
            out: The folder.
            to: ``coco`` makes a folder to train on, the others are for other programs.
            images: Whether pictures are copied, linked, or kept where they are.
            strict: Whether nothing is written if anything at all is wrong.
            overwrite: Whether an earlier output in the folder is replaced.

        Returns:
            The data set.

        Raises:
            UserError: Nothing was written: the shares make no sense, or the folder may not be written.
        """
        options = replace(self.options, to=to, images=images, strict=strict, overwrite=overwrite)
        return write_labels(self.result, self.source, out, options).dataset


def read_labels(
    source: Path | str,
    format: SourceFormat = "auto",
    *,
    classes: Sequence[str] | None = None,
    label_map: dict[str, str | None] | None = None,
    merge_numbered: bool = False,
    keep_numbered: Sequence[str] = (),
    pictures: Path | str | None = None,
    masks: Path | str | None = None,
    colors: Path | str | None = None,
    parts_as_objects: bool = False,
    box_as_mask: bool = False,
    repair: bool = False,
    depth_range: tuple[float, float] | None = None,
) -> Labels:
    """Reads the labels under a folder, whatever their format. `convert` has more options.

    Args:
        source: A folder of pictures and labels, or one annotation file.
        format: ``auto`` to detect it.
        classes: Class names in order; objects of other classes are skipped. All labels by default.
        label_map: New label by old label; None drops objects of the label.
        merge_numbered: Makes one class of labels that differ only by a number, where the numbers count objects.
        keep_numbered: Numbered labels to keep as classes, or their name without the number.
        pictures: A folder to look for pictures in, besides the source.
        masks: Folder of mask pictures.
        colors: File that names the colour of each class in the mask pictures.
        parts_as_objects: Takes each connected part of a class in mask pictures as an object.
        box_as_mask: Takes the boxes of objects without a mask as their masks.
        repair: Mends polygons whose outline crosses itself.
        depth_range: The values that become black and white in pictures of more than 8 bits a channel, such as
            ``(0, 4095)``; by default what suits all of them.

    Returns:
        The labels; pictures with an error in them are left out, and `Labels.problems` says why.

    Raises:
        UserError: The source does not exist or holds no labels.

    Example:
        >>> read_labels("photos").split(val=0.2, test=0.1).save("data")  # doctest: +SKIP
    """
    options = ConvertOptions(
        format=format,
        classes=None if classes is None else tuple(classes),
        label_map=label_map,
        merge_numbered=merge_numbered,
        keep_numbered=tuple(keep_numbered),
        pictures=None if pictures is None else Path(pictures),
        masks=None if masks is None else Path(masks),
        colors=None if colors is None else Path(colors),
        parts_as_objects=parts_as_objects,
        box_as_mask=box_as_mask,
        repair=repair,
        depth_range=range_of_pair(depth_range),
    )
    return Labels(read_source(source, options), Path(source), options)
