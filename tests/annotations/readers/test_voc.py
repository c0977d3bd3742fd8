"""Pascal VOC: boxes, polygons, and masks of every kind."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, WIDTH, codes, instances, labelled, picture, read, shape
from yolact_kit.annotations.masks.colours import read_colours
from yolact_kit.annotations.problems import SourceError
from yolact_kit.errors import UserError

Box = tuple[float, float, float, float]


def item(name: str, box: Box | None = None, more: str = "") -> str:
    corners = zip(("xmin", "ymin", "xmax", "ymax"), box or (), strict=False)
    inner = "".join(f"<{tag}>{value}</{tag}>" for tag, value in corners)
    return f"<object><name>{name}</name>{f'<bndbox>{inner}</bndbox>' if box else ''}{more}</object>"


def voc(folder: Path, stem: str, objects: list[str], filename: str | None = None, size: Any = (WIDTH, HEIGHT)) -> Path:
    named = f"<filename>{filename if filename is not None else stem + '.jpg'}</filename>"
    sized = f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>" if size else ""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{stem}.xml"
    file.write_text(f"<annotation>{named}{sized}{''.join(objects)}</annotation>", encoding="utf-8")
    return file


def test_class_colour_masks_of_real_photos(shared_data: Path) -> None:
    result = read(shared_data / "cupspeaker_voc_masks" / "dataset")
    assert Counter(instance.label for instance in instances(result)) == {"cup": 25, "speaker": 24}
    assert len(result.labelled) == 32
    assert {Path(entry.picture.file).parent.name for entry in result.labelled} == {"train_images"}
    assert len(result.without_labels) == 6
    assert result.problems == []
    first = next(entry.picture for entry in result.labelled if entry.picture.path.name == "image1.jpg")
    areas = {instance.label: int(instance.mask(384, 512).sum()) for instance in first.instances}
    assert areas == {"cup": 2436, "speaker": 2290}


@pytest.mark.parametrize("text", ["cup,0,0,230\nspeaker,255,0,0\n", "cup: [0, 0, 230]\nspeaker: '#ff0000'\n"])
def test_colours_can_be_named(shared_data: Path, tmp_path: Path, text: str) -> None:
    colours = tmp_path / "colours.txt"
    colours.write_text(text, encoding="utf-8")
    folder = shared_data / "cupspeaker_voc_masks" / "dataset"
    named = read(folder, masks=folder / "train_masks", colors=colours)
    assert Counter(instance.label for instance in instances(named)) == {"cup": 25, "speaker": 24}


def test_boxes_of_real_pictures_only_on_request(shared_data: Path) -> None:
    with pytest.raises(UserError, match="boxes only") as caught:
        read(shared_data / "bccd_voc_boxes")
    assert "--box-as-mask" in caught.value.advice
    result = read(shared_data / "bccd_voc_boxes", box_as_mask=True)
    assert Counter(instance.label for instance in instances(result)) == {"RBC": 947, "Platelets": 81, "WBC": 65}
    assert len(result.labelled) == 60
    assert result.problems == []


def test_pixels_are_counted_from_1_unless_the_set_shows_otherwise(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path, "a", [item("nut", (1, 1, WIDTH, HEIGHT))])
    assert instances(read(tmp_path, box_as_mask=True))[0].box() == (0, 0, WIDTH, HEIGHT)
    picture(tmp_path / "b.jpg", 1)
    voc(tmp_path, "b", [item("nut", (0, 5, 20, 30))])
    assert [found.box() for found in instances(read(tmp_path, box_as_mask=True))] == [
        (1, 1, WIDTH - 1, HEIGHT - 1),
        (0, 5, 20, 25),
    ]


def test_fractions_and_reversed_corners(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path, "a", [item("nut", (20.5, 30, 10.25, 5)), item("nut", (7, 7, 7, 20))])
    result = read(tmp_path, box_as_mask=True)
    assert codes(result) == ["F box-reversed", "S area-zero"]
    assert instances(result)[0].box() == (10.25, 5, 10.25, 25)


@pytest.mark.parametrize("size", [None, (0, 0), ("", "x")])
def test_a_missing_size_is_the_pictures(tmp_path: Path, size: Any) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path, "a", [item("nut", (5, 5, 20, 20))], size=size)
    result = read(tmp_path, box_as_mask=True)
    assert (result.labelled[0].picture.width, result.labelled[0].picture.height) == (WIDTH, HEIGHT)
    assert result.problems == []


@pytest.mark.parametrize("filename", ["", "photo.jpg"])
def test_a_missing_or_repeated_file_name_is_the_labels_own(tmp_path: Path, filename: str) -> None:
    for number, stem in enumerate(("photo", "a", "b")):
        picture(tmp_path / f"{stem}.jpg", number)
        voc(tmp_path, stem, [item("nut", (5 + number, 5, 20, 20))], filename)
    result = read(tmp_path, box_as_mask=True)
    assert {Path(entry.picture.file).stem: entry.source.stem for entry in result.labelled} == {
        stem: stem for stem in ("photo", "a", "b")
    }
    assert result.problems == []


@pytest.mark.parametrize(
    "polygon",
    [
        "<polygon><x1>5</x1><y1>5</y1><x2>25</x2><y2>6</y2><x3>10</x3><y3>30</y3></polygon>",
        "<polygon><pt><x>5</x><y>5</y></pt><pt><x>25</x><y>6</y></pt><pt><x>10</x><y>30</y></pt></polygon>",
        "<segmentation><x1>5</x1><y1>5</y1><x2>25</x2><y2>6</y2><x3>10</x3><y3>30</y3></segmentation>",
    ],
)
def test_polygons_in_the_xml(tmp_path: Path, polygon: str) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path, "a", [item("너트", (5, 5, 25, 30), polygon)])
    (instance,) = instances(read(tmp_path))
    assert instance.polygons[0].tolist() == [[5, 5], [25, 6], [10, 30]]
    assert instance.label == "너트"


def test_an_object_with_a_box_only_among_polygons_leaves_its_picture_out(tmp_path: Path) -> None:
    polygon = "<polygon><x1>5</x1><y1>5</y1><x2>25</x2><y2>6</y2><x3>10</x3><y3>30</y3></polygon>"
    for number, stem in enumerate("ab"):
        picture(tmp_path / f"{stem}.jpg", number)
    voc(tmp_path, "a", [item("nut", None, polygon)])
    voc(tmp_path, "b", [item("nut", None, polygon), item("nut", (30, 5, 50, 20))])
    result = read(tmp_path)
    assert codes(result) == ["E mask-missing"]
    assert len(result.labelled) == 1
    assert len(instances(read(tmp_path, box_as_mask=True))) == 3


@pytest.mark.parametrize(("difficult", "count", "crowds"), [("keep", 2, 0), ("crowd", 2, 1), ("drop", 1, 0)])
def test_difficult_objects(tmp_path: Path, difficult: str, count: int, crowds: int) -> None:
    picture(tmp_path / "a.jpg")
    hard = item("nut", (30, 5, 50, 20), "<difficult>1</difficult>")
    voc(tmp_path, "a", [item("nut", (5, 5, 20, 20)), hard])
    found = instances(read(tmp_path, box_as_mask=True, difficult=difficult))
    assert len(found) == count
    assert sum(instance.crowd for instance in found) == crowds


BOMB = """<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>
<annotation><filename>&lol2;</filename></annotation>"""
EXTERNAL = """<?xml version="1.0"?><!DOCTYPE a [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<annotation><filename>&secret;</filename></annotation>"""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BOMB, "E xml-forbidden"),
        (EXTERNAL, "E xml-forbidden"),
        ("", "E file-empty"),
        ("<annotation><object>", "E file-unreadable"),
        ("<other/>", "S file-not-annotation"),
        ("<annotation><object><name>nut</name></object></annotation>", "E shape-malformed"),
        (f"<annotation>{item('nut', ('nan', 1, 2, 3))}</annotation>", "E coordinates-not-finite"),  # type: ignore[arg-type]
        (f"<annotation>{item('nut', ('', 1, 2, 3))}</annotation>", "E shape-malformed"),  # type: ignore[arg-type]
    ],
)
def test_bad_xml_does_not_stop_the_others(tmp_path: Path, text: str, code: str) -> None:
    for number, stem in enumerate(("good", "bad")):
        picture(tmp_path / f"{stem}.jpg", number)
    voc(tmp_path, "good", [item("nut", (5, 5, 20, 20))])
    (tmp_path / "bad.xml").write_text(text, encoding="utf-8")
    result = read(tmp_path, box_as_mask=True)
    assert codes(result) == [code]
    assert result.problems[0].file == "bad.xml"
    assert [Path(entry.picture.file).name for entry in result.labelled] == ["good.jpg"]


@pytest.mark.parametrize("encoding", ["euc-kr", "utf-16", "utf-8"])
def test_xml_in_korean_encodings(tmp_path: Path, encoding: str) -> None:
    picture(tmp_path / "a.jpg")
    text = f'<?xml version="1.0" encoding="{encoding}"?><annotation>{item("너트", (5, 5, 20, 20))}</annotation>'
    (tmp_path / "a.xml").write_bytes(text.encode(encoding))
    assert read(tmp_path, box_as_mask=True).classes == ["너트"]


def palette_mask(path: Path, values: np.ndarray[Any, Any]) -> None:
    """A mask as VOC has it: palette indices, 255 the border between objects."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(values.astype(np.uint8), mode="P")
    palette = np.zeros((256, 3), dtype=np.uint8)
    for index in range(256):
        for bit in range(8):
            for channel in range(3):
                palette[index, channel] |= ((index >> (3 * bit + channel)) & 1) << (7 - bit)
    image.putpalette(palette.reshape(-1).tolist())
    image.save(path)


def squares(*boxes: tuple[int, int, int, int, int]) -> np.ndarray[Any, Any]:
    values = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    for value, left, top, right, bottom in boxes:
        values[top:bottom, left:right] = 255
        values[top + 1 : bottom - 1, left + 1 : right - 1] = value
    return values


@pytest.fixture
def segmented(tmp_path: Path) -> Path:
    """Two nuts and a bolt, touching, in VOC's own way."""
    picture(tmp_path / "JPEGImages" / "a.jpg")
    boxes = {"nut": (5, 5, 20, 20), "너트": (20, 5, 35, 20), "bolt": (5, 20, 40, 35)}
    palette_mask(
        tmp_path / "SegmentationObject" / "a.png", squares(*((i, *b) for i, b in enumerate(boxes.values(), 1)))
    )
    classes = squares((7, *boxes["nut"]), (7, *boxes["너트"]), (3, *boxes["bolt"]))
    palette_mask(tmp_path / "SegmentationClass" / "a.png", classes)
    one_based = [(left + 1, top + 1, right, bottom) for left, top, right, bottom in boxes.values()]
    voc(
        tmp_path / "Annotations",
        "a",
        [item(name, box) for name, box in zip(("nut", "nut", "bolt"), one_based, strict=True)],
    )
    return tmp_path


def test_vocs_own_masks_of_objects(segmented: Path) -> None:
    result = read(segmented)
    assert [instance.label for instance in instances(result)] == ["nut", "nut", "bolt"]
    assert [int(instance.mask(HEIGHT, WIDTH).sum()) for instance in instances(result)] == [13 * 13, 13 * 13, 33 * 13]
    assert result.problems == []
    assert [entry.picture.file for entry in result.labelled] == ["JPEGImages/a.jpg"]


def test_vocs_own_masks_without_those_of_classes(segmented: Path) -> None:
    (segmented / "SegmentationClass" / "a.png").unlink()
    assert [instance.label for instance in instances(read(segmented))] == ["nut", "nut", "bolt"]


def test_vocs_own_masks_without_xml(segmented: Path) -> None:
    (segmented / "Annotations" / "a.xml").unlink()
    with pytest.raises(UserError, match="which colour stands for which class"):
        read(segmented)
    named = segmented / "labelmap.txt"
    named.write_text(
        "# label:color_rgb:parts:actions\nbackground:0,0,0::\nnut:128,128,128::\nbolt:128,128,0::\n", encoding="utf-8"
    )
    assert sorted(instance.label for instance in instances(read(segmented))) == ["bolt", "nut", "nut"]


def test_cvats_masks_in_nested_folders(tmp_path: Path) -> None:
    for number, folder in enumerate(("task 1/a", "task 2/b")):
        for name in ("i", f"only {number}"):
            picture(tmp_path / "JPEGImages" / folder / f"{name}.jpg", seed=len(name) + number)
            values = squares((1 + number, 5, 5, 20, 20))
            palette_mask(tmp_path / "SegmentationClass" / folder / f"{name}.png", values)
            palette_mask(tmp_path / "SegmentationObject" / folder / f"{name}.png", values > 0)
    (tmp_path / "labelmap.txt").write_text("background:0,0,0::\nnut:128,0,0::\nbolt:0,128,0::\n", encoding="utf-8")
    result = read(tmp_path)
    assert codes(result) == []
    assert [(entry.picture.file, entry.picture.instances[0].label) for entry in result.labelled] == [
        ("JPEGImages/task 1/a/i.jpg", "nut"),
        ("JPEGImages/task 1/a/only 0.jpg", "nut"),
        ("JPEGImages/task 2/b/i.jpg", "bolt"),
        ("JPEGImages/task 2/b/only 1.jpg", "bolt"),
    ]


def test_masks_of_classes_only_are_cut_by_boxes(segmented: Path) -> None:
    for path in (segmented / "SegmentationObject").iterdir():
        path.unlink()
    touching = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    touching[5:20, 5:35] = 7
    touching[20:35, 5:40] = 3
    palette_mask(segmented / "SegmentationClass" / "a.png", touching)
    colours = segmented / "colours.yaml"
    colours.write_text("nut: 7\nbolt: 3\n", encoding="utf-8")
    result = read(segmented, colors=colours)
    assert codes(result) == ["W mask-touching"]
    areas = [int(instance.mask(HEIGHT, WIDTH).sum()) for instance in instances(result)]
    assert areas == [15 * 15, 15 * 15, 35 * 15]


def test_a_colour_without_a_class_is_an_error(segmented: Path) -> None:
    for path in (segmented / "SegmentationObject").iterdir():
        path.unlink()
    colours = segmented / "colours.yaml"
    colours.write_text("nut: 7\n", encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read(segmented, colors=colours)
    assert {problem.code for problem in caught.value.problems} == {"mask-colour-unknown", "mask-missing"}


def test_a_mask_of_another_size_is_an_error(segmented: Path) -> None:
    palette_mask(segmented / "SegmentationObject" / "a.png", np.ones((10, 10)))
    palette_mask(segmented / "SegmentationClass" / "a.png", np.ones((10, 10)))
    with pytest.raises(SourceError) as caught:
        read(segmented)
    assert "mask-size" in {problem.code for problem in caught.value.problems}


@pytest.mark.parametrize(
    "text", ["", "cup", "cup: [1, 2]", "cup: -1", "cup: 0.5", "cup,0,0,300", "cup: red", "- a", "a: [b"]
)
def test_colours_that_make_no_sense(tmp_path: Path, text: str) -> None:
    path = tmp_path / "colours.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"colours\.txt"):
        read_colours(path)
    with pytest.raises(UserError, match="cannot be read"):
        read_colours(tmp_path / "none.txt")


def test_a_folder_of_several_formats_is_asked_about(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape()])
    labelled(tmp_path, "b", [shape()], 1)
    voc(tmp_path, "a", [item("nut", (5, 5, 20, 20))])
    with pytest.raises(UserError, match=r"several formats: labelme \(2 .*'a\.json'\) and voc \(1 .*'a\.xml'\)"):
        read(tmp_path)
    assert read(tmp_path, format="labelme").format == "labelme"
    assert read(tmp_path, format="voc", box_as_mask=True).format == "voc"


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int32"])
def test_masks_of_every_depth_in_a_folder_beside_that_of_the_pictures(tmp_path: Path, kind: str) -> None:
    for number, stem in enumerate("abc"):
        picture(tmp_path / "images" / f"{stem}.png", number)
        values = np.zeros((HEIGHT, WIDTH), dtype=kind)
        values[5:20, 5:30], values[25:35, 5:30] = 1, 2
        (tmp_path / "masks").mkdir(exist_ok=True)
        Image.fromarray(values).save(tmp_path / "masks" / f"{stem}.{'tif' if kind == 'int32' else 'png'}")
        voc(tmp_path / "xml", stem, [item("nut", (6, 6, 30, 20)), item("nut", (6, 26, 30, 35))], f"{stem}.png")
    result = read(tmp_path)
    assert codes(result) == []
    assert [int(found.mask(HEIGHT, WIDTH).sum()) for found in instances(result)] == [25 * 15, 25 * 10] * 3


def test_masks_beside_their_pictures(tmp_path: Path) -> None:
    for number, stem in enumerate("abc"):
        picture(tmp_path / f"{stem}.png", number)
        values = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
        values[5:20, 5 + number : 30] = (9, 99, 9)
        Image.fromarray(values).save(tmp_path / f"{stem}_mask.png")
        voc(tmp_path, stem, [item("nut", (6 + number, 6, 30, 20))], f"{stem}.png")
    result = read(tmp_path)
    assert [entry.picture.file for entry in result.labelled] == ["a.png", "b.png", "c.png"]
    assert [int(found.mask(HEIGHT, WIDTH).sum()) for found in instances(result)] == [25 * 15, 24 * 15, 23 * 15]
    assert result.without_labels == []
