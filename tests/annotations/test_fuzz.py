"""Whatever a file holds, reading ends with pictures and problems, or with an error of our own.

``FUZZ_EXAMPLES=10000 pytest tests/annotations/test_fuzz.py`` looks longer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.annotations.making import HEIGHT, WIDTH, picture
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.read import read_source
from yolact_kit.annotations.writers.labelme import labelme_document
from yolact_kit.errors import UserError

many = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

numbers = st.one_of(
    st.floats(-20, 80),
    st.integers(-5, 70),
    st.floats(),
    st.just(10**400),
    st.integers(),
    st.text(max_size=3),
    st.none(),
)
odd = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
good_points = st.lists(st.tuples(st.floats(-5, 70), st.floats(-5, 50)).map(list), min_size=2, max_size=6)
points = st.one_of(good_points, st.lists(st.lists(numbers, max_size=3), max_size=5), odd)


def some(required: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """A dictionary of which keys may be missing and values may be anything."""
    likely = {key: st.one_of(value, value, value, odd) for key, value in required.items()}
    return st.fixed_dictionaries(likely) | st.fixed_dictionaries({}, optional=likely)


def element(name: str, attributes: dict[str, str], inner: list[str]) -> str:
    """An XML element."""
    pairs = " ".join(f"{key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name} {pairs}>{''.join(inner)}</{name}>"


KINDS = [
    "polygon",
    "rectangle",
    "circle",
    "line",
    "point",
    "points",
    "linestrip",
    "mask",
    "oriented_rectangle",
    "x",
    None,
]
shapes = some(
    {
        "label": st.sampled_from(["nut", "볼트", "", "__ignore__", "\ud800"]),
        "points": points,
        "shape_type": st.sampled_from(KINDS),
        "group_id": st.sampled_from([None, 1, 2, "a"]),
        "flags": st.dictionaries(st.sampled_from(["iscrowd", "a"]), st.booleans()),
        "mask": st.sampled_from(["iVBORw0KGgo=", "%%%", ""]),
    }
)
labelme = some(
    {
        "shapes": st.lists(shapes | odd, max_size=5),
        "imagePath": st.sampled_from(["a.png", "..\\x\\a.png", "/etc/passwd", ""]),
        "imageData": st.sampled_from([None, "", "AAAA", "%"]),
        "imageWidth": st.just(WIDTH),
        "imageHeight": st.just(HEIGHT),
    }
)
ids = st.sampled_from([0, 1, "1", 2**63, None, 1.5])
rles = some(
    {
        "size": st.sampled_from([[HEIGHT, WIDTH], [WIDTH, HEIGHT], [0, 0], [1]]),
        "counts": st.one_of(st.text(max_size=8), st.lists(st.integers(-1, HEIGHT * WIDTH), max_size=4)),
    }
)
annotations = some(
    {
        "id": ids,
        "image_id": ids,
        "category_id": ids,
        "segmentation": st.one_of(rles, points, st.lists(st.lists(numbers, max_size=8), max_size=3)),
        "bbox": st.lists(numbers, max_size=5),
        "iscrowd": st.sampled_from([0, 1, "1", None]),
    }
)
images = some(
    {"id": ids, "file_name": st.just("a.png"), "width": st.sampled_from([WIDTH, 0, "60"]), "height": st.just(HEIGHT)}
)
coco = some(
    {
        "images": st.lists(images | odd, max_size=3),
        "annotations": st.lists(annotations | odd, max_size=5),
        "categories": st.lists(some({"id": ids, "name": st.sampled_from(["nut", "", "볼트"])}) | odd, max_size=3),
    }
)
values = st.one_of(numbers.map(str), st.sampled_from(["", "&amp;", "<x>1</x>", "nut"]))
tags = ["object", "name", "bndbox", "xmin", "xmax", "ymin", "ymax", "polygon", "pt", "x", "y", "x1", "y1", "size",
        "width", "height", "filename", "difficult", "folder"]  # fmt: skip
xml = st.recursive(
    st.tuples(st.sampled_from(tags), values).map(lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0]}>"),
    lambda inner: st.tuples(st.sampled_from(tags), st.lists(inner, max_size=6)).map(
        lambda pair: f"<{pair[0]}>{''.join(pair[1])}</{pair[0]}>"
    ),
    max_leaves=12,
)
boxes = st.tuples(values, values, values, values).map(
    lambda box: (
        "<object><name>nut</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>".format(
            *box
        )
    )
)
attribute_names = [
    "label", "points", "cx", "cy", "rx", "ry", "xtl", "ytl", "xbr", "ybr", "rotation", "rle", "left", "top", "width",
    "height", "group_id", "frame", "outside", "occluded", "subset", "name", "task_id",
]  # fmt: skip
texts = [
    "", "nut", "볼트", "a.png", "../a.png", "Train", "0,4", "1,2,1", "1,-2,5", "5,5;30,5;5,30", "1;2", ";", "9" * 400,
]  # fmt: skip
attribute_values = st.one_of(st.integers(-3, 60).map(str), st.floats().map(str), st.sampled_from(texts))
elements = st.recursive(
    st.tuples(
        st.sampled_from(["polygon", "box", "ellipse", "mask", "polyline", "points", "cuboid", "tag", "attribute", "x"]),
        st.dictionaries(st.sampled_from(attribute_names), attribute_values, max_size=12),
    ).map(lambda pair: element(*pair, [])),
    lambda inner: st.tuples(
        st.sampled_from(["image", "track", "skeleton", "meta", "task", "original_size"]),
        st.dictionaries(st.sampled_from(attribute_names), attribute_values, max_size=6),
        st.lists(inner, max_size=4),
    ).map(lambda parts: element(*parts)),
    max_leaves=8,
)
lengths = st.one_of(st.integers(-2, 60), st.floats(-5, 70), numbers)
regions = some(
    {
        "shape_attributes": some(
            {
                "name": st.sampled_from(["polygon", "rect", "circle", "ellipse", "polyline", "point", "x"]),
                "all_points_x": st.lists(lengths, max_size=5),
                "all_points_y": st.lists(lengths, max_size=5),
                **dict.fromkeys(("x", "y", "width", "height", "cx", "cy", "r", "rx", "ry", "theta"), lengths),
            }
        ),
        "region_attributes": st.dictionaries(
            st.sampled_from(["class", "note"]), st.sampled_from(["nut", "", None, 3, {"nut": True}]) | odd, max_size=2
        ),
    }
)
via_entries = some(
    {
        "filename": st.sampled_from(["a.png", "..\\a.png", "https://host/a.png", ""]),
        "regions": st.lists(regions | odd, max_size=4) | st.dictionaries(st.text(max_size=2), regions, max_size=3),
        "file_attributes": odd,
    }
)
via_pictures = st.dictionaries(st.text(max_size=3), via_entries | odd, max_size=3)
via = via_pictures | some(
    {
        "_via_settings": odd | st.just({"core": {"default_filepath": "../"}}),
        "_via_img_metadata": via_pictures,
        "_via_attributes": odd | st.just({"region": {"class": {}}}),
    }
)
rows = st.lists(
    st.one_of(
        st.lists(numbers.map(str), max_size=9).map(" ".join),
        st.lists(st.floats(-0.2, 1.2), min_size=4, max_size=8).map(lambda row: "0 " + " ".join(map(str, row))),
    ),
    max_size=5,
).map("\n".join)
names = st.one_of(
    some(
        {
            "names": st.sampled_from([["nut"], {0: "nut"}, {"x": 1}]),
            "train": st.sampled_from(["images", ["."], "../.."]),
        }
    ),
    odd,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with one picture."""
    made = tmp_path_factory.mktemp("fuzz")
    picture(made / "a.png")
    yield made


