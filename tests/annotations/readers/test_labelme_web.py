"""Brush masks, boxes and groups in the XML of the web's LabelMe, as it, CVAT and datumaro write them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH, codes, instances, picture, read

BRUSH = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
BRUSH[10:30, 20:50] = 1
BRUSH[15:20, 25:30] = 0
"""A brush mask with a hole."""
SQUARE = [[40, 5], [55, 5], [55, 15], [40, 15]]


def polygon(points: list[list[float]]) -> str:
    text = "".join(f"<pt><x>{x}</x><y>\n{y}\n</y></pt>" for x, y in points)
    return f"<polygon>{text}<username>anonymous</username></polygon>"


def mask(name: str) -> str:
    box = "<box><xmin>20.00</xmin><ymin>10.00</ymin><xmax>49.00</xmax><ymax>29.00</ymax></box>"
    return f"<segm><mask>{name}</mask>{box}<username>anonymous</username></segm>"


def entry(content: str, number: int = 0, label: str = "nut", parent: str = "", children: str = "") -> str:
    parts = f"<parts><hasparts>{children}</hasparts><ispartof>{parent}</ispartof></parts>"
    own = f"<name>{label}</name><deleted>0</deleted><verified>0</verified><occluded>no</occluded><date></date>"
    return f"<object>{own}<id>{number}</id>{parts}{content}<attributes></attributes></object>"


def write(file: Path, *entries: str, name: str = "a.png", seed: int = 0, beside: Path | None = None) -> None:
    """Writes an XML file and its picture beside it, or elsewhere."""
    file.parent.mkdir(parents=True, exist_ok=True)
    size = f"<imagesize><nrows>{HEIGHT}</nrows><ncols>{WIDTH}</ncols></imagesize>"
    head = f"<filename>{name}</filename><folder></folder><source><sourceAnnotation>Datumaro</sourceAnnotation></source>"
    file.write_text(f"<annotation>{head}{size}{''.join(entries)}</annotation>", encoding="utf-8")
    picture((beside or file.parent) / name, seed)


def of_colours(background: tuple[int, ...], colour: tuple[int, ...]) -> Image.Image:
    return Image.fromarray(np.array([background, colour], dtype=np.uint8)[BRUSH])


def with_palette(colours: list[int]) -> Image.Image:
    image = Image.fromarray(BRUSH)
    image.putpalette(colours)
    return image


MASKS = {
    "datumaro and CVAT": of_colours((0, 0, 0, 0), (255, 203, 0, 153)),
    "opaque": of_colours((0, 0, 0, 255), (255, 0, 0, 255)),
    "a black object": of_colours((255, 255, 255, 0), (0, 0, 0, 255)),
    "RGB": of_colours((0, 0, 0), (0, 0, 9)),
    "grey, 255": Image.fromarray(BRUSH * 255),
    "grey, 1": Image.fromarray(BRUSH),
    "black and white": Image.fromarray(BRUSH * 255).convert("1"),
    "palette": with_palette([0, 0, 0, 128, 0, 0]),
    "16 bits": Image.fromarray(BRUSH.astype(np.uint16) * 256),
}


@pytest.mark.parametrize("kind", MASKS)
def test_a_brush_mask_is_read_to_the_pixel(tmp_path: Path, kind: str) -> None:
    write(tmp_path / "a.xml", entry(mask("a_mask_0.png")))
    (tmp_path / "Masks").mkdir()
    MASKS[kind].save(tmp_path / "Masks" / "a_mask_0.png")
    result = read(tmp_path)
    (instance,) = instances(result)
    assert (codes(result), result.without_labels) == ([], [])
    assert (instance.mask(HEIGHT, WIDTH) == BRUSH).all()


@pytest.mark.parametrize(
    ("labels", "name", "masks"),
    [
        ("{}/a.xml", "a_mask_0.png", "{}/Masks/a_mask_0.png"),
        ("default/{}/a.xml", "{}/a_mask_0.png", "default/Masks/{}/a_mask_0.png"),
        ("default/{}/a.xml", "{}\\a_mask_0.png", "default/Masks/{}/a_mask_0.png"),
        ("Annotations/users/me/{}/a.xml", "a_mask_0.png", "Masks/users/me/{}/a_mask_0.png"),
        ("{}/a.xml", "A_mask_0.PNG", "{}/masks/a_mask_0.png"),
        ("{}/a.xml", "a_mask_0.png", "{}/a_mask_0.png"),
    ],
)
@pytest.mark.parametrize("folders", [("train", "val"), ("왼쪽", "오른쪽")], ids="-".join)
def test_masks_lie_where_programs_put_them(
    tmp_path: Path, labels: str, name: str, masks: str, folders: tuple[str, str]
) -> None:
    for seed, folder in enumerate(folders):
        write(tmp_path / labels.format(folder), entry(mask(name.format(folder))), seed=seed)
        path = tmp_path / masks.format(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(BRUSH, seed, axis=1)).save(path)
    result = read(tmp_path)
    assert codes(result) == []
    assert sorted(instance.box()[0] for instance in instances(result)) == [20, 21]


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (None, "E mask-missing", "'a_mask_0.png' of its mask was not found"),
        (b"no picture", "E mask-bad", "'a_mask_0.png' cannot be decoded"),
        (np.ones((9, 9), dtype=np.uint8), "E rle-malformed", "size [9, 9]"),
        (np.zeros((HEIGHT, WIDTH), dtype=np.uint8), "S area-zero", "empty"),
    ],
)
def test_masks_that_are_not_in_order(tmp_path: Path, content: object, code: str, words: str) -> None:
    write(tmp_path / "a.xml", entry(mask("a_mask_0.png")))
    write(tmp_path / "b.xml", entry(polygon(TRIANGLE)), name="b.png", seed=1)
    (tmp_path / "Masks").mkdir()
    if isinstance(content, bytes):
        (tmp_path / "Masks" / "a_mask_0.png").write_bytes(content)
    elif isinstance(content, np.ndarray):
        Image.fromarray(content).save(tmp_path / "Masks" / "a_mask_0.png")
    result = read(tmp_path)
    assert codes(result) == [code]
    assert words in result.problems[0].message
    assert result.problems[0].object == "object 1 (nut)"


def test_a_mask_outside_of_the_source_is_never_read(tmp_path: Path) -> None:
    Image.fromarray(BRUSH).save(tmp_path / "secret.png")
    write(tmp_path / "set" / "a.xml", entry(mask("../secret.png")))
    write(tmp_path / "set" / "b.xml", entry(polygon(TRIANGLE)), name="b.png", seed=1)
    assert codes(read(tmp_path / "set")) == ["E mask-missing"]


def test_a_box_is_no_mask(tmp_path: Path) -> None:
    box = "<type>bounding_box</type>" + polygon(SQUARE)
    write(tmp_path / "a.xml", entry(box), entry(polygon(TRIANGLE), 1))
    write(tmp_path / "b.xml", entry(polygon(TRIANGLE)), name="b.png", seed=1)
    result = read(tmp_path)
    assert codes(result) == ["E mask-missing"]
    assert [item.picture.file for item in result.labelled] == ["b.png"]
    result = read(tmp_path, box_as_mask=True)
    assert (codes(result), instances(result)[0].box()) == ([], (40, 5, 15, 10))


def test_objects_of_one_label_that_are_parts_of_another_are_one(tmp_path: Path) -> None:
    write(
        tmp_path / "a.xml",
        entry(polygon(SQUARE), 0, children="1,2,3"),
        entry(polygon(TRIANGLE), 1, parent="0"),
        entry(polygon([[1, 32], [9, 32], [9, 39]]), 2, label="bolt", parent="0"),
        entry(polygon([[30, 32], [39, 32], [39, 39]]), 3, parent="1"),
        entry(polygon([[50, 32], [59, 32], [59, 39]]), 4, parent="9"),
    )
    result = read(tmp_path)
    assert codes(result) == []
    assert [(item.label, len(item.polygons)) for item in instances(result)] == [("nut", 3), ("bolt", 1), ("nut", 1)]


def test_parts_in_a_circle_stay_objects(tmp_path: Path) -> None:
    write(tmp_path / "a.xml", entry(polygon(SQUARE), 0, parent="1"), entry(polygon(TRIANGLE), 1, parent="0"))
    assert sum(len(item.polygons) for item in instances(read(tmp_path))) == 2
