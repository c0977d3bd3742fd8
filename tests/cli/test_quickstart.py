from __future__ import annotations

from pathlib import Path

import pytest

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
