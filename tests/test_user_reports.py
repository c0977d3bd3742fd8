"""What users of other programs reported, tried here: every situation of ``tests/user_reports``, by the real command."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.user_reports import coco, labelme, xml, yolo
from tests.user_reports.report import Report

REPORTS = [*labelme.REPORTS, *coco.REPORTS, *yolo.REPORTS, *xml.REPORTS]
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


def test_the_page_lists_every_report(repository: Path) -> None:
    page = (repository / "docs" / "user-reports.md").read_text(encoding="utf-8")
    links = set(re.findall(r"https://github\.com/([\w./-]+/(?:issues|pull)/\d+)", page))
    assert {report.link for report in REPORTS} <= links


@pytest.mark.parametrize("start", TRACKERS.values(), ids=TRACKERS)
def test_every_tracker_is_there(start: str) -> None:
    assert any(report.link.startswith(start) for report in REPORTS)