def read(folder: Path, name: str, text: str, format_: Any) -> None:
    """Reads the folder with one file in it; what is read can be written."""
    (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
    options = ReadOptions(workers=1, format=format_, box_as_mask=True, ignore_as_crowd=True, repair=True, line_width=2)
    try:
        for item in read_source(folder, options).labelled:
            for instance in item.picture.instances:
                assert instance.mask(item.picture.height, item.picture.width).shape == (HEIGHT, WIDTH)
            json.dumps(labelme_document(item.picture))
    except UserError as error:
        assert str(error)
    finally:
        (folder / name).unlink()


@many
@given(labelme | odd)
def test_labelme(folder: Path, document: Any) -> None:
    read(folder, "a.json", json.dumps(document), "labelme")


@many
@given(coco | odd)
def test_coco(folder: Path, document: Any) -> None:
    read(folder, "coco.json", json.dumps(document), "coco")


@many
@given(st.lists(xml | boxes, max_size=5).map("".join))
def test_voc(folder: Path, body: str) -> None:
    read(folder, "a.xml", f"<annotation>{body}</annotation>", "voc")


@many
@given(rows, names)
def test_yolo(folder: Path, text: str, described: Any) -> None:
    (folder / "data.yaml").write_text(json.dumps(described), encoding="utf-8")
    read(folder, "a.txt", text, "yolo")


@many
@given(st.lists(elements, max_size=4).map("".join), st.sampled_from(["{}", '<image name="a.png">{}</image>']))
def test_cvat(folder: Path, body: str, image: str) -> None:
    read(folder, "a.xml", f"<annotations><version>1.1</version>{image.format(body)}</annotations>", "cvat")


@many
@given(via | odd)
def test_via(folder: Path, document: Any) -> None:
    read(folder, "via.json", json.dumps(document), "via")


@many
@given(st.binary(max_size=60), st.sampled_from(["a.json", "a.xml", "a.txt", "data.yaml"]))
def test_any_bytes(folder: Path, content: bytes, name: str) -> None:
    read(folder, name, content.decode("latin-1"), "auto")
