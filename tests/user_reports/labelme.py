"""Reports from the trackers of labelme and X-AnyLabeling."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH, labelled, labelme_document, picture, shape
from tests.user_reports.report import SQUARE, Report, annotation, coco, image, pictures, write_json


def rectangle_drawn_backwards(folder: Path) -> None:
    labelled(folder, "a", [shape([[45.5, 30.0], [10.25, 4.0]], kind="rectangle")])


def grey_picture(folder: Path) -> None:
    labelled(folder, "a", [shape()])
    Image.fromarray(np.arange(WIDTH * HEIGHT, dtype=np.uint32).astype(np.uint8).reshape(HEIGHT, WIDTH)).save(
        folder / "a.png"
    )


def polygon_of_two_points(folder: Path) -> None:
    labelled(folder, "a", [shape(), shape([[3.0, 3.0], [9.0, 9.0]])])


def both_renamed(folder: Path) -> None:
    """The picture and its JSON got another name; ``imagePath`` has the old one."""
    pictures(folder, "b.png")
    write_json(folder / "b.json", labelme_document("IMG_0001.png", [shape()]))


def scaled_after_labelling(folder: Path) -> None:
    """The picture was halved and the numbers of the JSON with it, but not ``imageData``."""
    whole = picture(folder / "a.png", size=(2 * WIDTH, 2 * HEIGHT))
    data = base64.b64encode(whole.read_bytes()).decode()
    labelled(folder, "a", [shape()], imageData=data)


def json_in_a_folder_of_its_own(folder: Path) -> None:
    pictures(folder, "JPEGImages/top.jpg")
    write_json(folder / "jsons" / "top.json", labelme_document("../JPEGImages/top.jpg", [shape()]))


def turned_by_exif(folder: Path) -> None:
    """A telephone's photo: stored lying, turned upright by EXIF, and labelled upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    picture(folder / "a.jpg", size=(HEIGHT, WIDTH), exif=exif.tobytes())
    write_json(folder / "a.json", labelme_document("a.jpg", [shape()]))


def names_that_differ_from_the_list(folder: Path) -> None:
    labelled(folder, "a", [shape(label="Nut")])


def shape_without_points(folder: Path) -> None:
    labelled(folder, "a", [shape(), shape([])])


def shapes_of_the_picture_before(folder: Path) -> None:
    """``--keep-prev`` copied the shapes of the picture before, and then again."""
    labelled(folder, "a", [shape(), shape(SQUARE), shape(), shape(SQUARE)])


def mask_of_the_ai_tool(folder: Path) -> None:
    """A mask shape: two corners and a picture of the mask in between."""
    buffer = io.BytesIO()
    Image.fromarray(np.ones((11, 21), dtype=bool)).save(buffer, "PNG")
    mask = base64.b64encode(buffer.getvalue()).decode()
    labelled(folder, "a", [shape([[10.0, 5.0], [30.0, 15.0]], kind="mask", mask=mask)])


def x_shape(kind: str, points: Any, **more: Any) -> dict[str, Any]:
    """A shape as X-AnyLabeling writes it."""
    entry = {"label": "sheep", "score": None, "points": points, "group_id": None, "description": ""}
    return {**entry, "difficult": False, "shape_type": kind, "flags": {}, "attributes": {}, "kie_linking": [], **more}


def points_between_polygons(folder: Path) -> None:
    labelled(folder, "a", [x_shape("polygon", TRIANGLE), x_shape("point", [[4.0, 4.0]])])


def linestrips_that_look_closed(folder: Path) -> None:
    """Some outlines were drawn as lines; an export leaves those objects out without a word."""
    labelled(folder, "a", [x_shape("polygon", TRIANGLE), x_shape("linestrip", [*SQUARE, SQUARE[0]])])


def parts_of_one_group(folder: Path) -> None:
    labelled(folder, "a", [x_shape("polygon", TRIANGLE, group_id=1), x_shape("polygon", SQUARE, group_id=1)])
    labelled(folder, "b", [x_shape("polygon", TRIANGLE)], seed=1)


def rotated_boxes(folder: Path) -> None:
    turned = [[20.0, 5.0], [35.0, 20.0], [30.0, 25.0], [15.0, 10.0]]
    labelled(folder, "a", [x_shape("rotation", turned, direction=0.785)])


def size_missing(folder: Path) -> None:
    """No ``imageWidth`` in the JSON."""
    pictures(folder, "a.png")
    document = labelme_document("a.png", [x_shape("polygon", TRIANGLE)])
    write_json(folder / "a.json", {key: value for key, value in document.items() if key != "imageWidth"})


def size_null(folder: Path) -> None:
    labelled(folder, "a", [x_shape("polygon", TRIANGLE)], imageWidth=None, imageHeight=None)


def label_missing_in_classes(folder: Path) -> None:
    labelled(folder, "a", [x_shape("polygon", TRIANGLE), x_shape("polygon", SQUARE, label="dog")])


def run_lengths_among_polygons(folder: Path) -> None:
    """COCO's own val2017 has both; its crowds are run lengths."""
    pictures(folder, "a.png", "b.png")
    counts = {"size": [HEIGHT, WIDTH], "counts": [100, 20, 20, 20, HEIGHT * WIDTH - 160]}
    annotations = [annotation(1, 1, 1), annotation(2, 1, 1, segmentation=counts, area=40, iscrowd=1)]
    document = coco([image(1, "a.png"), image(2, "b.png")], annotations, {1: "sheep"})
    write_json(folder / "instances_val2017.json", document)


_LABELME = "wkentaro/labelme/issues"
_X = "CVHub520/X-AnyLabeling/issues"
REPORTS = [
    Report(f"{_LABELME}/1437", rectangle_drawn_backwards),
    Report(f"{_LABELME}/914", grey_picture, says=("'a.png' was turned from mode L into 8-bit RGB",)),
    Report(f"{_LABELME}/606", polygon_of_two_points, says=("It has 2 points; an outline needs 3",)),
    Report(f"{_LABELME}/803", both_renamed),
    Report(f"{_LABELME}/885", scaled_after_labelling, says=("The embedded picture has 120 x 80 pixels",)),
    Report(f"{_LABELME}/253", json_in_a_folder_of_its_own),
    Report(f"{_LABELME}/539", turned_by_exif, says=("turned upright",)),
    Report(f"{_LABELME}/472", names_that_differ_from_the_list, ("--classes", "nut"), 2, None,
           ("No object has a label among the given classes 'nut'",)),
    Report(f"{_LABELME}/498", shape_without_points, says=("shape 2 (nut)",)),
    Report(f"{_LABELME}/360", shapes_of_the_picture_before, objects=2, says=("appears twice",)),
    Report(f"{_LABELME}/1553", mask_of_the_ai_tool),
    Report(f"{_X}/5", points_between_polygons, says=("shape 2 (sheep)",)),
    Report(f"{_X}/1302", linestrips_that_look_closed, says=("shape 2 (sheep)",)),
    Report(f"{_X}/883", parts_of_one_group, objects=2),
    Report(f"{_X}/397", rotated_boxes),
    Report(f"{_X}/477", size_missing),
    Report(f"{_X}/403", size_null),
    Report(f"{_X}/312", label_missing_in_classes, ("--classes", "dog"), says=("'sheep' is not among",)),
    Report(f"{_X}/1032", run_lengths_among_polygons, objects=2),
]  # fmt: skip
