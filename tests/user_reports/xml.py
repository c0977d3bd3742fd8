"""Reports about XML files, mask pictures and formats of others: from CVAT, datumaro, FiftyOne and Label Studio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH
from tests.user_reports.report import (
    SQUARE,
    Report,
    annotation,
    coco,
    cvat,
    cvat_image,
    cvat_points,
    image,
    pictures,
    write_json,
    write_text,
)


def _mask(label: str, left: int, top: int, width: int, height: int) -> str:
    """A filled brush mask of CVAT's."""
    return (
        f'<mask label="{label}" source="semi-auto" occluded="0" rle="0, {width * height}" left="{left}" top="{top}" '
        f'width="{width}" height="{height}" z_order="0"></mask>'
    )


def _polygon(label: str, points: list[list[float]]) -> str:
    return f'<polygon label="{label}" occluded="0" points="{cvat_points(points)}" z_order="0"></polygon>'


def mask_a_row_too_tall(folder: Path) -> None:
    pictures(folder / "images", "a.png")
    cvat(folder, cvat_image(0, "a.png", _mask("cell", 10, HEIGHT - 9, 12, 10)))


def polygons_and_masks(folder: Path) -> None:
    pictures(folder / "images", "a.png")
    cvat(folder, cvat_image(0, "a.png", _polygon("cell", SQUARE) + _mask("dirt", 3, 3, 12, 10)))


def masks_of_cvat(folder: Path) -> None:
    pictures(folder / "images", "a.png", "b.png")
    cvat(folder, cvat_image(0, "a.png", _mask("cell", 3, 3, 12, 10)), cvat_image(1, "b.png", ""))


def _voc(folder: Path, labelmap: str, classes: Image.Image | None, objects: Image.Image) -> None:
    pictures(folder / "JPEGImages", "a.png")
    for name, mask in (("SegmentationClass", classes), ("SegmentationObject", objects)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        if mask is not None:
            mask.save(folder / name / "a.png")
    write_text(folder / "labelmap.txt", labelmap)
    write_text(folder / "ImageSets" / "Segmentation" / "default.txt", "a\n")


def _coloured(colour: tuple[int, int, int]) -> Image.Image:
    pixels = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    pixels[5:20, 10:30] = colour
    return Image.fromarray(pixels)


def background_last_in_the_list(folder: Path) -> None:
    lines = "# label:color_rgb:parts:actions\nleaf:48,112,32::\nbackground:0,0,0::\n"
    _voc(folder, lines, _coloured((48, 112, 32)), _coloured((128, 0, 0)))


def class_missing_in_the_class_mask(folder: Path) -> None:
    """The object is in SegmentationObject; SegmentationClass has nothing there."""
    lines = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nleaf:48,112,32::\n"
    _voc(folder, lines, Image.fromarray(np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)), _coloured((128, 0, 0)))


def _voc_xml(name: str, extra: str = "") -> str:
    points = "".join(f"<x{i}>{x}</x{i}><y{i}>{y}</y{i}>" for i, (x, y) in enumerate(SQUARE, start=1))
    return (
        f"<annotation><filename>{name}</filename><size><width>{WIDTH}</width><height>{HEIGHT}</height></size>"
        f"<object><name>toy</name>{extra}<polygon>{points}</polygon></object></annotation>"
    )


def empty_lines_in_the_lists(folder: Path) -> None:
    pictures(folder / "JPEGImages", "a.png", "b.png")
    for name in "ab":
        write_text(folder / "Annotations" / f"{name}.xml", _voc_xml(f"{name}.png"))
    write_text(folder / "ImageSets" / "Segmentation" / "train.txt", "a\n\n\n")
    write_text(folder / "ImageSets" / "Segmentation" / "val.txt", "\nb\n  \n")


def difficult_objects(folder: Path) -> None:
    pictures(folder / "JPEGImages", "a.png")
    write_text(folder / "Annotations" / "a.xml", _voc_xml("a.png", "<difficult>1</difficult>"))


def fiftyone_layout(folder: Path) -> None:
    """What FiftyOne writes: ``data`` and ``labels.json``."""
    pictures(folder / "data", "a.png", "b.png")
    document = coco([image(1, "a.png"), image(2, "b.png")], [annotation(1, 1, 0), annotation(2, 2, 0)], {0: "bird"})
    write_json(folder / "labels.json", document)


def fiftyone_cvat_layout(folder: Path) -> None:
    """What FiftyOne writes as CVAT: ``data`` and ``labels.xml``."""
    pictures(folder / "data", "a.png")
    images = cvat_image(0, "a.png", _polygon("bird", TRIANGLE))
    write_text(folder / "labels.xml", f"<annotations><version>1.1</version>{images}</annotations>")


def tasks_of_label_studio(folder: Path) -> None:
    """Rectangles and brush masks in one task: its COCO export fails, so the JSON is what people have."""
    pictures(folder, "a.jpg")
    common = {"from_name": "label", "to_name": "image"}
    brush = {**common, "type": "brushlabels", "value": {"format": "rle", "rle": [0, 0], "brushlabels": ["crack"]}}
    area = {"x": 1, "y": 1, "width": 9, "height": 9, "rectanglelabels": ["crack"]}
    box = {**common, "type": "rectanglelabels", "value": area}
    task = {"id": 1, "data": {"image": "/data/upload/a.jpg"}, "annotations": [{"id": 1, "result": [box, brush]}]}
    write_json(folder / "project-1.json", [task])


_CVAT = "cvat-ai/cvat/issues"
_DATUMARO = "open-edge-platform/datumaro/issues"
REPORTS = [
    Report(f"{_CVAT}/9316", mask_a_row_too_tall, says=("clipped",)),
    Report(f"{_CVAT}/8739", polygons_and_masks, ("--to", "yolo"), objects=2),
    Report(f"{_CVAT}/1736", background_last_in_the_list),
    Report(f"{_CVAT}/2178", class_missing_in_the_class_mask, code=2, objects=None),
    Report(f"{_DATUMARO}/1074", masks_of_cvat),
    Report(f"{_DATUMARO}/583", empty_lines_in_the_lists, objects=2),
    Report(f"{_DATUMARO}/208", difficult_objects),
    Report(f"{_DATUMARO}/1344", fiftyone_layout, objects=2),
    Report("voxel51/fiftyone/pull/592", fiftyone_cvat_layout),
    Report("HumanSignal/label-studio/issues/1818", tasks_of_label_studio, code=2, objects=None,
           says=("Label Studio's own JSON",)),
]  # fmt: skip
