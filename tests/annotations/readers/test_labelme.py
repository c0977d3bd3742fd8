"""labelme's files of every version, and what goes wrong in them."""

from __future__ import annotations

import base64
import io
import json
import math
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
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
from yolact_kit.annotations.class_lists import read_label_map
from yolact_kit.annotations.problems import SourceError


def test_the_polygons_of_real_labels_equal_another_tools_conversion(shared_data: Path) -> None:
    result = read(shared_data / "fruitnuts_labelme" / "images")
    reference = json.loads(
        (shared_data / "fruitnuts_labelme" / "reference_coco" / "trainval.json").read_text(encoding="utf-8")
    )
    names = {image["id"]: image["file_name"] for image in reference["images"]}
    labels = {category["id"]: category["name"] for category in reference["categories"]}
    expected = sorted(
        (names[entry["image_id"]], labels[entry["category_id"]], entry["segmentation"])
        for entry in reference["annotations"]
    )
    found = sorted(
        (item.picture.file, instance.label, [outline.reshape(-1).tolist() for outline in instance.polygons])
        for item in result.labelled
        for instance in item.picture.instances
    )
    assert found == expected
    assert result.problems == []
    assert result.classes == ["date", "fig", "hazelnut"]


def test_every_primitive_of_a_real_file(shared_data: Path) -> None:
    result = read(shared_data / "odd" / "labelme_rs" / "tests")
    document = json.loads((shared_data / "odd/labelme_rs/tests/data/Mandrill.json").read_text(encoding="utf-8"))
    kinds = [entry["shape_type"] for entry in document["shapes"]]
    flat = [kind for kind in kinds if kind in ("line", "linestrip", "point")]
    assert len(instances(result)) == len(kinds) - len(flat)
    assert codes(result) == ["S shape-type-skipped"] * len(flat)


@pytest.mark.parametrize("kind", ["polygon", None, ""])
def test_a_polygon_stays_as_it_was_drawn(tmp_path: Path, kind: str | None) -> None:
    labelled(tmp_path, "a", [shape(kind=kind)])
    (instance,) = instances(read(tmp_path))
    assert instance.polygons[0].tolist() == TRIANGLE
    assert instance.rle is None


@pytest.mark.parametrize("points", [[[20, 30], [5, 10]], [[5, 30], [20, 10]], [[5, 10], [20, 10], [20, 30], [5, 30]]])
def test_rectangles(tmp_path: Path, points: list[Any]) -> None:
    labelled(tmp_path, "a", [shape(points, kind="rectangle")])
    (instance,) = instances(read(tmp_path))
    assert instance.box() == (5, 10, 15, 20)
    assert instance.extra["points"] == points


def test_circles_and_turned_rectangles(tmp_path: Path) -> None:
    turned = [[10, 20], [20, 10], [30, 20], [20, 30]]
    labelled(tmp_path, "a", [shape([[30, 20], [30, 30]], kind="circle"), shape(turned, kind="oriented_rectangle")])
    circle, diamond = instances(read(tmp_path))
    assert len(circle.polygons[0]) >= 24
    assert circle.mask(HEIGHT, WIDTH).sum() == pytest.approx(math.pi * 100, rel=0.03)
    assert diamond.polygons[0].tolist() == turned


def mask_shape(mask: np.ndarray[Any, Any], x: int, y: int, mode: str = "L") -> dict[str, Any]:
    stream = io.BytesIO()
    Image.fromarray(mask.astype(np.uint8) * 255).convert(mode).save(stream, format="PNG")
    corners = [[x, y], [x + mask.shape[1] - 1, y + mask.shape[0] - 1]]
    return shape(corners, kind="mask", mask=base64.b64encode(stream.getvalue()).decode("ascii"))


@pytest.mark.parametrize("mode", ["L", "1"])
def test_mask_shapes_lie_where_their_box_is(tmp_path: Path, mode: str) -> None:
    ring = np.ones((8, 10), dtype=bool)
    ring[2:6, 3:7] = False
    labelled(tmp_path, "a", [mask_shape(ring, 30, 20, mode)])
    (instance,) = instances(read(tmp_path))
    expected = np.zeros((HEIGHT, WIDTH), dtype=bool)
    expected[20:28, 30:40] = ring
    assert np.array_equal(instance.mask(HEIGHT, WIDTH), expected)


