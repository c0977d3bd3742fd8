"""Labels whose picture is missing never go to another one, whatever their format."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest
from PIL import Image, ImageDraw

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH, codes, labelme_document, picture, read, shape
from yolact_kit.annotations.problems import SourceError
from yolact_kit.annotations.result import ReadResult

SIZE = WIDTH, HEIGHT
Write = Callable[[Path, str, str, list[str]], None]
"""Writes labels of pictures: the source, the folder of the pictures, that of the labels, and the pictures' names."""


def _save(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def labelme(root: Path, pictures: str, labels: str, names: list[str]) -> None:
    for name in names:
        document = json.dumps(labelme_document(name, [shape()]))
        _save(root / labels / f"{PurePosixPath(name).stem}.json", document)


def voc(root: Path, pictures: str, labels: str, names: list[str]) -> None:
    points = "".join(f"<x{i}>{x}</x{i}><y{i}>{y}</y{i}>" for i, (x, y) in enumerate(TRIANGLE, start=1))
    item = f"<object><name>nut</name><polygon>{points}</polygon></object>"
    size = f"<size><width>{WIDTH}</width><height>{HEIGHT}</height><depth>3</depth></size>"
    for name in names:
        text = f"<annotation><folder>{pictures}</folder><filename>{name}</filename>{size}{item}</annotation>"
        _save(root / labels / f"{PurePosixPath(name).stem}.xml", text)


def web(root: Path, pictures: str, labels: str, names: list[str]) -> None:
    """The XML of the web's LabelMe."""
    points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in TRIANGLE)
    item = f"<object><name>nut</name><deleted>0</deleted><polygon>{points}</polygon></object>"
    size = f"<imagesize><nrows>{HEIGHT}</nrows><ncols>{WIDTH}</ncols></imagesize>"
    for name in names:
        text = f"<annotation><filename>{name}</filename><folder>{pictures}</folder>{item}{size}</annotation>"
        _save(root / labels / f"{PurePosixPath(name).stem}.xml", text)


def yolo(root: Path, pictures: str, labels: str, names: list[str]) -> None:
    for name in names:
        _save(root / labels / f"{PurePosixPath(name).stem}.txt", "0 0.1 0.1 0.6 0.2 0.3 0.8\n")
    _save(root / "classes.txt", "nut\n")


def coco(root: Path, pictures: str, labels: str, names: list[str]) -> None:
    images = [{"id": i, "file_name": name, "width": WIDTH, "height": HEIGHT} for i, name in enumerate(names)]
    flat = [number for point in TRIANGLE for number in point]
    objects = [{"id": i, "image_id": i, "category_id": 1, "segmentation": [flat]} for i in range(len(names))]
    document = {"images": images, "annotations": objects, "categories": [{"id": 1, "name": "nut"}]}
    _save(root / labels / "_annotations.coco.json", json.dumps(document))


def cvat(root: Path, pictures: str, labels: str, names: list[str]) -> None:
    points = ";".join(f"{x},{y}" for x, y in TRIANGLE)
    polygon = f'<polygon label="nut" points="{points}"/>'
    images = "".join(
        f'<image id="{i}" name="{name}" width="{WIDTH}" height="{HEIGHT}">{polygon}</image>'
        for i, name in enumerate(names)
    )
    _save(root / labels / "annotations.xml", f"<annotations><version>1.1</version>{images}</annotations>")


def via(root: Path, pictures: str, labels: str, names: list[str]) -> None:
    flat = [number for point in TRIANGLE for number in point]
    outline = {"name": "polygon", "all_points_x": flat[::2], "all_points_y": flat[1::2]}
    region = {"shape_attributes": outline, "region_attributes": {"class": "nut"}}
    document = {name: {"filename": name, "size": 9, "regions": [region], "file_attributes": {}} for name in names}
    _save(root / labels / "via_region_data.json", json.dumps(document))


ONE_EACH = [labelme, voc, web, yolo]
LISTS = [coco, cvat, via]
NAMES = ["0001.png", "0002.png", "0003.png"]

