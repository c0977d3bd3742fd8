"""What a student gets who gives something wrong: a message, the right exit code, and nothing half-written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Way
from tests.programs import yolact_kit, yolact_kit_here


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture
def photos(shared_data: Path, tmp_path: Path) -> Path:
    """Five labelled photos to spoil."""
    folder = tmp_path / "사진"
    folder.mkdir()
    for stem in ("0", "1", "10", "11", "12"):
        for suffix in (".jpg", ".json"):
            shutil.copy(shared_data / "fruitnuts_labelme" / "images" / (stem + suffix), folder)
    for file in folder.iterdir():
        file.chmod(0o644)
    return folder


def refused(*words: str | Path, cwd: Path, saying: str) -> None:
    """Runs a command that must end with 2 and a message, and leave the folder as it was."""
    before = tree(cwd)
    done = yolact_kit_here(*words, cwd=cwd)
    assert done.returncode == 2, done.stderr
    assert saying in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert tree(cwd) == before


@pytest.mark.parametrize(
    "words",
    [
        ["convert", "없는 폴더", "data"],
        ["validate", "없는 폴더"],
        ["config", "없는 폴더"],
        ["train", "없는 폴더", "--weights", "none"],
        ["evaluate", "없는 폴더", "없는 폴더"],
        ["predict", "없는 폴더", "없는 폴더"],
        ["guide", "없는 폴더", "--yes"],
        ["annotate", "없는 폴더", "--labels", "nut"],
    ],
    ids=lambda words: words[0],
)
def test_a_missing_folder(words: list[str], tmp_path: Path) -> None:
    refused(*words, cwd=tmp_path, saying="없는 폴더")


@pytest.mark.parametrize("name", ["convert", "validate", "config", "train", "evaluate", "predict", "annotate"])
def test_a_command_without_its_arguments(name: str, tmp_path: Path) -> None:
    saying = "There is nothing to train" if name == "train" else "Missing argument"
    refused(name, cwd=tmp_path, saying=saying)


def test_the_process_of_a_refused_command_ends_with_2(tmp_path: Path) -> None:
    done = yolact_kit("predict", "없는 폴더", "없는 폴더", cwd=tmp_path)
    assert done.returncode == 2
    assert "없는 폴더" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["convert", "empty", "data"], ["validate", "empty"], ["config", "empty"]])
def test_an_empty_folder(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(*words, cwd=tmp_path, saying="empty")


def test_predict_on_an_empty_folder(way: Way, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused("predict", way.run, "empty", cwd=tmp_path, saying="empty")


def test_a_broken_json_among_good_ones_is_named_and_left_out(photos: Path, tmp_path: Path) -> None:
    broken = photos / "1.json"
    broken.write_text(broken.read_text(encoding="utf-8")[:500], encoding="utf-8")
    done = yolact_kit_here("convert", photos, "data", "--val", "0.25", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "1.json" in done.stderr
    assert "Traceback" not in done.stderr
    document = json.loads((tmp_path / "data" / "conversion.json").read_text(encoding="utf-8"))
    assert [problem["file"] for problem in document["problems"] if problem["severity"] == "E"] == ["1.json"]
    files = [path.name for path in (tmp_path / "data" / "images").rglob("*.jpg")]
    assert sorted(files) == ["0.jpg", "10.jpg", "11.jpg", "12.jpg"]


def test_a_broken_json_under_strict_writes_nothing(photos: Path, tmp_path: Path) -> None:
    (photos / "1.json").write_text("{", encoding="utf-8")
    refused("convert", photos, "data", "--strict", cwd=tmp_path, saying="1.json")


def test_a_picture_that_is_no_picture_is_named_and_left_out(photos: Path, tmp_path: Path) -> None:
    (photos / "10.jpg").write_text("not a picture", encoding="utf-8")
    done = yolact_kit_here("convert", photos, "data", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "10.jpg" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "data").rglob("10.jpg"))


def test_predict_names_a_picture_that_is_none_and_goes_on(way: Way, photos: Path, tmp_path: Path) -> None:
    (photos / "10.jpg").write_text("not a picture", encoding="utf-8")
    done = yolact_kit_here("predict", way.run, photos, "--out", "found", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "10.jpg" in done.stderr
    assert "Traceback" not in done.stderr
    document = json.loads((tmp_path / "found" / "predictions.json").read_text(encoding="utf-8"))
    names = sorted(image["file_name"] for image in document["images"])
    assert names == ["0.jpg", "1.jpg", "11.jpg", "12.jpg"]


def test_predict_on_no_picture_at_all_writes_nothing(way: Way, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("not a picture", encoding="utf-8")
    before = tree(tmp_path)
    done = yolact_kit_here("predict", way.run, "a.jpg", "--out", "found", cwd=tmp_path)
    assert done.returncode in (1, 2)
    assert "a.jpg" in done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode == 2:
        assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("change", "saying"),
    [
        (("epochs:", "epoch:"), "train.epochs"),
        (("epochs: ", "epochs: viele # "), "train.epochs"),
        (("epochs: ", "epochs: -"), "train.epochs"),
        (("model:", "model: ["), "config"),
    ],
    ids=["misspelt key", "wrong type", "wrong range", "no YAML"],
)
def test_a_wrong_configuration(change: tuple[str, str], saying: str, way: Way, tmp_path: Path) -> None:
    text = (way.root / "config.yaml").read_text(encoding="utf-8")
    lines = [
        line if line.lstrip().startswith("#") else line.replace(*change) for line in text.splitlines(keepends=True)
    ]
    (tmp_path / "config.yaml").write_text("".join(lines), encoding="utf-8")
    assert "".join(lines) != text
    refused("train", "config.yaml", "--weights", "none", "--out", "run", cwd=tmp_path, saying=saying)


@pytest.mark.parametrize(
    ("options", "saying"),
    [
        (["--set", "train.epoch=3"], "train.epochs"),
        (["--set", "train.epochs=three"], "train.epochs"),
        (["--set", "train.epochs"], "train.epochs"),
        (["--time", "soon"], "soon"),
        (["--weights", "nothing.safetensors"], "nothing.safetensors"),
    ],
)
def test_wrong_options_of_train(options: list[str], saying: str, way: Way, tmp_path: Path) -> None:
    given = [] if "--weights" in options else ["--weights", "none"]
    refused("train", way.root / "config.yaml", "--out", "run", *given, *options, cwd=tmp_path, saying=saying)


def test_weights_that_are_none(way: Way, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"not weights")
    cut = (way.run / "weights" / "best.safetensors").read_bytes()[:5000]
    (tmp_path / "cut.safetensors").write_bytes(cut)
    (tmp_path / "a.jpg").write_bytes((way.root / "new" / "0.jpg").read_bytes())
    for name in ("w.safetensors", "cut.safetensors"):
        refused("predict", name, "a.jpg", "--out", "found", cwd=tmp_path, saying=name)
        refused("evaluate", name, way.data, "--out", "measured", cwd=tmp_path, saying=name)


def test_a_split_that_is_not_there(way: Way, tmp_path: Path) -> None:
    refused("evaluate", way.run, way.data, "--split", "tset", "--out", "e", cwd=tmp_path, saying="test")