def test_a_mask_shape_that_reaches_beyond_is_cut_off(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [mask_shape(np.ones((8, 10), dtype=bool), -4, HEIGHT - 3)])
    result = read(tmp_path)
    assert codes(result) == ["F clipped"]
    assert instances(result)[0].mask(HEIGHT, WIDTH).sum() == 6 * 3


def test_shapes_of_a_group_are_one_object(tmp_path: Path) -> None:
    left, right = [[1, 1], [9, 1], [9, 9]], [[20, 1], [29, 1], [29, 9]]
    labelled(
        tmp_path,
        "a",
        [
            shape(left, group_id=1, description="왼쪽"),
            shape(right, group_id=1, flags={"hidden": True}),
            shape(left, "bolt", group_id=2),
            shape(right, "bolt"),
        ],
    )
    result = read(tmp_path)
    group, *others = instances(result)
    assert [outline.tolist() for outline in group.polygons] == [left, right]
    assert [instance.label for instance in others] == ["bolt", "bolt"]
    assert [part["description"] if "description" in part else part["flags"] for part in group.extra["parts"]] == [
        "왼쪽",
        {"hidden": True},
    ]


def test_a_group_with_two_labels_is_two_objects(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape(group_id=1), shape([[1, 1], [9, 1], [9, 9]], "bolt", group_id=1)])
    result = read(tmp_path)
    assert [instance.label for instance in instances(result)] == ["nut", "bolt"]
    assert codes(result) == ["W group-labels-differ"]


@pytest.mark.parametrize("group", [None, "null", "None", "NULL", "none", "", " ", "NaN", [], {}, False, True])
def test_a_group_id_that_means_none_leaves_shapes_apart(tmp_path: Path, group: Any) -> None:
    labelled(tmp_path, "a", [shape(group_id=group), shape([[1, 1], [9, 1], [9, 9]], group_id=group)])
    result = read(tmp_path)
    assert [len(instance.polygons) for instance in instances(result)] == [1, 1]
    assert result.problems == []


@pytest.mark.parametrize("group", [0, 1, 1.5, "0", "a"])
def test_a_group_id_puts_shapes_together(tmp_path: Path, group: Any) -> None:
    labelled(tmp_path, "a", [shape(group_id=group), shape([[1, 1], [9, 1], [9, 9]], group_id=group)])
    assert [len(instance.polygons) for instance in instances(read(tmp_path))] == [2]


@pytest.mark.parametrize(("groups", "expected"), [((0, 0), ["W group-everywhere"]), ((0, 1), [])])
def test_one_group_for_every_shape_of_every_picture_is_a_warning(
    tmp_path: Path, groups: tuple[int, int], expected: list[str]
) -> None:
    for name, group in zip("ab", groups, strict=True):
        labelled(tmp_path, name, [shape(group_id=group), shape([[1, 1], [9, 1], [9, 9]], group_id=group)])
    result = read(tmp_path)
    assert codes(result) == expected
    assert len(instances(result)) == 2


def test_what_coco_has_no_place_for_is_kept(tmp_path: Path) -> None:
    entry = shape(group_id=7, flags={"가려짐": True}, description="설명")
    labelled(tmp_path, "a", [entry], flags={"좋음": True})
    result = read(tmp_path)
    assert instances(result)[0].extra == {
        "group_id": 7, "flags": {"가려짐": True}, "description": "설명", "shape_type": "polygon",
    }  # fmt: skip
    assert result.labelled[0].picture.extra["flags"] == {"좋음": True}


SKIPPED: list[tuple[dict[str, Any], str]] = [
    (shape([[1, 1], [9, 9]], kind="line"), "S shape-type-skipped"),
    (shape([[1, 1], [9, 9], [9, 1]], kind="linestrip"), "S shape-type-skipped"),
    (shape([[1, 1]], kind="point"), "S shape-type-skipped"),
    (shape([[1, 1]], kind="points"), "S shape-type-skipped"),
    (shape(kind="cuboid"), "S shape-type-skipped"),
    (shape([[5, 5], [5, 5]], kind="circle"), "S circle-zero"),
    (shape([[1, 1], [9, 9]]), "S points-too-few"),
    (shape([]), "S points-too-few"),
    (shape([[1, 1], [9, 9], [5, 5]]), "S area-zero"),
    (shape([[5, 5], [5, 20]], kind="rectangle"), "S area-zero"),
    (shape([[100, 1], [120, 1], [120, 9]]), "S outside"),
    (shape(label=""), "S label-empty"),
    (shape(label=None), "S label-empty"),
    (shape(label="__ignore__"), "S label-empty"),
    (shape(label="_background_"), "S label-empty"),
]