FOLDERS = [("day1", "day2"), ("train", "val"), ("valid", "train"), ("dogs", "not_dogs"), ("낮", "밤"), ("a/b", "a/c")]
LAYOUTS = [("{}", "{}"), ("images/{}", "labels/{}"), ("{}/images", "{}/labels"), ("사진/{}", "라벨/{}")]


def objects(result: ReadResult) -> dict[str, int]:
    return {item.picture.file: len(item.picture.instances) for item in result.labelled}


def pictures(root: Path, folder: str, names: list[str], seed: int = 0) -> None:
    for number, name in enumerate(names):
        picture(root / folder / name, seed + number)


@pytest.mark.parametrize("both", [True, False], ids=["labelled", "not labelled"])
@pytest.mark.parametrize("layout", LAYOUTS, ids=["beside", "labels first", "labels last", "Korean"])
@pytest.mark.parametrize("folders", FOLDERS, ids="-".join)
@pytest.mark.parametrize("write", [*ONE_EACH, *LISTS])
def test_labels_never_go_to_a_picture_in_another_folder(
    tmp_path: Path, write: Write, folders: tuple[str, str], layout: tuple[str, str], both: bool
) -> None:
    (own, own_labels), (other, other_labels) = ([text.format(name) for text in layout] for name in folders)
    pictures(tmp_path, own, NAMES[1:])
    pictures(tmp_path, other, NAMES, 10)
    write(tmp_path, own, own_labels, NAMES)
    if both:
        write(tmp_path, other, other_labels, NAMES)
    result = read(tmp_path)
    assert "E picture-missing" in codes(result)
    assert objects(result) == {
        **{f"{own}/{name}": 1 for name in NAMES[1:]}, **{f"{other}/{name}": 1 for name in (NAMES if both else [])},
    }  # fmt: skip
    assert result.without_labels == ([] if both else [f"{other}/{name}" for name in NAMES])
    missing = next(problem for problem in result.problems if problem.code == "picture-missing")
    assert str(PurePosixPath(missing.file).parent) == own_labels


@pytest.mark.parametrize("skip", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS, ids=["beside", "labels first", "labels last", "Korean"])
@pytest.mark.parametrize("write", [*ONE_EACH, *LISTS])
def test_a_missing_picture_whose_name_several_other_folders_have_is_missing(
    tmp_path: Path, write: Write, layout: tuple[str, str], skip: bool
) -> None:
    days = [[text.format(f"day{number}") for text in layout] for number in (1, 2, 3)]
    for number, (photos, _) in enumerate(days):
        pictures(tmp_path, photos, NAMES[number == 0 :], 10 * number)
    write(tmp_path, *days[0], NAMES)
    result = read(tmp_path, skip_missing=skip)
    assert objects(result) == {f"{days[0][0]}/{name}": 1 for name in NAMES[1:]}
    missing = [problem for problem in result.problems if problem.severity in "ES"]
    assert [problem.code for problem in missing] == ["picture-skipped" if skip else "picture-missing"]
    assert f"'{days[1][0]}/{NAMES[0]}'" in missing[0].message


@pytest.mark.parametrize("missing", [1, 2])
@pytest.mark.parametrize("layout", LAYOUTS, ids=["beside", "labels first", "labels last", "Korean"])
@pytest.mark.parametrize("write", ONE_EACH)
def test_pictures_that_are_missing_do_not_push_good_ones_of_their_folder_out(
    tmp_path: Path, write: Write, layout: tuple[str, str], missing: int
) -> None:
    """As many pictures of the first day are missing, or more, as are there; the second day has all names."""
    (own, own_labels), (other, _) = ([text.format(day) for text in layout] for day in ("day1", "day2"))
    pictures(tmp_path, own, NAMES[missing:])
    pictures(tmp_path, other, NAMES, 10)
    write(tmp_path, own, own_labels, NAMES)
    result = read(tmp_path)
    assert objects(result) == {f"{own}/{name}": 1 for name in NAMES[missing:]}
    assert [code for code in codes(result) if code[0] == "E"] == ["E picture-missing"] * missing


