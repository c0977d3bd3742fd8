"""VIA's JSON files, of a project and of an export, good and bad."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH, codes, instances, picture, read
from tests.annotations.readers.areas import Mask, box_area, ellipse_area, masks, overlap, triangle_area
from yolact_kit.annotations.detect_format import detect_format
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.jobs import BoxesOnlyError
from yolact_kit.annotations.readers.via import read_via
from yolact_kit.annotations.source import RawPicture
from yolact_kit.errors import UserError

X, Y = ([point[axis] for point in TRIANGLE] for axis in (0, 1))


def region(name: str = "polygon", attributes: Any = None, /, **shape: Any) -> dict[str, Any]:
    """A region as VIA writes it."""
    points = {"all_points_x": X, "all_points_y": Y} if name == "polygon" else {}
    attributes = {"class": "nut"} if attributes is None else attributes
    return {"shape_attributes": {"name": name, **points, **shape}, "region_attributes": attributes}


def entry(*regions: Any, filename: str = "a.png", **more: Any) -> dict[str, Any]:
    """A picture with its regions."""
    return {"filename": filename, "size": 9, "regions": list(regions), "file_attributes": {}, **more}


def export(*entries: dict[str, Any]) -> dict[str, Any]:
    """An export of annotations."""
    return {f"{item.get('filename')}{item.get('size')}": item for item in entries}


def project(*entries: dict[str, Any], attributes: tuple[str, ...] = (), folder: str = "") -> dict[str, Any]:
    """A project."""
    return {
        "_via_settings": {"ui": {}, "core": {"buffer_size": 18, "filepath": {}, "default_filepath": folder}},
        "_via_img_metadata": export(*entries),
        "_via_attributes": {"region": {name: {"type": "text"} for name in attributes}, "file": {}},
        "_via_data_format_version": "2.0.10",
        "_via_image_id_list": list(export(*entries)),
    }


def via(folder: Path, document: Any, encoding: str = "utf-8", name: str = "via.json") -> Path:
    """Writes a file of VIA."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(json.dumps(document, ensure_ascii=False).encode(encoding))
    return file


def pictures_of(file: Path, **options: Any) -> tuple[list[tuple[RawPicture, Problems]], list[str]]:
    """The pictures of a file, and the codes of the problems of the file as a whole."""
    problems = Problems(file.name)
    pictures = read_via(file, ReadOptions(**options), problems)
    return pictures, [problem.code for problem in problems.found]


def masks_of(folder: Path, *regions: Any, **options: Any) -> tuple[list[Mask], list[str]]:
    """The masks of the regions of one picture, and the codes of their problems."""
    pictures, general = pictures_of(via(folder, export(entry(*regions))), **options)
    assert not general
    ((raw, problems),) = pictures
    areas = masks(raw.objects, problems, ReadOptions(**options))
    return areas, [problem.code for problem in problems.found]


def labels_of(folder: Path, *regions: Any, **options: Any) -> list[str]:
    """The labels of the regions of one picture."""
    ((raw, _),), _ = pictures_of(via(folder, export(entry(*regions))), **options)
    return [item.label for item in raw.objects]


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        (region(), {}, triangle_area(TRIANGLE)),
        (region(all_points_x=[*X, X[0]], all_points_y=[*Y, Y[0]]), {}, triangle_area(TRIANGLE)),
        (region("polyline", all_points_x=[*X, X[0]], all_points_y=[*Y, Y[0]]), {}, triangle_area(TRIANGLE)),
        (region("circle", cx=30, cy=20, r=12.5), {}, ellipse_area(30, 20, 12.5, 12.5)),
        (region("ellipse", cx=30, cy=20, rx=20, ry=8), {}, ellipse_area(30, 20, 20, 8)),
        (region("ellipse", cx=30, cy=20, rx=19, ry=6, theta=0.5), {}, ellipse_area(30, 20, 19, 6, math.degrees(0.5))),
        (region("ellipse", cx=30, cy=20, rx=19, ry=6, theta=-0.5), {}, ellipse_area(30, 20, 19, 6, -math.degrees(0.5))),
        (region("rect", x=5, y=6, width=25, height=14), {"box_as_mask": True}, box_area(5, 6, 30, 20)),
        (region("polyline", all_points_x=[5, 55], all_points_y=[20, 20]), {"line_width": 6.0},
         box_area(2, 17, 58, 23)),
        (region("point", cx=30, cy=20), {"line_width": 20.0}, ellipse_area(30, 20, 10, 10)),
    ],
)  # fmt: skip
def test_each_region_covers_its_pixels(tmp_path: Path, shape: Any, options: dict[str, Any], expected: Mask) -> None:
    areas, codes = masks_of(tmp_path, shape, **options)
    assert codes == []
    assert len(areas) == 1
    assert overlap(areas[0], expected) > 0.94


