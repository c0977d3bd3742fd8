"""Whatever a file holds, reading ends with pictures and problems, or with an error of our own.

``FUZZ_EXAMPLES=10000 pytest tests/annotations/test_fuzz.py`` looks longer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
@given(st.binary(max_size=60), st.sampled_from(["a.json", "a.xml", "a.txt", "data.yaml"]))
def test_any_bytes(folder: Path, content: bytes, name: str) -> None:
    read(folder, name, content.decode("latin-1"), "auto")