@pytest.mark.parametrize("write", [*ONE_EACH, *LISTS])
def test_labels_of_another_folder_do_not_push_good_ones_out(tmp_path: Path, write: Write) -> None:
    """A label file that was left over names a picture that another label file has."""
    pictures(tmp_path, "day1", NAMES[1:])
    pictures(tmp_path, "day2", NAMES, 10)
    for day in ("day1", "day2"):
        write(tmp_path, day, day, NAMES)
    result = read(tmp_path)
    assert objects(result)["day2/0001.png"] == 1
    assert codes(result) == ["E picture-missing"]
    assert "day2/0001.png" in result.problems[0].message
    assert result.left_out == 1


@pytest.mark.parametrize("write", [*ONE_EACH, *LISTS])
def test_a_picture_found_in_the_only_other_folder_is_used(tmp_path: Path, write: Write) -> None:
    pictures(tmp_path, "photos", NAMES)
    write(tmp_path, "photos", "labels", NAMES)
    result = read(tmp_path)
    assert objects(result) == {f"photos/{name}": 1 for name in NAMES}
    assert codes(result) == (["F picture-elsewhere"] * 3 if write is labelme else [])
    for problem in result.problems:
        assert "'labels/000" in problem.message and "'photos/000" in problem.message
    assert codes(read(tmp_path, pictures=tmp_path / "photos")) == []


@pytest.mark.parametrize("write", ONE_EACH)
def test_a_folder_of_pictures_may_have_the_folders_of_the_labels(tmp_path: Path, write: Write) -> None:
    source, photos = tmp_path / "labels", tmp_path / "사진"
    for number, day in enumerate(("day1", "day2")):
        pictures(photos, day, NAMES[1 - number :], number)
        write(source, day, day, NAMES)
    result = read(source, pictures=photos)
    assert objects(result) == {"day1/0002.png": 1, "day1/0003.png": 1, **{f"day2/{name}": 1 for name in NAMES}}
    assert codes(result) == ["E picture-missing"]


@pytest.mark.parametrize("write", [*ONE_EACH, *LISTS])
def test_one_picture_that_was_moved_away_is_used_if_nothing_speaks_against_it(tmp_path: Path, write: Write) -> None:
    pictures(tmp_path, "photos", NAMES[1:])
    pictures(tmp_path, "more", NAMES[:1])
    write(tmp_path, "photos", "labels", NAMES)
    result = read(tmp_path)
    if write in (voc, web):  # whose labels name the folder, which is there
        assert codes(result) == ["E picture-missing"]
    else:
        assert objects(result) == {"more/0001.png": 1, "photos/0002.png": 1, "photos/0003.png": 1}
        assert set(codes(result)) == {"F picture-elsewhere"}
        assert any("'more/0001.png' is used" in problem.message for problem in result.problems)


@pytest.mark.parametrize("folder", ["valid", "사진/낮"])
@pytest.mark.parametrize("write", [labelme, yolo, *LISTS])
def test_some_pictures_in_a_folder_of_pictures_below_are_used(tmp_path: Path, write: Write, folder: str) -> None:
    pictures(tmp_path, folder, NAMES[1:])
    pictures(tmp_path, f"{folder}/images", NAMES[:1], seed=9)
    write(tmp_path, folder, folder, NAMES)
    result = read(tmp_path)
    assert set(objects(result)) == {f"{folder}/images/0001.png", f"{folder}/0002.png", f"{folder}/0003.png"}
    assert set(codes(result)) <= {"F picture-elsewhere"}


@pytest.mark.parametrize("write", [*ONE_EACH, *LISTS])
def test_numbers_that_begin_again_in_a_folder_without_labels(tmp_path: Path, write: Write) -> None:
    """All labels lie in one folder and belong to the first day; the second day is not labelled yet."""
    names = [*NAMES, "0004.png", "0005.png"]
    pictures(tmp_path, "day1", names[1:])
    pictures(tmp_path, "day2", names[:2], 10)
    write(tmp_path, "day1", "labels", names)
    result = read(tmp_path)
    assert "day2/0001.png" not in objects(result)
    assert {code for code in codes(result) if code[0] == "E"} <= {"E picture-missing", "E picture-ambiguous"}


