"""What malformed labels get, a test a rule, named after it; E leaves the picture out, F, W and S go on."""

from __future__ import annotations

import base64
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.annotations.making import (
    HEIGHT,
    TRIANGLE,
    WIDTH,
    codes,
    instances,
    labelled,
    labelme_document,
    picture,
    read,
    shape,
)
from yolact_kit.annotations.problems import SourceError
from yolact_kit.annotations.result import ReadResult
from yolact_kit.datasets.convert import ConvertOptions, convert
from yolact_kit.errors import UserError

Write = Callable[[Path], object]
SQUARE = [5, 5, 20, 5, 20, 20, 5, 20]
ELSEWHERE = [[30, 5], [40, 5], [40, 20]]


def put(text: str | bytes, name: str = "b.json") -> Write:
    """Writes one annotation file that may be no such thing."""
    return lambda folder: (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())


def shapes(*entries: Any, **more: Any) -> Write:
    """A picture with these shapes of labelme."""
    return lambda folder: labelled(folder, "b", list(entries), seed=1, **more)


def encoded(encoding: str, label: str) -> Write:
    def write(folder: Path) -> None:
        picture(folder / "b.png", 1)
        text = json.dumps(labelme_document("b.png", [shape(label=label)]), ensure_ascii=False)
        (folder / "b.json").write_bytes(text.encode(encoding))

    return write


def kept_as(name: str, reference: str, **options: Any) -> Write:
    """A picture that its labels call otherwise."""

    def write(folder: Path) -> None:
        picture(folder / name, 1, **options)
        (folder / "b.json").write_text(json.dumps(labelme_document(reference, [shape()])), encoding="utf-8")

    return write


def turned(orientation: int, **more: Any) -> Write:
    """A picture with an EXIF orientation and labels of the size given."""
    exif = Image.Exif()
    exif[0x0112] = orientation

    def write(folder: Path) -> None:
        picture(folder / "b.jpg", 1, exif=exif)
        (folder / "b.json").write_text(json.dumps(labelme_document("b.jpg", [shape()], **more)), encoding="utf-8")

    return write


def only_embedded(folder: Path) -> None:
    file = picture(folder / "gone.png", 1)
    content = base64.b64encode(file.read_bytes()).decode("ascii")
    file.unlink()
    (folder / "b.json").write_text(json.dumps(labelme_document("b.png", [shape()], imageData=content)), "utf-8")


def cut_off(folder: Path) -> None:
    labelled(folder, "b", [shape()], seed=1)
    (folder / "b.png").write_bytes((folder / "b.png").read_bytes()[:-300])