def test_a_polygon_keeps_its_points_without_the_one_that_closes_it(tmp_path: Path) -> None:
    closed = region(all_points_x=[*X, X[0]], all_points_y=[*Y, Y[0]])
    ((raw, _),), _ = pictures_of(via(tmp_path, export(entry(closed))))
    ring = raw.objects[0].parts[0].ring
    assert ring is not None
    assert ring.tolist() == TRIANGLE


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        ("nonsense", "shape-malformed"),
        ({"region_attributes": {"class": "nut"}}, "shape-malformed"),
        ({"shape_attributes": {}, "region_attributes": {"class": "nut"}}, "shape-type-skipped"),
        (region("heptagon"), "shape-type-skipped"),
        (region(all_points_x=None), "shape-malformed"),
        (region(all_points_x=[], all_points_y=[]), "points-too-few"),
        (region(all_points_x=[1, 2], all_points_y=[1, 2]), "points-too-few"),
        (region(all_points_x=[1, 2, 3], all_points_y=[1, 2, 3]), "area-zero"),
        (region(all_points_x=[1, 2, 3, 4]), "coordinates-odd"),
        (region(all_points_x=[1, math.nan, 3]), "coordinates-not-finite"),
        (region(all_points_x=[1, None, 3]), "shape-malformed"),
        (region(all_points_x=[1, "two", 3]), "shape-malformed"),
        (region(all_points_x=[1, True, 3]), "shape-malformed"),
        (region(all_points_x=[1, [2], 3]), "shape-malformed"),
        (region("circle", cx=30, cy=20), "shape-malformed"),
        (region("circle", cx=30, cy=20, r=0), "circle-zero"),
        (region("circle", cx=30, cy=20, r="NaN"), "coordinates-not-finite"),
        (region("circle", cx=300, cy=20, r=5), "outside"),
        (region("ellipse", cx=30, cy=20, rx=9), "shape-malformed"),
        (region("ellipse", cx=30, cy=20, rx=9, ry=0), "area-zero"),
        (region("ellipse", cx=30, cy=20, rx=9, ry=4, theta=None), "shape-malformed"),
        (region("rect", x=5, y=6, width=25), "shape-malformed"),
        (region("rect", x=5, y=6, width=0, height=9), "area-zero"),
        (region("polyline", all_points_x=[5, 55], all_points_y=[20, 20]), "shape-type-skipped"),
        (region("point", cx=30, cy=20), "shape-type-skipped"),
        (region("polygon", {"class": ""}), "label-empty"),
        (region("polygon", {"class": None}), "label-empty"),
        (region("polygon", {"class": {}}), "label-empty"),
        (region("polygon", {"class": {"nut": False}}), "label-empty"),
        (region("polygon", {"class": {"nut": True, "bolt": True}}), "shape-malformed"),
        (region("polygon", {"class": ["nut"]}), "shape-malformed"),
        (region("polygon", {}), "label-empty"),
        (region("polygon", "nut"), "label-empty"),
    ],
)
def test_malformed_regions_are_named(tmp_path: Path, shape: Any, code: str) -> None:
    areas, codes = masks_of(tmp_path, shape, region())
    assert codes == [code]
    assert len(areas) == 1


def test_problems_name_picture_and_region(tmp_path: Path) -> None:
    document = export(entry(region(), region("circle", {"class": "너트"}, cx=3, cy=3, r=0), filename="가.png"))
    ((_, problems),), _ = pictures_of(via(tmp_path, document))
    assert [problem.object for problem in problems.found] == ["가.png: region 2 (너트)"]


@pytest.mark.parametrize(
    ("attributes", "options", "label"),
    [
        ({"class": "nut"}, {}, "nut"),
        ({"anything": "nut"}, {}, "nut"),
        ({"colour": "red", "Label": "nut"}, {}, "nut"),
        ({"name": "Plato", "class": "nut"}, {}, "nut"),
        ({"colour": "red", "type": "nut"}, {}, "nut"),
        ({"colour": "red", "종류": "너트"}, {}, "너트"),
        ({"colour": "red", "part": "nut"}, {"class_attribute": "part"}, "nut"),
        ({"class": "big", "part": "nut"}, {"class_attribute": "part"}, "nut"),
        ({"class": {"nut": True, "bolt": False}}, {}, "nut"),
        ({"class": 7}, {}, "7"),
        ({}, {"classes": ("nut",)}, "nut"),
    ],
)
def test_which_attribute_is_the_class(
    tmp_path: Path, attributes: dict[str, Any], options: dict[str, Any], label: str
) -> None:
    assert labels_of(tmp_path, region("polygon", attributes), **options) == [label]


