"""Text of any encoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.textfiles import read_text

TEXT = '{"label": "컵과 받침"}'


@pytest.mark.parametrize(
    ("encoding", "code"),
    [
        ("utf-8", None),
        ("utf-8-sig", "file-not-utf8"),
        ("utf-16", "file-not-utf8"),
        ("utf-16-le", "file-not-utf8"),
        ("utf-16-be", "file-not-utf8"),
        ("utf-32", "file-not-utf8"),
        ("cp949", "file-not-utf8"),
    ],
)
def test_korean_in_every_encoding(tmp_path: Path, encoding: str, code: str | None) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(TEXT.encode(encoding))
    problems = Problems()
    assert read_text(path, problems) == TEXT
    assert [problem.code for problem in problems.found] == ([code] if code else [])


@pytest.mark.parametrize("text", ["杯子", "螺母和螺栓", "塑料标签 label"])
def test_chinese_in_gbk(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(text.encode("gbk"))
    assert read_text(path, Problems()) == text


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "file-empty"), (b" \n\t\0", "file-empty"), (b"abc\xff\xfe\xff{\x81\x20", "file-encoding-unknown")],
)
def test_what_is_no_text(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    problems = Problems()
    assert read_text(path, problems) is None
    assert [(problem.severity, problem.code) for problem in problems.found] == [("E", code)]


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    problems = Problems()
    assert read_text(tmp_path, problems) is None
    assert problems.found[0].code == "file-unreadable"
