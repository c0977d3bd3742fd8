"""Outputs come into being as a whole or not at all."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

import pytest

from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text, check_out, new_folder, run_folder, weights_files
from yolact_kit.output_record import NAME


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != NAME)


def make_output(out: Path, name: str = "old.txt") -> None:
    """A folder as a command writes it."""
    with new_folder(out) as folder:
        (folder / name).write_text("old", encoding="utf-8")


def test_a_text_is_written_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "새 폴더" / "글.txt"
    atomic_write_text(path, "가\n나")
    atomic_write_text(path, "다\r\n")
    assert path.read_bytes() == "다\r\n".encode()
    assert names(path.parent) == ["글.txt"]


def test_a_text_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    atomic_write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        atomic_write_text(path, "\ud800")
    assert path.read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_text_below_a_file_is_an_error_for_people(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    for path in (tmp_path / "file" / "a.txt", tmp_path / "file" / "folder" / "a.txt"):
        with pytest.raises(UserError, match=r"a\.txt' cannot be written"):
            atomic_write_text(path, "text")


def test_a_folder_appears_when_it_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    with new_folder(out) as folder:
        (folder / "a.txt").write_text("a", encoding="utf-8")
        assert not out.exists()
    assert names(out) == ["a.txt"]
    assert names(out.parent) == ["out"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_folder_that_fails_leaves_nothing(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), new_folder(tmp_path / "out") as folder:
        (folder / "a.txt").write_text("a", encoding="utf-8")
        raise error
    assert names(tmp_path) == []


def test_a_folder_that_is_not_empty_needs_overwrite(tmp_path: Path) -> None:
    out = tmp_path / "out"
    make_output(out)
    with pytest.raises(UserError, match="not empty"), new_folder(out):
        pass
    with pytest.raises(ValueError, match="halfway"), new_folder(out, overwrite=True):
        raise ValueError("halfway")
    assert names(out) == ["old.txt"]
    with new_folder(out, overwrite=True) as folder:
        (folder / "new.txt").write_text("new", encoding="utf-8")
    assert names(out) == ["new.txt"]
    assert names(tmp_path) == ["out"]


def test_the_old_folder_comes_back_where_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    make_output(out)
    rename = Path.rename

    def rename_but_the_new_one(path: Path, target: Path) -> Path:
        if (path / "new.txt").exists():
            raise PermissionError(errno.EACCES, "in use", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", rename_but_the_new_one)
    with pytest.raises(PermissionError), new_folder(out, overwrite=True) as folder:
        (folder / "new.txt").write_text("new", encoding="utf-8")
    assert names(out) == ["old.txt"]
    assert names(tmp_path) == ["out"]


def test_what_another_program_has_written_meanwhile_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(UserError, match="Somebody else") as caught, new_folder(out) as folder:
        (folder / "mine.txt").write_text("mine", encoding="utf-8")
        out.mkdir()
        (out / "theirs.txt").write_text("theirs", encoding="utf-8")
    assert names(out) == ["theirs.txt"]
    assert names(tmp_path / "out-2") == ["mine.txt"]
    assert "out-2" in caught.value.advice
    assert names(tmp_path) == ["out", "out-2"]


def test_the_current_folder_is_filled_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with new_folder(".") as folder:
        (folder / "a.txt").write_text("a", encoding="utf-8")
    assert Path("a.txt").exists()
    with pytest.raises(UserError, match="not a folder to overwrite"):
        check_out(".", overwrite=True)


def test_inputs_are_safe(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    (source / "a.txt").write_text("a", encoding="utf-8")
    for out in (source, source / "sub", source / ".." / "in"):
        with pytest.raises(UserError, match="lies inside the input"):
            check_out(out, overwrite=True, inputs=[source])
    with pytest.raises(UserError, match="would delete the input"):
        check_out(tmp_path, overwrite=True, inputs=[source])
    with pytest.raises(UserError, match="is the one that the input"):
        check_out(source, overwrite=True, inputs=[source / "a.txt"])
    check_out(tmp_path / "in2", inputs=[source])
    with pytest.raises(UserError, match="is a file"):
        check_out(source / "a.txt")


def test_a_folder_that_cannot_be_made_is_told_before_any_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot be made"):
        check_out(tmp_path / "file" / "out")
    (tmp_path / "mine").mkdir()
    check_out(tmp_path / "mine" / "out")
    assert not list((tmp_path / "mine").iterdir())

    def refused(dir: Path) -> str:
        raise OSError(errno.EROFS, "Read-only file system", str(dir))

    monkeypatch.setattr(tempfile, "mkdtemp", refused)  # tests may run as root, who may write nearly everywhere
    with pytest.raises(UserError, match="Read-only file system"):
        check_out(tmp_path / "mine" / "out")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_a_place_that_takes_no_folder_whoever_asks(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be made"):
        check_out("/proc/out")


def test_run_folders_are_counted(tmp_path: Path) -> None:
    assert run_folder("train", tmp_path) == tmp_path / "train-1"
    (tmp_path / "train-1").mkdir()
    assert run_folder("train", tmp_path) == tmp_path / "train-2"


def test_the_files_of_weights(tmp_path: Path) -> None:
    best = tmp_path / "run" / "weights" / "best.safetensors"
    atomic_write_text(best, "")
    assert weights_files(str(tmp_path / "run")) == weights_files(str(best)) == [best]
    assert weights_files("coco:yolact_base") == weights_files("none") == weights_files(None) == []