@pytest.mark.parametrize("write", [labelme, voc, web, coco, cvat])
def test_a_picture_of_another_size_is_another_picture(tmp_path: Path, write: Write) -> None:
    pictures(tmp_path, "photos", NAMES[1:])
    picture(tmp_path / "more" / "0001.png", 7, (WIDTH + 1, HEIGHT))
    write(tmp_path, "photos", "labels", NAMES)
    result = read(tmp_path)
    assert [code for code in codes(result) if code[0] == "E"] == ["E picture-missing"]
    assert result.without_labels == ["more/0001.png"]


@pytest.mark.parametrize(
    "named", ["day1/0001.png", "day1\\0001.png", "C:\\photos\\day1\\0001.png", "/home/me/day1/0001.png"]
)
@pytest.mark.parametrize("write", [voc, web, *LISTS])
def test_a_folder_that_labels_name_is_obeyed(tmp_path: Path, write: Write, named: str) -> None:
    pictures(tmp_path, "day1", NAMES[1:])
    pictures(tmp_path, "day2", NAMES, 10)
    if write in ONE_EACH:
        write(tmp_path, "day1", "labels/day1", NAMES[1:])
        write(tmp_path, "day1", "labels/day1", [named])
        (tmp_path / "labels" / "day1" / f"{PurePosixPath(named).stem}.xml").replace(
            tmp_path / "labels" / "day1" / "0001.xml"
        )
    else:
        write(tmp_path, "day1", "labels", [named, *(f"day1/{name}" for name in NAMES[1:])])
    result = read(tmp_path)
    assert codes(result) == ["E picture-missing"]
    assert objects(result) == {"day1/0002.png": 1, "day1/0003.png": 1}


@pytest.mark.parametrize("write", LISTS)
def test_two_names_in_one_file_never_share_a_picture(tmp_path: Path, write: Write) -> None:
    pictures(tmp_path, "photos", NAMES)
    write(tmp_path, "", "", ["x/0001.png", "y/0001.png", "photos/0002.png"])
    result = read(tmp_path)
    assert [code for code in codes(result) if code[0] == "E"] == ["E picture-missing"] * 2
    assert objects(result) == {"photos/0002.png": 1}


@pytest.mark.parametrize("write", LISTS)
def test_another_extension_or_case_does_not_take_the_picture_of_other_labels(tmp_path: Path, write: Write) -> None:
    pictures(tmp_path, "", ["a.png", "b.png"])
    write(tmp_path, "", "", ["a.jpg", "a.png", "B.PNG", "b.png"])
    result = read(tmp_path)
    assert codes(result) == ["E picture-missing"] * 2
    assert objects(result) == {"a.png": 1, "b.png": 1}


@pytest.mark.parametrize("write", [*ONE_EACH, *LISTS])
@pytest.mark.parametrize(
    ("there", "named"), [("\ud55c.png", "\u1112\u1161\u11ab.png"), ("\u1112\u1161\u11ab.png", "\ud55c.png")]
)
def test_unicode_forms_are_one_name(tmp_path: Path, write: Write, there: str, named: str) -> None:
    pictures(tmp_path, "사진", [there, "0002.png"])
    write(tmp_path, "사진", "사진", [named, "0002.png"])
    result = read(tmp_path)
    assert codes(result) == []
    assert len(objects(result)) == 2


def test_labels_that_cannot_be_read_keep_their_picture(tmp_path: Path) -> None:
    pictures(tmp_path, "day2", NAMES[:1])
    labelme(tmp_path, "", "labels", NAMES[:1])
    _save(tmp_path / "day2" / "0001.json", '{"shapes": [')
    with pytest.raises(SourceError) as caught:
        read(tmp_path)
    assert {problem.code for problem in caught.value.problems} == {"file-unreadable", "picture-missing"}


@pytest.mark.parametrize("named", ["../day2/0001.png", "..\\day2\\0001.png"])
def test_labels_beside_their_picture_come_before_others_that_name_it(tmp_path: Path, named: str) -> None:
    pictures(tmp_path, "day2", NAMES)
    labelme(tmp_path, "", "day2", NAMES)
    _save(tmp_path / "day1" / "0001.json", json.dumps(labelme_document(named, [shape()])))
    result = read(tmp_path)
    assert objects(result) == {f"day2/{name}": 1 for name in NAMES}
    assert [(problem.code, problem.file) for problem in result.problems] == [
        ("picture-labelled-twice", "day1/0001.json")
    ]
    assert "'day2/0001.json'" in result.problems[0].message


