"""No command replaces or removes what the user has put into its output folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.datasets.folders import FolderMaker

COMMANDS = {
    "convert": ["convert", "photos", "OUT"],
    "convert to yolo": ["convert", "photos", "OUT", "--to", "yolo"],
    "augment": ["augment", "data", "OUT", "--copies", "1"],
    "preview": ["preview", "data", "--out", "OUT"],
    "validate": ["validate", "data", "--fix", "OUT"],
    "train": ["train", "config.yaml", "--weights", "none", "--out", "OUT"],
    "evaluate": ["evaluate", "run", "data", "--out", "OUT"],
    "predict": ["predict", "run", "photos", "--out", "OUT"],
    "predict labelme": ["predict", "run", "photos", "--format", "labelme", "--out", "OUT"],
    "explain": ["explain", "run", "photos", "--out", "OUT"],
    "quickstart": ["quickstart", "--out", "OUT"],
}


@pytest.fixture
def place(tmp_path: Path, photos: Path, run_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with what the commands read."""
    place = tmp_path / "place"
    shutil.copytree(photos, place / "photos")
    shutil.copytree(run_folder, place / "run")
    maker = FolderMaker(place / "data", ["nut"])
    maker.picture("train", "a.png", ["nut"], seed=1)
    maker.write()
    (place / "config.yaml").write_text("dataset: data\nclasses: [nut]\n", encoding="utf-8")
    monkeypatch.chdir(place)
    return place


def content(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("files", [["thesis.txt", "taxes/2024.txt"], ["images/메모.txt"], [".git/HEAD"]])
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_folder_of_the_users_is_not_overwritten(run: Runner, place: Path, words: list[str], files: list[str]) -> None:
    for name in files:
        (place / "Documents" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "Documents" / name).write_text("mine", encoding="utf-8")
    before = content(place / "Documents")
    done = run(*[word if word != "OUT" else "Documents" for word in words], "--overwrite")
    assert done.code == 2
    assert Path(files[0]).name in done.err or words[0] == "train"
    assert content(place / "Documents") == before


@pytest.mark.parametrize("folder", [".", "..", "~", "photos", "data"])
def test_folders_that_nobody_means_are_not_overwritten(
    run: Runner, place: Path, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(place / "home"))
    monkeypatch.setenv("USERPROFILE", str(place / "home"))
    (place / "home").mkdir()
    (place / "home" / "a.txt").write_text("mine", encoding="utf-8")
    before = set(place.rglob("*"))
    out = Path(folder).expanduser()
    assert run("convert", "photos", out, "--overwrite").code == 2
    assert set(place.rglob("*")) == before


@pytest.mark.parametrize("name", ["mine.html", "page.htm"])
def test_a_page_of_the_users_is_not_overwritten(run: Runner, place: Path, name: str) -> None:
    (place / name).write_text("<html>mine</html>", encoding="utf-8")
    done = run("validate", "data", "--report", name)
    assert done.code == 2 and "is not a page of yolact-kit" in done.err
    assert (place / name).read_text(encoding="utf-8") == "<html>mine</html>"
    for _ in range(2):
        assert run("validate", "data", "--report", "new.html").code in (0, 1)
