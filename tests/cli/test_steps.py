from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.datasets.folders import good_folder
from yolact_kit.cli.steps import plain_command, run_step


@pytest.mark.skipif(sys.platform == "win32", reason="the quoting of POSIX shells")
def test_a_plain_command_can_be_pasted_into_the_shell() -> None:
    words = ["convert", "내 사진", "it's", "--map", "a=b;c"]
    assert shlex.split(plain_command(words)) == ["yolact-kit", *words]


def test_a_step_prints_its_command_and_ends_with_the_code_of_its_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run_step("Looking", ["validate", "없는 폴더"])
    assert caught.value.code == 2
    printed = capsys.readouterr().err
    assert "Looking" in printed
    assert "$ yolact-kit validate" in printed
    assert "없는 폴더" in printed


def test_the_code_of_a_step_that_ends_well_is_returned(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_step("Help", ["validate", "--help"]) == 0
    assert "Usage" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="the quoting of POSIX shells")
def test_the_next_command_can_be_copied(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    good_folder(tmp_path / "데이터").write()
    converted = run("convert", "데이터", "내 데이터")
    planned = run("config", "내 데이터", "--out", "내 설정.yaml")
    assert "Next: yolact-kit validate '내 데이터'\n" in converted.err
    assert "Next: yolact-kit train '내 설정.yaml'\n" in planned.err