@pytest.mark.parametrize(
    ("attributes", "options", "message", "advice"),
    [
        ({"colour": "red", "size": "big"}, {}, "'colour', 'size'", "--class-attribute"),
        ({"name": "Plato", "type": "human"}, {}, "'name', 'type'", "--class-attribute"),
        ({"class": "a", "label": "b"}, {}, "'class', 'label'", "--class-attribute"),
        ({"colour": "red"}, {"class_attribute": "Colour"}, "no region has the attribute 'Colour'", "--class-attribute"),
        ({}, {"class_attribute": "class"}, "They have none", "--class-attribute"),
        ({}, {}, "no attributes", "--classes"),
        ({}, {"classes": ("nut", "bolt")}, "no attributes", "--classes"),
    ],
)
def test_it_is_asked_where_the_class_is_unclear(
    tmp_path: Path, attributes: dict[str, Any], options: dict[str, Any], message: str, advice: str
) -> None:
    with pytest.raises(UserError, match=f"(?i){message}") as error:
        labels_of(tmp_path, region("polygon", attributes), **options)
    assert advice in error.value.advice


def test_a_project_lists_its_attributes_whether_regions_have_them_or_not(tmp_path: Path) -> None:
    document = project(entry(region("polygon", {"colour": "red"})), attributes=("class", "colour"))
    ((raw, _),), _ = pictures_of(via(tmp_path, document))
    assert [item.label for item in raw.objects] == [""]


def test_pictures_without_regions_need_no_class(tmp_path: Path) -> None:
    pictures, codes = pictures_of(via(tmp_path, project(entry())))
    assert [(raw.reference, raw.objects) for raw, _ in pictures] == [("a.png", [])]
    assert codes == []


def test_other_attributes_are_kept(tmp_path: Path) -> None:
    attributes = {"class": "nut", "색": "빨강", "worn": {"yes": True}}
    ((raw, _),), _ = pictures_of(via(tmp_path, export(entry(region("polygon", attributes)))))
    assert raw.objects[0].extra == {"attributes": {"색": "빨강", "worn": {"yes": True}}}


def test_version_1_numbers_its_regions(tmp_path: Path) -> None:
    regions = {"0": region(), "1": region("circle", {"class": "bolt"}, cx=30, cy=20, r=5)}
    ((raw, _),), _ = pictures_of(via(tmp_path, export(entry(regions=regions, fileref="", base64_img_data=""))))
    assert [item.label for item in raw.objects] == ["nut", "bolt"]


def test_project_and_export_say_the_same(tmp_path: Path) -> None:
    entries = entry(region(), region("rect", x=1, y=1, width=9, height=9)), entry(filename="b.png")
    readings = []
    for document in (export(*entries), project(*entries, attributes=("class",))):
        pictures, codes = pictures_of(via(tmp_path, document))
        readings.append([(raw.reference, [item.box for item in raw.objects]) for raw, _ in pictures])
        assert codes == []
    assert readings[0] == readings[1] == [("a.png", [None, (1.0, 1.0, 10.0, 10.0)]), ("b.png", [])]