RULES: list[tuple[str, Write, list[str], int]] = [
    # Files and encoding: the rule, what does it, the problems, pictures left beside the good one
    ("empty JSON", put(""), ["E file-empty"], 0),
    ("truncated JSON", put('{"shapes": [{'), ["E file-unreadable"], 0),
    ("UTF-8 with BOM", encoded("utf-8-sig", "너트"), ["F file-not-utf8"], 1),
    ("UTF-16", encoded("utf-16", "너트"), ["F file-not-utf8"], 1),
    ("CP949", encoded("cp949", "너트"), ["F file-not-utf8"], 1),
    ("GBK", encoded("gbk", "螺母"), ["F file-not-utf8"], 1),
    ("no encoding fits", put(b'{"shapes": [], "x": "\xff\xff\x80"}'), ["E file-encoding-unknown"], 0),
    ("JSON that is no annotation", put('{"some": "settings"}'), ["S file-not-annotation"], 0),
    ("names with Korean, Chinese, spaces and emoji",
     lambda folder: labelled(folder, "너트 螺母 🔩", [shape(label="너트 螺母 🔩")], seed=1), [], 1),
    ("dots in the stem", lambda folder: labelled(folder, "1569.73", [shape()], seed=1), [], 1),
    # Pictures
    ("missing picture", put(json.dumps(labelme_document("c.png", [shape()]))), ["E picture-missing"], 0),
    ("not decodable", lambda folder: (shapes(shape())(folder), put("no picture", "b.png")(folder)),
     ["E picture-undecodable"], 0),
    ("truncated picture", cut_off, ["E picture-undecodable"], 0),
    ("imagePath with backslashes", kept_as("b.png", "..\\raw\\b.png"), [], 1),
    ("imagePath that is absolute", kept_as("b.png", "/home/someone/b.png"), [], 1),
    ("imagePath names another, the stem wins", kept_as("b.png", "good.png"), ["F picture-by-stem"], 1),
    ("missing file but imageData", only_embedded, ["F picture-embedded"], 1),
    ("extension in another case", kept_as("b.PNG", "b.png"), ["F picture-name-differs"], 1),
    ("extension unlike the content", kept_as("b.jpg", "b.jpg", format="PNG"), ["F picture-suffix"], 1),
    ("EXIF 6, labels upright", turned(6, imageWidth=HEIGHT, imageHeight=WIDTH), ["F picture-rotated"], 1),
    ("EXIF 6, labels as stored", turned(6), ["W picture-as-stored"], 1),
    ("EXIF 6, no orientation matches", turned(6, imageWidth=50), ["E picture-orientation"], 0),
    ("EXIF 3, size cannot tell, labelme is upright", turned(3), ["F picture-rotated"], 1),
    ("annotated size unlike the file's", shapes(shape(), imageWidth=WIDTH + 5), ["E picture-size"], 0),
    ("a picture without objects is background", shapes(), [], 1),
    # labelme
    ("rectangle with corners in any order", shapes(shape([[20, 20], [5, 5]], kind="rectangle")), [], 1),
    ("rectangle of four points", shapes(shape([[5, 5], [20, 5], [20, 20], [5, 20]], kind="rectangle")), [], 1),
    ("circle without radius", shapes(shape([[9, 9], [9, 9]], kind="circle")), ["S circle-zero"], 1),
    ("line", shapes(shape([[1, 1], [9, 9]], kind="line")), ["S shape-type-skipped"], 1),
    ("linestrip", shapes(shape(TRIANGLE, kind="linestrip")), ["S shape-type-skipped"], 1),
    ("point", shapes(shape([[1, 1]], kind="point")), ["S shape-type-skipped"], 1),
    ("points and unknown types of newer versions", shapes(shape(kind="spline")), ["S shape-type-skipped"], 1),
    ("mask of bad base64", shapes(shape([[1, 1], [9, 9]], kind="mask", mask="???")), ["E mask-bad"], 0),
    ("same group_id, other label", shapes(shape(group_id=1), shape(ELSEWHERE, "x", group_id=1)),
     ["W group-labels-differ"], 1),
    ("empty label", shapes(shape(label="")), ["S label-empty"], 1),
    ("__ignore__", shapes(shape(label="__ignore__")), ["S label-empty"], 1),
    ("_background_", shapes(shape(label="_background_")), ["S label-empty"], 1),
    ("labels that differ by case", shapes(shape(label="Nut")), ["W labels-alike"], 1),
    ("labels that differ by white space", shapes(shape(label="nut ")), ["W labels-alike"], 1),
    ("labels that differ by Unicode form", shapes(shape(label="café"), shape(ELSEWHERE, "cafe\u0301")),
     ["W labels-alike"], 1),
    ("cat-1, cat-2", shapes(shape(label="cat-1"), shape(ELSEWHERE, "cat-2")), ["W labels-numbered"], 1),
    ("a label that is no text", shapes(shape(label=["nut"])), ["E shape-malformed"], 0),
    ("no shape_type is a polygon", shapes(shape(kind=None)), [], 1),
    # Geometry
    ("fewer than 3 points", shapes(shape([[1, 1], [9, 9]])), ["S points-too-few"], 1),
    ("zero area", shapes(shape([[1, 1], [9, 9], [5, 5]])), ["S area-zero"], 1),
    ("NaN", shapes(shape([[1, 1], [math.nan, 1], [9, 9]])), ["E coordinates-not-finite"], 0),
    ("infinity", shapes(shape([[1, 1], [math.inf, 1], [9, 9]])), ["E coordinates-not-finite"], 0),
    ("odd number of coordinates", shapes(shape([[1, 1], [9], [9, 9]])), ["E coordinates-odd"], 0),
    ("a flat polygon of four numbers is no box", shapes(shape([5, 5, 20, 20])), ["S points-too-few"], 1),
    ("partly outside", shapes(shape([[-9, 5], [20, 5], [20, 20]])), ["F clipped"], 1),
    ("wholly outside", shapes(shape([[100, 1], [120, 1], [120, 9]])), ["S outside"], 1),
    ("self-intersecting", shapes(shape([[5, 5], [30, 30], [30, 5], [5, 35]])), ["W self-intersecting"], 1),
    ("all coordinates within 0..1", shapes(shape([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]])),
     ["E coordinates-normalised"], 0),
    ("exact duplicate", shapes(shape(), shape()), ["F duplicate"], 1),
]  # fmt: skip


