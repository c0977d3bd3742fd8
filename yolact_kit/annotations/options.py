"""Options for reading labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yolact_kit.annotations.choices import DifficultChoice
from yolact_kit.annotations.readers.registry import SourceFormat
from yolact_kit.pixels.depth import DepthRange
from yolact_kit.pixels.pictures import MAX_PIXELS


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """How labels are read.

    Attributes:
        format: The format of the source; ``auto`` to detect it.
        pictures: A folder to look for pictures in, besides the source.
        classes: Class names in order; objects of other classes are skipped. None for all labels, alphabetically.
        label_map: New label by old label; None drops objects of the label.
        merge_numbered: Gives labels that differ only by a number, such as ``cup_1`` and ``cup_2``, one class where the
            numbers count objects; see `yolact_kit.annotations.labels.numbered`.
        keep_numbered: Labels that stay as they are, or what such labels have before the number.
        box_as_mask: Takes the boxes of objects without a mask as their masks.
        skip_missing: Counts labels whose picture is missing as skipped rather than as errors.
        masks: Folder of mask pictures, where they are not found by themselves.
        parts_as_objects: Takes each connected part of a class in mask pictures as an object, where they do not tell
            objects apart.
        colors: File that names the colour of each class in the mask pictures.
        rescale: Scales labels to pictures of another size than the labels say.
        repair: Mends polygons whose outline crosses itself.
        max_pixels: Pictures with more pixels are refused.
        depth_range: The values that become black and white in pictures of more than 8 bits; None for a range that
            suits all of them, see `yolact_kit.pixels.depth.common_range`.
        difficult: What to do with VOC's difficult objects.
        ignore_as_crowd: Takes shapes without a label, or labelled ``__ignore__``, as regions that are ignored in
            training and evaluation, for every class.
        class_attribute: The attribute of VIA's regions that is their class; None finds it out.
        line_width: Width in pixels to draw lines and points of labelme, CVAT and VIA with; None skips them.
        verify: Whether every picture is decoded. Without it only headers are read, except of pictures that have to be
            written anew: a picture that is cut off, one unlike the picture embedded in its labels, and the same
            picture in two splits are not noticed.
        workers: Threads, or processes, that read files at the same time.
        processes: Whether many files are read by processes; see `yolact_kit.parallel.in_parallel`.
    """

    format: SourceFormat = "auto"
    pictures: Path | None = None
    classes: tuple[str, ...] | None = None
    label_map: dict[str, str | None] | None = None
    merge_numbered: bool = False
    keep_numbered: tuple[str, ...] = ()
    box_as_mask: bool = False
    skip_missing: bool = False
    masks: Path | None = None
    parts_as_objects: bool = False
    colors: Path | None = None
    rescale: bool = False
    repair: bool = False
    max_pixels: int = MAX_PIXELS
    depth_range: DepthRange | None = None
    difficult: DifficultChoice = "keep"
    ignore_as_crowd: bool = False
    class_attribute: str | None = None
    line_width: float | None = None
    verify: bool = True
    workers: int = 2
    processes: bool = False