@pytest.mark.parametrize(
    ("entry", "code"), SKIPPED, ids=[f"{code}-{number}" for number, (_, code) in enumerate(SKIPPED)]
)
def test_what_is_no_object_is_skipped_and_counted(tmp_path: Path, entry: dict[str, Any], code: str) -> None:
    labelled(tmp_path, "a", [shape(), entry])
    result = read(tmp_path)
    assert codes(result) == [code]
    assert "shape 2" in result.problems[0].object
    assert len(instances(result)) == 1


LEFT_OUT: list[tuple[Any, str]] = [
    (shape([[1, 1], [math.nan, 1], [9, 9]]), "E coordinates-not-finite"),
    (shape([[1, 1], [math.inf, 1], [9, 9]]), "E coordinates-not-finite"),
    (shape([[1, 1], [9], [9, 9]]), "E coordinates-odd"),
    (shape([[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]), "E coordinates-normalised"),
    (shape("1 2 3"), "E shape-malformed"),
    (shape([[1, 1], [2, 2], [3, 1]], kind="circle"), "E shape-malformed"),
    (shape([[1, 1], [9, 9]], kind="mask", mask="???"), "E mask-bad"),
    (shape([[1, 1], [9, 9]], kind="mask"), "E mask-bad"),
    (shape(label="\ud800"), "E label-undecodable"),
    ("not a shape", "E shape-malformed"),
]


@pytest.mark.parametrize(
    ("entry", "code"), LEFT_OUT, ids=[f"{code}-{number}" for number, (_, code) in enumerate(LEFT_OUT)]
)
def test_an_error_in_one_object_leaves_its_picture_out(tmp_path: Path, entry: Any, code: str) -> None:
    labelled(tmp_path, "good", [shape()])
    file = tmp_path / "bad.json"
    picture(tmp_path / "bad.png", 1)
    file.write_text(json.dumps(labelme_document("bad.png", [shape(), entry])), encoding="utf-8")
    result = read(tmp_path)
    assert [item.picture.file for item in result.labelled] == ["good.png"]
    assert codes(result) == [code]
    assert result.problems[0].file == "bad.json"
    assert "shape 2" in result.problems[0].object
    assert result.problems[0].advice
    assert result.left_out == 1


def test_what_reaches_beyond_the_picture_is_clipped(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape([[-10, 10], [20, 10], [20, 30], [-10, 30]])])
    result = read(tmp_path)
    assert codes(result) == ["F clipped"]
    assert instances(result)[0].box() == (0, 10, 20, 20)


def test_exact_duplicates_and_crossing_outlines(tmp_path: Path) -> None:
    eight = [[5, 5], [25, 25], [25, 5], [5, 25]]
    labelled(tmp_path, "a", [shape(), shape(), shape(label="bolt"), shape(eight, "bow")])
    result = read(tmp_path)
    assert codes(result) == ["F duplicate", "W self-intersecting"]
    assert [instance.label for instance in instances(result)] == ["nut", "bolt", "bow"]
    repaired = read(tmp_path, repair=True)
    assert codes(repaired) == ["F duplicate", "F repaired"]
    assert len(instances(repaired)[-1].polygons) == 2


def test_lines_can_be_drawn(tmp_path: Path) -> None:
    strip = [[5, 20], [30, 20], [30, 35]]
    labelled(tmp_path, "a", [shape(strip, kind="linestrip"), shape([[45, 20]], "dot", kind="point")])
    result = read(tmp_path, line_width=4.0)
    assert result.problems == []
    line, dot = instances(result)
    assert line.mask(HEIGHT, WIDTH)[20, 6:30].all()
    assert dot.box() == pytest.approx((43, 18, 4, 4))


def test_labels_can_be_mapped_dropped_and_chosen(tmp_path: Path) -> None:
    shapes = [
        shape(label=label, points=[[1 + i, 1], [9, 1], [9, 9]]) for i, label in enumerate(["Nut", "nut", "x", "y"])
    ]
    labelled(tmp_path, "a", shapes)
    result = read(tmp_path, label_map={"Nut": "nut", "x": None}, classes=("bolt", "nut"))
    assert [instance.label for instance in instances(result)] == ["nut", "nut"]
    assert result.classes == ["bolt", "nut"]
    assert codes(result) == ["S label-dropped", "S label-not-in-classes"]


