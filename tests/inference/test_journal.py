from __future__ import annotations

from pathlib import Path

import pytest

from tests.inference.writers.items import MASKS, item
from yolact_kit.errors import UserError
from yolact_kit.inference.journal import Journal, is_unfinished, record
from yolact_kit.inference.predict_sources import check_folder

SETTINGS = {"score": 0.3, "formats": ("coco", "csv")}


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    """A journal with one picture in it."""
    made = item(tmp_path / "in")
    begun = Journal(tmp_path, SETTINGS)
    begun.begin()
    begun.add(record(made.prediction, made.picture, made.stem))
    return begun


def test_what_is_remembered_of_a_picture(journal: Journal, tmp_path: Path) -> None:
    [found] = journal.records()
    assert (found["file"], found["stem"]) == ("사진/a 1.png", "사진/a 1")
    assert found["origin"] == str(tmp_path / "in" / "사진" / "a 1.png")
    assert [one["area"] for one in found["objects"]] == [mask.sum() for mask in MASKS]
    assert found["objects"][0]["orientation"] == 0 and found["objects"][2]["orientation"] is None


@pytest.mark.parametrize("torn", ["", '{"file": "b.png", "objects": [', "\x00"])
def test_a_line_that_was_not_finished_is_cut_off(journal: Journal, torn: str) -> None:
    with journal.file.open("a", encoding="utf-8") as stream:
        stream.write(torn)
    assert journal.recover()
    assert len(list(journal.records())) == 1
    journal.add(next(journal.records()))
    assert len(list(journal.records())) == 2


def test_only_the_same_settings_go_on(journal: Journal, tmp_path: Path) -> None:
    assert Journal(tmp_path, SETTINGS).recover()
    with pytest.raises(UserError, match=r"'score' was 0\.3, now it is 0\.5"):
        Journal(tmp_path, {**SETTINGS, "score": 0.5}).recover()


@pytest.mark.parametrize("content", ["", '{"score": 0.'])
def test_a_journal_that_was_never_begun_is_none(tmp_path: Path, content: str) -> None:
    unfinished = Journal(tmp_path, SETTINGS)
    assert not unfinished.recover()
    unfinished.file.write_text(content, encoding="utf-8")
    assert not unfinished.recover()


def test_an_unfinished_folder_may_be_written_and_a_finished_one_not(journal: Journal, tmp_path: Path) -> None:
    check_folder(tmp_path, False, [])
    journal.remove()
    assert not is_unfinished(tmp_path)
    with pytest.raises(UserError, match="not empty"):
        check_folder(tmp_path, False, [])
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be made"):
        check_folder(tmp_path / "file" / "out", False, [])
