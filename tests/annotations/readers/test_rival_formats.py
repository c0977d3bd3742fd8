"""Labels of several formats in one folder: what is said of each, and which is the better choice."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH, labelled, read, shape
from yolact_kit.annotations.detect_format import file_kinds, recognised_formats
from yolact_kit.annotations.readers.rival_formats import comparison, rivals
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.errors import UserError

ELSEWHERE = [[30, 5], [40, 5], [40, 20]]
HOUR = 3600


def write(folder: Path, objects: int, hours: float) -> None:
    """Two pictures with two labelme shapes each, and their COCO file, written some hours later."""
    for seed, stem in enumerate("ab"):
        labelled(folder, stem, [shape(), shape(ELSEWHERE)], seed)
    images = [{"id": number, "file_name": f"{stem}.png", "width": WIDTH, "height": HEIGHT}
              for number, stem in enumerate("ab")]  # fmt: skip
    rings = [[number for point in points for number in point] for points in (TRIANGLE, ELSEWHERE)]
    annotations = [{"id": number, "image_id": number % 2, "category_id": 1, "segmentation": [rings[number % 2]]}
                   for number in range(objects)]  # fmt: skip
    document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "nut"}]}
    (folder / "train.json").write_text(json.dumps(document), encoding="utf-8")
    for path in folder.glob("*.json"):
        time = 1_700_000_000 + (hours * HOUR if path.name == "train.json" else 0)
        os.utime(path, (time, time))


@pytest.mark.parametrize(
    ("objects", "hours", "best", "words"),
    [
        (4, 2, "labelme", "They list as much, and coco was written later."),
        (4, -2, "labelme", "They list as much, and labelme was written later."),
        (3, -2, "labelme", "They differ, and labelme was written later."),
        (3, 2, "coco", "They differ, and coco was written later."),
        (5, 0.001, "labelme", "They differ, and the times do not tell which is newer."),
    ],
)
def test_labels_beside_their_converted_file(tmp_path: Path, objects: int, hours: float, best: str, words: str) -> None:
    write(tmp_path, objects, hours)
    with pytest.raises(UserError, match="several formats") as caught:
        read(tmp_path)
    message, advice = str(caught.value), caught.value.advice
    assert "2 pictures and 4 objects" in message
    assert f"2 pictures and {objects} objects" in message
    assert words in message
    assert "--from labelme or --from coco" in advice
    assert f'the better choice is `yolact-kit convert "{tmp_path}" OUT --from {best}`' in advice


def test_formats_that_are_not_counted_are_named(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape()])
    (tmp_path / "a.xml").write_text("<annotations><version>1.1</version><image/></annotations>", encoding="utf-8")
    folder = SourceFolder(tmp_path)
    text = comparison(rivals(recognised_formats(folder, file_kinds(folder))))
    assert "has 1 picture and 1 object" in text
    assert "cvat was last written on" in text.lower()
    assert "Not all were counted" in text


def test_boxes_and_rows_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<annotation><object/><object/></annotation>", encoding="utf-8")
    (tmp_path / "a.txt").write_text("0 0.1 0.1 0.5 0.1 0.5 0.5\n", encoding="utf-8")
    labelled(tmp_path, "a", [shape()])
    folder = SourceFolder(tmp_path)
    counts = {rival.format.name: (rival.pictures, rival.objects)
              for rival in rivals(recognised_formats(folder, file_kinds(folder)))}  # fmt: skip
    assert counts == {"labelme": (1, 1), "voc": (1, 2), "yolo": (1, 1)}