@pytest.mark.parametrize(
    ("filename", "folder", "reference", "stem"),
    [
        ("a.png", "pics/", "pics/a.png", "a"),
        ("a.png", "nowhere/", "a.png", "a"),
        ("in\\a.png", "", "in\\a.png", "a"),
        ("https://host/d/a.png", "", "https://host/d/a.png", "a"),
        ("x" * 5000 + ".png", "pics", "x" * 5000 + ".png", "x" * 5000),
    ],
)
def test_where_a_picture_lies(tmp_path: Path, filename: str, folder: str, reference: str, stem: str) -> None:
    picture(tmp_path / "pics" / "a.png")
    ((raw, _),), _ = pictures_of(via(tmp_path, project(entry(filename=filename), folder=folder)))
    assert (raw.reference, raw.stem, raw.size) == (reference, stem, None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp949"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    document = export(entry(region("polygon", {"종류": "너트"}), filename="사진 1.png"))
    ((raw, _),), codes = pictures_of(via(tmp_path, document, encoding))
    assert (raw.reference, raw.objects[0].label) == ("사진 1.png", "너트")
    assert codes == ([] if encoding == "utf-8" else ["file-not-utf8"])


@pytest.mark.parametrize(
    ("document", "codes"),
    [
        ([], ["file-not-annotation"]),
        ("text", ["file-not-annotation"]),
        ({}, ["file-not-annotation"]),
        ({"shapes": []}, ["file-not-annotation"]),
        ({"_via_img_metadata": []}, []),
        ({"_via_img_metadata": {"a": 7, "b": {"regions": []}, "c": {"filename": " "}}}, ["file-malformed"] * 3),
        ({"_via_img_metadata": {}, "_via_settings": [], "_via_attributes": {"region": 3}}, []),
    ],
)
def test_files_that_say_nothing(tmp_path: Path, document: Any, codes: list[str]) -> None:
    assert pictures_of(via(tmp_path, document)) == ([], codes)


@pytest.mark.parametrize(("text", "code"), [("", "file-empty"), ('{"a.png9": {"filename"', "file-unreadable")])
def test_broken_files(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "via.json").write_text(text, encoding="utf-8")
    assert pictures_of(tmp_path / "via.json") == ([], [code])


@pytest.mark.parametrize("regions", [None, 7, "none"])
def test_a_picture_whose_regions_are_no_list_has_none(tmp_path: Path, regions: Any) -> None:
    pictures, _ = pictures_of(via(tmp_path, export(entry(regions=regions), entry(region(), filename="b.png"))))
    assert [len(raw.objects) for raw, _ in pictures] == [0, 1]


def test_a_folder_is_recognised(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    via(tmp_path, export(entry(region())))
    result = read(tmp_path)
    assert (result.format, result.why) == ("via", "1 JSON files with VIA's 'regions', such as 'via.json'")
    assert (result.classes, codes(result)) == (["nut"], [])
    assert instances(result)[0].polygons[0].tolist() == TRIANGLE


@pytest.mark.parametrize(
    "document", [export(entry()), project(entry()), {"_via_settings": {}, "_via_img_metadata": {}}]
)
def test_labels_without_regions_are_recognised(tmp_path: Path, document: Any) -> None:
    assert detect_format(via(tmp_path, document).parent).format == "via"


def test_rectangles_alone_are_refused_and_taken_on_request(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    via(tmp_path, export(entry(region("rect", x=5, y=6, width=25, height=14))))
    with pytest.raises(BoxesOnlyError, match="rectangles only") as error:
        read(tmp_path)
    assert "--box-as-mask" in error.value.advice
    result = read(tmp_path, box_as_mask=True)
    assert codes(result) == []
    assert instances(result)[0].mask(HEIGHT, WIDTH).sum() == 25 * 14


def test_a_rectangle_among_outlines_lacks_its_mask(tmp_path: Path) -> None:
    for seed, name in enumerate("ab"):
        picture(tmp_path / f"{name}.png", seed)
    rectangle = region("rect", {"class": "bolt"}, x=5, y=6, width=25, height=14)
    via(tmp_path, export(entry(region(), rectangle), entry(region(), filename="b.png")))
    result = read(tmp_path)
    assert codes(result) == ["E mask-missing"]
    assert result.problems[0].object == "a.png: region 2 (bolt)"
    assert [item.picture.file for item in result.labelled] == ["b.png"]
    assert codes(read(tmp_path, classes=("nut",))) == ["S label-not-in-classes"]
    assert len(instances(read(tmp_path, box_as_mask=True))) == 3


def test_pictures_that_are_missing_are_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    via(tmp_path, export(entry(region()), entry(filename="https://host/d/b.png")))
    result = read(tmp_path)
    assert codes(result) == ["E picture-missing"]
    assert "'https://host/d/b.png'" in result.problems[0].message


def test_a_picture_from_the_web_is_found_by_its_name(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    via(tmp_path, export(entry(region(), filename="https://host/d/a.png")))
    assert codes(read(tmp_path)) == []


def test_files_in_folders_named_after_splits_are_the_splits(tmp_path: Path) -> None:
    for seed, split in enumerate(("train", "val")):
        picture(tmp_path / split / "a.png", seed)
        via(tmp_path, export(entry(region("polygon", {}))), name=f"{split}/via_region_data.json")
    result = read(tmp_path, classes=("balloon",))
    assert codes(result) == []
    assert result.splits == {"train/a.png": "train", "val/a.png": "val"}
    assert result.classes == ["balloon"]


def test_all_files_of_a_set_have_the_same_class_attribute(tmp_path: Path) -> None:
    """The second file alone would take its only attribute for the class."""
    for seed, name in enumerate("ab"):
        picture(tmp_path / f"{name}.png", seed)
    via(tmp_path, export(entry(region("polygon", {"class": "nut", "note": "x"}))), name="1.json")
    via(tmp_path, export(entry(region("polygon", {"note": "y"}), filename="b.png")), name="2.json")
    result = read(tmp_path)
    assert codes(result) == ["S label-empty"]
    assert result.classes == ["nut"]


def test_a_picture_in_two_files_has_the_objects_of_both(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    via(tmp_path, export(entry(region())), name="1.json")
    via(tmp_path, export(entry(region(), region("circle", cx=40, cy=20, r=9))), name="2.json")
    result = read(tmp_path)
    assert codes(result) == ["W image-listed-twice", "F duplicate"]
    assert len(instances(result)) == 2
