from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.annotations.writers.test_labelme import labelme_reads
from tests.inference.writers.items import CLASSES, HEIGHT, MASKS, WIDTH, item
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.read import read_source
from yolact_kit.inference.sources import SourcePicture
from yolact_kit.inference.writers import WriteOptions
from yolact_kit.inference.writers.labelme import LabelmeWriter, is_labelled_by_a_person, labelled_by_people

SAVE = """
import sys
from labelme._label_file import LabelFile
name = sys.argv[1]
opened = LabelFile(name)
shapes = [{**shape, "mask": None} for shape in opened.shapes]
shapes[0]["points"][0][0] += 5
opened.save(filename=name, shapes=shapes, image_path=opened.image_path, image_height=90, image_width=120,
            image_data=None, other_data=opened.other_data, flags=opened.flags)
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A picture's labelme file."""
    writer = LabelmeWriter(tmp_path / "out", CLASSES, WriteOptions(simplify=0.5))
    writer.add(item(tmp_path / "in"))
    writer.close()
    return tmp_path / "out" / "labelme" / "사진" / "a 1.json"


def test_our_reader_finds_the_objects_again(written: Path, tmp_path: Path) -> None:
    result = read_source(tmp_path / "out" / "labelme", ReadOptions(pictures=tmp_path / "in"))
    [labelled] = result.labelled
    assert [entry.label for entry in labelled.picture.instances] == ["nut", "너트", "너트"]
    for entry, mask in zip(labelled.picture.instances, MASKS, strict=True):
        again = entry.mask(HEIGHT, WIDTH) > 0
        assert (again & mask).sum() / (again | mask).sum() > 0.97
    assert [problem for problem in result.problems if problem.severity == "E"] == []


def test_labelme_opens_it(written: Path) -> None:
    [[name, has_pixels, _, shapes]] = labelme_reads(written)
    assert (name, has_pixels) == ("../../../in/사진/a 1.png", True)
    assert {entry[1] for entry in shapes} == {"polygon"}
    groups = [entry[2] for entry in shapes]
    assert groups == [None, 1, 1, 2, 2]
    assert [entry[4] for entry in shapes] == ["0.900", "0.800", "0.800", "0.750", "0.750"]


def test_a_picture_that_lies_nowhere_is_in_the_file(tmp_path: Path) -> None:
    made = item(tmp_path / "in", "a.png")
    picture = SourcePicture("a.png", Path("a.png"), "https://example.org/a.png")
    LabelmeWriter(tmp_path, CLASSES, WriteOptions()).add(made._replace(picture=picture))
    [[name, has_pixels, _, shapes]] = labelme_reads(tmp_path / "labelme" / "a.json")
    assert (name, has_pixels, len(shapes)) == ("a.jpg", True, 5)


def test_what_a_person_saved_in_labelme_is_never_written_over(written: Path, tmp_path: Path) -> None:
    pytest.importorskip("labelme")
    assert not is_labelled_by_a_person(written)
    subprocess.run([sys.executable, "-c", SAVE, str(written)], check=True)
    saved = written.read_bytes()
    assert is_labelled_by_a_person(written) and labelled_by_people(tmp_path / "out") == [written]
    LabelmeWriter(tmp_path / "out", CLASSES, WriteOptions()).add(item(tmp_path / "in"))
    assert written.read_bytes() == saved


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"shapes": [], "predicted": "0"}'])
def test_any_other_file_is_taken_for_a_persons(tmp_path: Path, content: str) -> None:
    path = tmp_path / "labelme" / "a.json"
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    LabelmeWriter(tmp_path, CLASSES, WriteOptions()).add(item(tmp_path / "in", "a.png"))
    assert path.read_text(encoding="utf-8") == content


def test_what_was_predicted_before_is_replaced(written: Path, tmp_path: Path) -> None:
    LabelmeWriter(tmp_path / "out", CLASSES, WriteOptions()).add(item(tmp_path / "in", found=False))
    assert json.loads(written.read_text(encoding="utf-8"))["shapes"] == []


def test_points_are_coarser_where_more_error_is_allowed(tmp_path: Path) -> None:
    found = item(tmp_path).prediction
    points = [sum(len(shape["points"]) for shape in found.to_labelme(px)["shapes"]) for px in (0.2, 1, 4)]
    assert points == sorted(points, reverse=True) and points[0] > points[2]
    assert all(np.isfinite(shape["points"]).all() for shape in found.to_labelme()["shapes"])
