"""What users of other programs reported, tried here: every situation of ``tests/user_reports``, by the real command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.annotations.making import picture
from tests.cli.runner import Runner
from tests.evaluation.test_split_evaluation import make_dataset
from tests.tiny_model import save_tiny_model
from tests.user_reports import coco, labelme, xml, yolo
from tests.user_reports.report import Report

REPORTS = [*labelme.REPORTS, *coco.REPORTS, *yolo.REPORTS, *xml.REPORTS]
COMMANDS = {"dbolya/yolact/issues/365", "ultralytics/ultralytics/issues/26291"}
"""Reports of commands other than ``convert``."""
TRACKERS = {
    "labelme": "wkentaro/labelme/",
    "CVAT": "cvat-ai/cvat/",
    "Label Studio": "HumanSignal/label-studio",
    "Roboflow": "roboflow/",
    "ultralytics": "ultralytics/",
    "FiftyOne": "voxel51/fiftyone/",
    "datumaro": "open-edge-platform/datumaro/",
    "X-AnyLabeling": "CVHub520/X-AnyLabeling/",
    "YOLACT": "dbolya/yolact/",
}


@pytest.mark.parametrize("report", REPORTS, ids=[report.make.__name__ for report in REPORTS])
def test_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str], report: Report) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    report.make(source)
    files = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    ran = Runner(capsys)("convert", source, out, *report.options)
    text = " ".join(ran.err.split())
    assert ran.code == report.code, ran.err
    assert [words for words in report.says if words not in text] == [], ran.err
    if report.objects is None:
        assert not out.exists()
    else:
        counts = json.loads((out / "conversion.json").read_text(encoding="utf-8"))["counts"]
        assert counts["objects"] == report.objects, ran.err
        assert not report.labels or counts["by_class"] == report.labels
    assert {path: path.read_bytes() for path in source.rglob("*") if path.is_file()} == files


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("run") / "train-1")


@pytest.mark.parametrize("name", ["25.png", "25.JPEG", "없는 폴더/25.png"])
def test_a_picture_that_is_not_there(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """dbolya/yolact/issues/365: the file has another suffix."""
    picture(tmp_path / "25.jpg")
    ran = Runner(capsys)("predict", weights, tmp_path / name, "--out", tmp_path / "out")
    assert (ran.code, (tmp_path / "out").exists()) == (2, False)
    text = " ".join(ran.err.split())
    assert "does not exist" in text
    assert ("There is '25.jpg'." in text) == ("/" not in name)


def test_a_split_that_is_not_there(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """ultralytics/ultralytics/issues/26291: the split of the test is asked for, and there is none."""
    data = make_dataset(tmp_path / "data")
    ran = Runner(capsys)("evaluate", weights, data, "--split", "test", "--out", tmp_path / "out")
    assert (ran.code, (tmp_path / "out").exists()) == (2, False)
    assert "has no split 'test'. Its splits: val." in " ".join(ran.err.split())


def test_a_set_whose_only_object_is_in_val(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """dbolya/yolact/issues/839: pictures without objects are trained on; here val gets the only object."""
    source, data = tmp_path / "in", tmp_path / "data"
    source.mkdir()
    coco.pictures_without_objects(source)
    assert Runner(capsys)("convert", source, data).code == 0
    ran = Runner(capsys)("config", data, "--out", tmp_path / "config.yaml")
    assert (ran.code, "convert again with another --seed" in " ".join(ran.err.split())) == (2, True)
    assert Runner(capsys)("convert", source, data, "--overwrite", "--seed", "2").code == 0
    assert Runner(capsys)("config", data, "--out", tmp_path / "config.yaml").code == 0


def test_the_page_lists_every_report(repository: Path) -> None:
    page = (repository / "docs" / "user-reports.md").read_text(encoding="utf-8")
    links = set(re.findall(r"https://github\.com/([\w./-]+/(?:issues|pull)/\d+)", page))
    assert {report.link for report in REPORTS} | COMMANDS <= links


@pytest.mark.parametrize("start", TRACKERS.values(), ids=TRACKERS)
def test_every_tracker_is_there(start: str) -> None:
    assert any(report.link.startswith(start) for report in REPORTS)
