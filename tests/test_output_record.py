"""Only what a command wrote, and nobody has changed since, is replaced or removed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from yolact_kit import output_record
from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text, check_out, new_folder, replacing
from yolact_kit.output_record import NAME, begin_record, foreign_files, remove_own_files, settle_record


def write(path: Path, text: str = "mine") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder that was written as a whole."""
    with new_folder(tmp_path / "결과") as folder:
        for name in ("dataset.yaml", "annotations/train.json", "images/너트/a 1.png"):
            write(folder / name, f"ours: {name}")
    return tmp_path / "결과"


@pytest.fixture
def growing(tmp_path: Path) -> Path:
    """A folder that files are added to one by one, as in a training run."""
    begin_record(tmp_path / "run", ["train.log", "tensorboard/*"])
    for name in ("config.yaml", "weights/best.safetensors", "progress/step-1/a.jpg"):
        atomic_write_text(tmp_path / "run" / name, f"ours: {name}")
    write(tmp_path / "run" / "train.log", "line\n")
    write(tmp_path / "run" / "tensorboard" / "events.out.tfevents.1", "rows")
    return tmp_path / "run"


def refuses(folder: Path) -> str:
    """The refusal to overwrite a folder, which leaves it as it is; empty if there is none."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and not path.is_symlink()}
    try:
        check_out(folder, overwrite=True)
    except UserError as error:
        with pytest.raises(UserError), new_folder(folder, overwrite=True):
            pass
        assert before == {path: path.read_bytes() for path in before}
        return error.message
    return ""


def test_what_was_written_is_replaced(out: Path, growing: Path) -> None:
    for folder in (out, growing):
        assert refuses(folder) == ""
        with new_folder(folder, overwrite=True) as partial:
            write(partial / "new.txt")
        assert sorted(path.name for path in folder.iterdir()) == [NAME, "new.txt"]


@pytest.mark.parametrize(
    "name", ["notes.txt", "images/너트/메모.txt", ".hidden", ".git/HEAD", "images/a.png.bak", "mine/deep/thesis.docx"]
)
def test_a_file_of_the_users_among_ours(out: Path, growing: Path, name: str) -> None:
    for folder in (out, growing):
        write(folder / name)
        assert f"'{Path(name)}'" in refuses(folder)


@pytest.mark.parametrize("text", ["ours: annotations/train.JSON", "longer than it was before", ""])
def test_a_changed_file_of_ours_is_the_users_work(out: Path, text: str) -> None:
    file = out / "annotations" / "train.json"
    status = file.stat()
    file.write_text(text, encoding="utf-8")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert "'annotations" in refuses(out)


def test_files_that_are_rewritten_and_that_grow_stay_ours(growing: Path) -> None:
    atomic_write_text(growing / "weights" / "best.safetensors", "better")
    write(growing / "train.log", "line\nline\n")
    write(growing / "tensorboard" / "events.out.tfevents.2", "rows")
    assert refuses(growing) == ""
    write(growing / "config.yaml", "changed by hand")
    assert "'config.yaml'" in refuses(growing)


@pytest.mark.parametrize("how", [shutil.copytree, shutil.move])
def test_a_copied_or_moved_folder_is_still_ours(out: Path, tmp_path: Path, how: Callable[[Path, Path], object]) -> None:
    how(out, tmp_path / "elsewhere")
    for path in (tmp_path / "elsewhere").rglob("*"):
        os.utime(path, (1e9, 1e9))
    assert refuses(tmp_path / "elsewhere") == ""


def test_outputs_inside_of_an_output_have_their_own_record(growing: Path) -> None:
    with new_folder(growing / "evaluation") as folder:
        write(folder / "metrics.json", "{}")
    assert refuses(growing) == ""
    write(growing / "evaluation" / "metrics.json", "changed")
    assert "metrics.json" in refuses(growing)


def test_the_first_foreign_files_are_named_and_the_rest_is_not_looked_for(out: Path) -> None:
    for number in range(9):
        write(out / f"mine-{number}.txt")
    message = refuses(out)
    assert "'mine-0.txt', 'mine-1.txt', 'mine-2.txt' and more" in message and "mine-3" not in message


@pytest.mark.parametrize(
    "name", [".DS_Store", "images/Thumbs.db", ".결과.0123abcd.partial/a.txt", ".a.txt.0123abcd.partial"]
)
def test_what_file_managers_and_killed_processes_leave_is_no_hindrance(out: Path, name: str) -> None:
    write(out / name)
    assert refuses(out) == ""


def test_a_folder_without_anything_of_ours(tmp_path: Path) -> None:
    write(tmp_path / "Documents" / "taxes" / "2024.txt")
    write(tmp_path / "Documents" / "thesis.txt")
    assert "'thesis.txt'" in refuses(tmp_path / "Documents")


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")
def test_links_are_judged_by_where_they_lead_and_never_followed(tmp_path: Path) -> None:
    write(tmp_path / "photos" / "a.png")
    with new_folder(tmp_path / "out") as folder:
        (folder / "a.png").symlink_to(tmp_path / "photos" / "a.png")
    assert refuses(tmp_path / "out") == ""
    for name, target in (("more", "photos"), ("b.png", "photos/a.png")):
        (tmp_path / "out" / name).symlink_to(tmp_path / target)
        assert f"'{name}'" in refuses(tmp_path / "out")
        (tmp_path / "out" / name).unlink()
    (tmp_path / "link").symlink_to(tmp_path / "out")
    with pytest.raises(UserError, match="is a link"), new_folder(tmp_path / "link", overwrite=True):
        pass
    with new_folder(tmp_path / "out", overwrite=True) as folder:
        write(folder / "new.txt")
    assert (tmp_path / "photos" / "a.png").read_text(encoding="utf-8") == "mine"


def test_a_file_that_comes_while_the_new_folder_is_written(out: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Somebody else") as caught, new_folder(out, overwrite=True) as folder:
        write(folder / "new.txt", "new")
        write(out / "thesis.txt")
    assert (out / "thesis.txt").read_text(encoding="utf-8") == "mine"
    assert (out / "dataset.yaml").exists()
    assert "결과-2" in caught.value.advice and (tmp_path / "결과-2" / "new.txt").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"결과", "결과-2"}


def test_removing_leaves_what_is_not_ours(growing: Path) -> None:
    write(growing / "weights" / "notes.txt")
    write(growing / "config.yaml", "changed by hand")
    remove_own_files(growing)
    left = sorted(path.relative_to(growing).as_posix() for path in growing.rglob("*") if path.is_file())
    assert left == ["config.yaml", "weights/notes.txt"]


def test_a_process_that_dies_between_recording_and_renaming(growing: Path) -> None:
    with pytest.raises(KeyboardInterrupt), replacing(growing / "config.yaml") as beside:
        beside.write_text("new", encoding="utf-8")
        output_record.record_file(growing / "config.yaml", beside)
        raise KeyboardInterrupt
    with (growing / NAME).open("a", encoding="utf-8") as record:
        record.write('{"file": "half a li')
    atomic_write_text(growing / "diagnosis.txt", "written later")
    assert refuses(growing) == ""


def test_a_large_file_is_not_read(out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output_record, "_LARGE", 3)
    with new_folder(tmp_path / "video") as folder:
        write(folder / "a.mp4", "large")
    monkeypatch.setattr(output_record, "_digest", lambda _path: pytest.fail("it was read"))
    assert refuses(tmp_path / "video") == ""


def test_a_settled_record_does_not_tell_the_order(tmp_path: Path) -> None:
    for folder, order in (("a", "xyy"), ("b", "yx")):
        begin_record(tmp_path / folder)
        for name in order:
            atomic_write_text(tmp_path / folder / name, name)
        settle_record(tmp_path / folder)
        assert refuses(tmp_path / folder) == ""
    assert (tmp_path / "a" / NAME).read_bytes() == (tmp_path / "b" / NAME).read_bytes()
    assert "about" in json.loads((tmp_path / "a" / NAME).read_text(encoding="utf-8").splitlines()[0])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="this user may read everything")
def test_a_folder_that_cannot_be_read_is_not_replaced(out: Path) -> None:
    (out / "images").chmod(0)
    try:
        assert "cannot be read" in refuses(out)
    finally:
        (out / "images").chmod(0o755)


def test_the_current_folder_is_never_searched(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(out / "images")
    monkeypatch.setattr("yolact_kit.files.refuse_foreign", lambda *_: pytest.fail("it was searched"))
    with pytest.raises(UserError, match="current folder"):
        check_out(out, overwrite=True)
    assert list(foreign_files(out)) == []
