from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.datasets.folders import good_folder
from yolact_kit.cli import quickstart as module
from yolact_kit.cli.quickstart import quickstart
from yolact_kit.errors import UserError


def test_a_folder_with_other_things_is_left_alone_even_under_overwrite(tmp_path: Path) -> None:
    mine = tmp_path / "data" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(UserError):
            quickstart(out=tmp_path, overwrite=overwrite)
    assert mine.read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_a_time_that_is_none_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="soon"):
        quickstart(out=tmp_path / "out", duration="soon")
    assert not (tmp_path / "out").exists()


def test_a_step_that_ends_with_1_ends_it(run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = good_folder(tmp_path / "data").write()
    (data / "images" / "v0.png").write_bytes(b"no picture")
    steps = [("checking", ["validate", data]), ("planning", ["config", data, "--out", tmp_path / "config.yaml"])]
    monkeypatch.setattr(module, "_steps", lambda _out, _duration: steps)
    done = run("quickstart", "--out", tmp_path / "out")
    assert done.code == 1
    assert "Step 1" in done.err and "Step 2" not in done.err