def test_labels_of_the_map_that_no_object_has_are_named_with_the_nearest(tmp_path: Path) -> None:
    points = [[1, 1], [9, 1], [9, 9]]
    labelled(tmp_path, "a", [shape(label="Nut", points=points), shape(label="볼트", points=[*points, [1, 9]])])
    file = tmp_path / "map.yaml"
    file.write_text(f"Nutt: nut\nbracket:\n{unicodedata.normalize('NFD', '볼트')}:\n", encoding="utf-8")
    result = read(tmp_path, label_map=read_label_map(file))
    assert codes(result) == ["W map-unused", "W map-unused", "S label-dropped"]
    first, second = (problem.message for problem in result.problems[:2])
    assert first == "No object has the label 'Nutt'; the nearest label is 'Nut'."
    assert second == "No object has the label 'bracket'."


def test_labels_that_are_probably_one_are_reported_with_the_map_that_merges_them(tmp_path: Path) -> None:
    names = ["Cup", "cup", "컵", unicodedata.normalize("NFD", "컵"), "nut", "nut "]
    shapes = [shape(label=name, points=[[1 + i, 1], [9, 1], [9, 9]]) for i, name in enumerate(names)]
    labelled(tmp_path, "a", shapes)
    result = read(tmp_path)
    assert sorted(codes(result)) == ["W classes-single"] + ["W labels-alike"] * 3
    merging: dict[str, str | None] = {}
    for problem in result.problems[:3]:
        file = tmp_path / "map.yaml"
        file.write_text(problem.message[problem.message.index("{") : problem.message.index("}") + 1], encoding="utf-8")
        merging |= read_label_map(file)
    merged = read(tmp_path, label_map=merging)
    assert (codes(merged), len(instances(merged))) == ([], len(names))
    assert len(merged.classes) == 3


def test_a_map_holds_for_labels_in_another_unicode_form(tmp_path: Path) -> None:
    composed, decomposed = "컵", unicodedata.normalize("NFD", "컵")
    labelled(tmp_path, "a", [shape(label=decomposed), shape(label=f" {composed}", points=[[1, 1], [9, 1], [9, 9]])])
    assert read(tmp_path, label_map={composed: "cup"}).classes == ["cup"]
    (tmp_path / "map.csv").write_text(f"{decomposed},cup\n", encoding="utf-8")
    assert read(tmp_path, label_map=read_label_map(tmp_path / "map.csv")).classes == ["cup"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "E file-empty"),
        ('{"shapes": [{"label"', "E file-unreadable"),
        ("{nonsense}", "E file-unreadable"),
        ('{"shapes": {}}', "S file-not-annotation"),
        ('{"some": "settings"}', "S file-not-annotation"),
        ("[1, 2]", "S file-not-annotation"),
    ],
)
def test_files_that_are_none_do_not_stop_the_others(tmp_path: Path, content: str, code: str) -> None:
    labelled(tmp_path, "good", [shape()])
    (tmp_path / "나쁜 파일.json").write_text(content, encoding="utf-8")
    result = read(tmp_path)
    assert codes(result) == [code]
    assert result.problems[0].file == "나쁜 파일.json"
    assert len(result.labelled) == 1


def test_only_broken_files_are_an_error_that_lists_them(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text('{"shapes": [', encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert [problem.file for problem in caught.value.problems] == ["a.json", "b.json"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp949"])
def test_korean_labels_in_old_encodings(tmp_path: Path, encoding: str) -> None:
    picture(tmp_path / "사진 1.png")
    text = json.dumps(labelme_document("사진 1.png", [shape(label="너트")]), ensure_ascii=False)
    (tmp_path / "사진 1.json").write_bytes(text.encode(encoding))
    result = read(tmp_path)
    assert result.classes == ["너트"]
    assert codes(result) == ["F file-not-utf8"]


def test_a_file_without_shapes_makes_a_background_picture(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [])
    result = read(tmp_path)
    assert result.labelled[0].picture.instances == []
    assert codes(result) == ["W no-objects"]


def test_version_3_without_size(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    document = {"version": "3.4.1", "shapes": [{"label": "nut", "line_color": None, "points": TRIANGLE}],
                "imagePath": "a.png", "imageData": None, "lineColor": [0, 255, 0, 128]}  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(document), encoding="utf-8")
    result = read(tmp_path)
    assert result.problems == []
    assert (result.labelled[0].picture.width, result.labelled[0].picture.height) == (WIDTH, HEIGHT)