@pytest.mark.parametrize("skip", [True, False])
def test_pictures_that_other_labels_have_can_be_skipped_like_missing_ones(tmp_path: Path, skip: bool) -> None:
    pictures(tmp_path, "day2", NAMES)
    labelme(tmp_path, "", "day2", NAMES)
    labelme(tmp_path, "", "day1", NAMES[:1])
    assert codes(read(tmp_path, skip_missing=skip)) == ["S picture-skipped" if skip else "E picture-missing"]


@pytest.mark.parametrize("name", ["0001.PNG", "0001.jpg", "0001.Png"])
@pytest.mark.parametrize("write", [*ONE_EACH, *LISTS])
def test_another_case_or_extension_in_another_folder_is_another_picture(
    tmp_path: Path, write: Write, name: str
) -> None:
    pictures(tmp_path, "day1", NAMES[1:])
    picture(tmp_path / "day2" / name, 10)
    write(tmp_path, "day1", "day1", NAMES)
    result = read(tmp_path)
    assert codes(result) == ["E picture-missing"]
    assert result.without_labels == [f"day2/{name}"]


@pytest.mark.parametrize("write", [*ONE_EACH, *LISTS])
def test_equal_names_in_three_folders_are_unclear(tmp_path: Path, write: Write) -> None:
    for seed, folder in enumerate(("a", "b", "c")):
        pictures(tmp_path, folder, NAMES[:1], seed)
    pictures(tmp_path, "labels", NAMES[1:], 5)
    write(tmp_path, "", "labels", NAMES)
    result = read(tmp_path)
    assert set(codes(result)) <= {"E picture-missing", "E picture-ambiguous"}
    assert objects(result) == {f"labels/{name}": 1 for name in NAMES[1:]}


def test_an_embedded_picture_comes_before_one_that_shows_something_else(tmp_path: Path) -> None:
    original = picture(tmp_path / "elsewhere" / "0001.png", 1)
    data = base64.b64encode(original.read_bytes()).decode("ascii")
    document = json.dumps(labelme_document("0001.png", [shape()], imageData=data))
    _save(tmp_path / "in" / "labels" / "0001.json", document)
    picture(tmp_path / "in" / "photos" / "0001.png", 2)
    result = read(tmp_path / "in")
    assert codes(result) == ["F picture-embedded"]
    assert objects(result) == {"labels/0001.png": 1}
    picture(tmp_path / "in" / "photos" / "0001.png", 1)
    assert codes(read(tmp_path / "in")) == ["F picture-elsewhere"]


def _mask(path: Path) -> None:
    image = Image.new("P", SIZE, 0)
    image.putpalette([0, 0, 0, 128, 0, 0])
    ImageDraw.Draw(image).polygon([(x, y) for x, y in TRIANGLE], fill=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("folders", FOLDERS, ids="-".join)
def test_mask_pictures_never_go_to_a_picture_in_another_folder(
    tmp_path: Path, folders: tuple[str, str], both: bool
) -> None:
    own, other = folders
    jpegs = [name.replace(".png", ".jpg") for name in NAMES]
    pictures(tmp_path, f"JPEGImages/{own}", jpegs[1:])
    pictures(tmp_path, f"JPEGImages/{other}", jpegs, 10)
    for folder in folders if both else (own,):
        for name in NAMES:
            _mask(tmp_path / "SegmentationClass" / folder / name)
    _save(tmp_path / "labelmap.txt", "background:0,0,0::\nnut:128,0,0::\n")
    result = read(tmp_path, parts_as_objects=True)
    assert [code for code in codes(result) if code[0] == "E"] == ["E picture-missing"]
    assert objects(result) == {
        **{f"JPEGImages/{own}/{name}": 1 for name in jpegs[1:]},
        **{f"JPEGImages/{other}/{name}": 1 for name in (jpegs if both else [])},
    }