@pytest.mark.parametrize(("write", "expected", "left"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_labelme(tmp_path: Path, write: Write, expected: list[str], left: int) -> None:
    labelled(tmp_path, "good", [shape()])
    write(tmp_path)
    result = read(tmp_path)
    assert codes(result) == expected
    assert len(result.labelled) == 1 + left
    assert all(problem.advice for problem in result.problems if problem.severity == "E")


IMAGES = [
    {"id": 1, "file_name": "a.png", "width": WIDTH, "height": HEIGHT},
    {"id": 2, "file_name": "b.png", "width": WIDTH, "height": HEIGHT},
]


def coco(folder: Path, entry: dict[str, Any], ids: tuple[Any, Any] = (7, 1), **more: Any) -> ReadResult:
    """Reads a good picture and one with this annotation."""
    for number, image in enumerate(IMAGES):
        picture(folder / str(image["file_name"]), number)
    good = {"image_id": 2, "category_id": ids[1], "segmentation": [SQUARE], "bbox": [5, 5, 15, 15], "area": 225}
    first = {**good, "image_id": 1, "id": ids[0], **entry}
    document = {
        "images": IMAGES,
        "annotations": [{key: value for key, value in first.items() if value != "absent"}, {**good, "id": 99}],
        "categories": [{"id": ids[1], "name": "nut"}],
        **more,
    }
    (folder / "labels.json").write_text(json.dumps(document), encoding="utf-8")
    return read(folder)


WHOLE = [0, 40, WIDTH * HEIGHT - 40]
COCO: list[tuple[str, dict[str, Any], list[str], int]] = [
    ("annotation of an unknown picture", {"image_id": 5}, ["E image-unknown"], 1),
    ("annotation of an unknown category", {"category_id": 5}, ["E category-unknown"], 1),
    ("duplicate annotation ids are renumbered", {"id": 99}, ["F annotation-ids"], 2),
    ("segmentation missing", {"segmentation": "absent"}, ["S segmentation-missing"], 1),
    ("segmentation null", {"segmentation": None}, ["S segmentation-missing"], 1),
    ("segmentation []", {"segmentation": []}, ["S segmentation-missing"], 1),
    ("segmentation [[]]", {"segmentation": [[]]}, ["S segmentation-missing"], 1),
    ("segmentation [[], []]", {"segmentation": [[], []]}, ["S segmentation-missing"], 1),
    ("segmentation with null among its polygons", {"segmentation": [SQUARE, None]}, ["E shape-malformed"], 1),
    ("segmentation a flat list", {"segmentation": SQUARE}, ["F segmentation-flat"], 2),
    (
        "RLE, not compressed",
        {"segmentation": {"size": [HEIGHT, WIDTH], "counts": WHOLE}, "bbox": [0, 0, 1, 40], "area": "absent"},
        [],
        2,
    ),
    ("RLE with its size swapped", {"segmentation": {"size": [WIDTH, HEIGHT], "counts": WHOLE}}, ["E rle-malformed"], 1),
    ("RLE of another size", {"segmentation": {"size": [9, 9], "counts": [0, 81]}}, ["E rle-malformed"], 1),
    ("bbox missing", {"bbox": "absent"}, [], 2),
    ("bbox negative", {"bbox": [5, 5, -15, 15]}, ["F box-recomputed"], 2),
    ("bbox unlike the mask", {"bbox": [30, 5, 9, 9]}, ["F box-recomputed"], 2),
    ("an area far from the file's", {"area": 90}, ["W area-differs"], 2),
    (
        "an outline within another where the area says hole",
        {"segmentation": [SQUARE, [9, 9, 14, 9, 14, 14, 9, 14]], "area": 200},
        ["W hole-filled"],
        2,
    ),
    ("iscrowd with a polygon", {"iscrowd": 1}, [], 2),
    ("ids as strings", {"id": "x1"}, [], 2),
    ("ids of 64 bits", {"id": 2**62}, [], 2),
    ("a polygon of exactly four numbers is no box", {"segmentation": [[5, 5, 20, 20]]}, ["S points-too-few"], 1),
    ("odd number of coordinates in COCO", {"segmentation": [SQUARE[:-1]]}, ["E coordinates-odd"], 1),
]


@pytest.mark.parametrize(("entry", "expected", "left"), [rule[1:] for rule in COCO], ids=[rule[0] for rule in COCO])
def test_coco(tmp_path: Path, entry: dict[str, Any], expected: list[str], left: int) -> None:
    result = coco(tmp_path, entry)
    assert codes(result) == expected
    assert len(instances(result)) == left


@pytest.mark.parametrize("category", [0, 17, "a"], ids=["category id 0", "gaps", "strings"])
def test_category_ids_are_remapped(tmp_path: Path, category: Any) -> None:
    result = coco(tmp_path, {}, ids=(7, category))
    assert (result.problems, result.classes, len(instances(result))) == ([], ["nut"], 2)


def test_no_annotation_file_at_all_is_an_error(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    with pytest.raises(UserError, match="no annotation file"):
        read(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    labelled(tmp_path, "good", [shape()])
    for name in ("a.json", "b.txt", "c.png"):
        os.mkfifo(tmp_path / name)
    (tmp_path / "d.json").symlink_to(tmp_path / "nowhere")
    assert codes(read(tmp_path)) == ["E file-unreadable"]


@pytest.mark.parametrize("option", ["pictures", "masks", "colors"])
def test_a_folder_or_file_that_is_given_must_be_there(tmp_path: Path, option: str) -> None:
    labelled(tmp_path, "good", [shape()])
    with pytest.raises(UserError, match="nowhere"):
        read(tmp_path, **{option: tmp_path / "nowhere"})


def test_a_missing_picture_is_skipped_on_request(tmp_path: Path) -> None:
    labelled(tmp_path, "good", [shape()])
    put(json.dumps(labelme_document("c.png", [shape()])))(tmp_path)
    assert codes(read(tmp_path, skip_missing=True)) == ["S picture-skipped"]


def test_two_pictures_that_are_missing_both_are_reported_in_one_run(tmp_path: Path) -> None:
    for name in ("b.json", "c.json"):
        put(json.dumps(labelme_document("none.png", [shape()])), name)(tmp_path)
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert [problem.file for problem in caught.value.problems] == ["b.json", "c.json"]


def test_a_decompression_bomb_is_refused_by_a_limit_that_an_option_raises(tmp_path: Path) -> None:
    labelled(tmp_path, "good", [shape()])
    Image.new("L", (4000, 4000)).save(tmp_path / "b.png")
    document = labelme_document("b.png", [shape()], imageWidth=4000, imageHeight=4000)
    put(json.dumps(document))(tmp_path)
    assert codes(read(tmp_path, max_pixels=10_000_000)) == ["E picture-too-large"]
    assert codes(read(tmp_path, max_pixels=20_000_000)) == ["F picture-mode"]


def test_shapes_of_group_null_are_separate_and_of_one_group_and_label_are_one(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape(group_id=3), shape(ELSEWHERE, group_id=3), shape([[45, 5], [50, 5], [50, 20]])])
    assert [len(instance.polygons) for instance in instances(read(tmp_path))] == [2, 1]


def test_self_intersecting_is_repaired_on_request(tmp_path: Path) -> None:
    shapes(shape([[5, 5], [30, 30], [30, 5], [5, 35]]))(tmp_path)
    assert codes(read(tmp_path, repair=True)) == ["F repaired"]


def test_a_picture_with_crowds_only_works(tmp_path: Path) -> None:
    mask = {"size": [HEIGHT, WIDTH], "counts": WHOLE}
    result = coco(tmp_path, {"iscrowd": 1, "segmentation": mask, "bbox": [0, 0, 1, 40]})
    assert result.problems == []
    assert [instance.crowd for instance in result.labelled[0].picture.instances] == [True]


def test_one_picture_of_one_class_works(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape()])
    found = convert(tmp_path, tmp_path.parent / f"{tmp_path.name} data")
    assert found.complete
    assert found.counts["splits"]["train"]["pictures"] == 1
    assert [problem.code for problem in found.problems] == ["split-too-small"]


def test_one_damaged_file_makes_the_set_incomplete_and_strict_writes_nothing(tmp_path: Path) -> None:
    for number in range(3):
        labelled(tmp_path, f"p{number}", [shape()], seed=number)
    put("{")(tmp_path)
    out = tmp_path.parent / f"{tmp_path.name} data"
    with pytest.raises(UserError, match="nothing was written"):
        convert(tmp_path, out, ConvertOptions(strict=True))
    assert not out.exists()
    assert not convert(tmp_path, out).complete


def test_output_inside_the_input_or_equal_to_it_is_refused(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape()])
    for out in (tmp_path, tmp_path / "data"):
        with pytest.raises(UserError):
            convert(tmp_path, out, ConvertOptions(overwrite=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "a.png"]
