from __future__ import annotations

import io
import json
import os
import shutil
import signal
import string
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from tests.annotations.making import labelled, picture, shape
from tests.annotations.readers.test_via import entry, export, region, via
from tests.cli.runner import Ran, Runner
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.cli.guide_project import STEPS, Project, find_project, open_project
from yolact_kit.cli.guide_source import imagenet_weights_at_hand
from yolact_kit.cli.guide_steps import step_command
from yolact_kit.cli.guide_texts import TEXTS, default_language
from yolact_kit.errors import UserError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    return tmp_path


@pytest.fixture
def photos(shared_data: Path, here: Path) -> Path:
    folder = here / "내 사진"
    folder.mkdir()
    for stem in ("0", "1", "10", "11", "12"):
        for suffix in (".jpg", ".json"):
            shutil.copyfile(shared_data / "fruitnuts_labelme" / "images" / (stem + suffix), folder / (stem + suffix))
    return folder


@pytest.fixture
def answer(run: Runner, monkeypatch: pytest.MonkeyPatch):
    def with_input(lines: str, *words: str | Path) -> Ran:
        monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines.split("|"))))
        return run(*words)

    return with_input


def _done(folder: str) -> list[str]:
    return list(yaml.safe_load(Path(folder, "project.yaml").read_text(encoding="utf-8"))["done"])


def _answers(folder: str) -> dict[str, object]:
    return yaml.safe_load(Path(folder, "project.yaml").read_text(encoding="utf-8"))["answers"]


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_wrong_folders_get_the_right_message_and_nothing_is_written(run: Runner, here: Path, lang: str) -> None:
    (here / "빈 폴더").mkdir()
    (here / "words").mkdir()
    (here / "words" / "a.txt").write_text("hello", encoding="utf-8")
    before = sorted(here.rglob("*"))
    sayings = {"nowhere": ("exist", "없습니다"), "빈 폴더": ("is empty", "비어"), "words": ("neither", "도 없습니다"),
               "words/a.txt": ("not a folder", "폴더가 아닙니다")}  # fmt: skip
    for name, saying in sayings.items():
        done = run("guide", name, "--yes", "--lang", lang)
        assert done.code == 2, done.err
        assert name in done.err
        assert saying[lang == "ko"] in done.err
        assert "Traceback" not in done.err
    assert sorted(here.rglob("*")) == before


def test_pictures_without_labels_are_to_be_labelled(run: Runner, answer, photos: Path) -> None:
    for file in photos.glob("*.json"):
        file.unlink()
    done = run("guide", photos.name, "--yes")
    assert done.code == 2
    assert "5 pictures, but no labels" in done.err
    assert "yolact-kit annotate '내 사진' --labels a,b" in done.err
    refused = answer("n", "guide", photos.name)
    assert refused.code == 2
    assert "labelme" in refused.err
    assert not Path("내 사진-project").exists()


def test_pictures_with_masks_are_not_to_be_labelled(run: Runner, photos: Path) -> None:
    (photos / "masks").mkdir()
    for file in photos.glob("*.json"):
        numbers = np.zeros((40, 60), dtype=np.uint8)
        numbers[5:20, 5:20], numbers[5:20, 30:50] = 1, 2
        Image.fromarray(numbers).save(photos / "masks" / f"{file.stem}.png")
        file.unlink()
    done = run("guide", photos.name, "--yes")
    assert done.code == 2
    assert "yolact-kit convert '내 사진' OUT --masks '내 사진/masks' --classes NAME" in done.err


def test_without_a_folder_it_asks_and_under_yes_it_says_so(run: Runner, answer, photos: Path) -> None:
    assert run("guide", "--yes").code == 2
    done = answer(f"{photos}|1m|n", "guide")
    assert done.code == 0
    assert _answers("내 사진-project")["time"] == "1m"


def test_steps_are_shown_before_they_run_and_taken_up_again(answer, photos: Path) -> None:
    first = answer("soon|45s|y|n", "guide", photos.name)
    assert first.code == 0, first.err
    assert "'soon' is not a length of time" in first.err
    assert "yolact-kit convert '내 사진' '내 사진-project/data' --val 0.2" in first.err
    assert "yolact-kit guide '내 사진' --out '내 사진-project'" in first.err
    assert _done("내 사진-project") == ["convert"]
    second = answer("y|y|n", "guide", photos.name)
    assert "1 of 6 steps are done" in second.err
    assert "yolact-kit convert" not in second.err
    assert _done("내 사진-project") == ["convert", "validate", "config"]
    assert "--time 45s --out '내 사진-project/run'" in second.err
    third = answer("n", "guide", "--lang", "ko")
    assert "3단계를 마쳤습니다" in third.err
    assert "모델 학습" in third.err


def test_boxes_without_outlines_are_asked_about(answer, shared_data: Path, here: Path) -> None:
    folder = here / "cells"
    for path in sorted((shared_data / "bccd_voc_boxes" / "Annotations").glob("*.xml"))[:3]:
        picture = shared_data / "bccd_voc_boxes" / "JPEGImages" / f"{path.stem}.jpg"
        for file in (path, picture):
            (folder / file.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / file.parent.name / file.name)
    refused = answer("n", "guide", "cells")
    assert refused.code == 2
    assert "rectangles" in refused.err
    assert not Path("cells-project").exists()
    taken = answer("y|1m|y|n", "guide", "cells")
    assert taken.code == 0, taken.err
    assert "--box-as-mask" in taken.err
    assert _done("cells-project") == ["convert"]


def test_two_kinds_of_labels_are_asked_about(answer, photos: Path) -> None:
    for file in sorted(photos.glob("*.json"))[:4]:
        file.unlink()
    xml = "<annotation><filename>0.jpg</filename><size><width>8</width><height>6</height></size></annotation>"
    (photos / "0.xml").write_text(xml, encoding="utf-8")
    (photos / "1.txt").write_text("0 0.1 0.1 0.5 0.1 0.3 0.7\n", encoding="utf-8")
    done = answer("neither|labelme|1m|n", "guide", photos.name)
    assert done.code == 0, done.err
    assert "voc, yolo" in done.err
    assert "--from labelme" in done.err


def test_which_attribute_is_the_class_is_asked(answer, run: Runner, here: Path) -> None:
    for seed, name in enumerate(("nut", "bolt", "gear")):
        picture(here / "regions" / f"{name}.png", seed)
    entries = [
        entry(region("polygon", {"부품": name, "colour": "red"}), filename=f"{name}.png")
        for name in ("nut", "bolt", "gear")
    ]
    via(here / "regions", export(*entries))
    refused = run("guide", "regions", "--yes")
    assert refused.code == 2
    assert "--class-attribute" in refused.err
    done = answer("size|부품|1m|y|n", "guide", "regions")
    assert done.code == 0, done.err
    assert "--class-attribute '부품'" in done.err
    assert "bolt" in done.err
    assert _done("regions-project") == ["convert"]


def test_pictures_elsewhere_are_asked_for(answer, photos: Path, here: Path) -> None:
    (here / "elsewhere").mkdir()
    for path in photos.glob("*.jpg"):
        path.rename(here / "elsewhere" / path.name)
    for path in photos.glob("*.json"):
        document = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps({**document, "imageData": None}), encoding="utf-8")
    done = answer("elsewhere|1m|n", "guide", photos.name)
    assert done.code == 0, done.err
    assert "--pictures elsewhere" in done.err


def test_a_project_of_another_folder_is_left_alone(answer, run: Runner, photos: Path, here: Path) -> None:
    answer("1m|n", "guide", photos.name, "--out", "project")
    shutil.copytree(photos, here / "other")
    done = run("guide", "other", "--out", "project", "--yes")
    assert done.code == 2
    assert "내 사진" in done.err
    (here / "mine").mkdir()
    (here / "mine" / "a.txt").write_text("mine", encoding="utf-8")
    assert run("guide", "other", "--out", "mine", "--yes").code == 2
    assert [path.name for path in (here / "mine").iterdir()] == ["a.txt"]


def test_a_damaged_project_is_refused(run: Runner, photos: Path) -> None:
    Path("project").mkdir()
    for text in ("", "{", "source: 3", "source: a\nanswers: 3"):
        Path("project/project.yaml").write_text(text, encoding="utf-8")
        done = run("guide", photos.name, "--out", "project", "--yes")
        assert done.code == 2
        assert "project.yaml" in done.err


@pytest.mark.parametrize("words", [["--time", "soon"], ["--lang", "fr"]])
def test_wrong_options_end_with_2(run: Runner, photos: Path, words: list[str]) -> None:
    done = run("guide", photos.name, "--yes", *words)
    assert done.code == 2
    assert words[1] in done.err
    assert not Path("내 사진-project").exists()


def test_inside_the_source_the_project_lies_beside_it(answer, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(photos)
    done = answer("1m|y|n", "guide", ".")
    assert done.code == 0, done.err
    assert _done(str(photos.parent / "내 사진-project")) == ["convert"]


def test_every_text_has_the_same_placeholders_in_both_languages() -> None:
    for key, (english, korean) in TEXTS.items():
        names = [{name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, korean)]
        assert names[0] == names[1], key
        assert any("\uac00" <= letter <= "\ud7a3" for letter in korean), key


@pytest.mark.parametrize(("value", "language"), [("ko_KR.UTF-8", "ko"), ("en_US.UTF-8", "en"), ("C", "en")])
def test_the_language_is_the_locales(value: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", value)
    assert default_language() == language


def test_a_project_is_read_as_it_was_saved(here: Path) -> None:
    project = Project(here / "p", here / "사진", {"time": "4m", "pictures": None}, {"convert": "yolact-kit convert"})
    project.save()
    assert open_project(here / "p", here / "사진", "en") == project
    assert find_project() == Path("p")
    with pytest.raises(UserError):
        open_project(here / "p", here / "other", "en")


def test_an_interrupted_training_is_gone_on_with_and_other_steps_are_done_over(here: Path) -> None:
    project = Project(Path("p"), here / "사진", {"time": "4m", "weights": "none"})
    assert "--overwrite" not in step_command("config", project)
    (here / "p" / "run" / "checkpoints").mkdir(parents=True)
    (here / "p" / "config.yaml").touch()
    assert step_command("config", project)[-1] == "--overwrite"
    assert step_command("train", project)[-1] == "--overwrite"
    (here / "p" / "run" / "checkpoints" / "last.ckpt").touch()
    assert step_command("train", project) == ["train", "--resume", Path("p/run"), "--time", "4m"]


def test_weights_in_torchs_cache_are_at_hand(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchvision.models import get_model_weights

    monkeypatch.setenv("TORCH_HOME", str(here))
    name = get_model_weights("resnet18").IMAGENET1K_V1.url.rpartition("/")[2]
    (here / "hub" / "checkpoints").mkdir(parents=True)
    (here / "hub" / "checkpoints" / name).touch()
    assert imagenet_weights_at_hand("resnet18")


@pytest.mark.slow
def test_the_whole_way_without_questions(run: Runner, photos: Path) -> None:
    done = run("guide", photos.name, "--yes", "--time", "10s")
    assert done.code == 0, done.err
    assert _done("내 사진-project") == list(STEPS)
    assert Path("내 사진-project/side_by_side/overview.jpg").is_file()
    assert "overview.jpg" in done.err
    again = run("guide", photos.name, "--yes")
    assert again.code == 0
    assert "All steps" in again.err
    assert "$ yolact-kit train" not in again.err


@pytest.mark.slow
def test_a_training_that_breaks_off_ends_it(run: Runner, answer, photos: Path) -> None:
    assert answer("5m|y|y|y|n", "guide", photos.name).code == 0
    file = Path("내 사진-project/config.yaml")
    config = yaml.safe_load(file.read_text(encoding="utf-8"))
    config["train"].update(learning_rate=1e30, warmup=0.0, clip_gradients=0.0, max_bad_batches=2)
    file.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    done = run("guide", photos.name, "--yes")
    assert done.code == 1, done.err
    assert "Training stopped after 2 bad batches" in done.err
    assert "yolact-kit guide '내 사진'" in done.err
    assert "yolact-kit evaluate" not in done.err
    assert _done("내 사진-project") == ["convert", "validate", "config"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process only")
def test_ctrl_c_in_training_keeps_the_place(run: Runner, photos: Path, repository: Path) -> None:
    paths = os.pathsep.join([str(repository), os.environ.get("PYTHONPATH", "")])
    words = [sys.executable, "-m", "yolact_kit", "guide", photos.name, "--yes", "--time", "10m"]
    with Path("log.txt").open("wb") as log:
        guide = subprocess.Popen(words, stderr=log, env={**os.environ, "PYTHONPATH": paths})
        deadline = time.monotonic() + 240
        while b"step 1 " not in Path("log.txt").read_bytes() and time.monotonic() < deadline:
            time.sleep(0.5)
        guide.send_signal(signal.SIGINT)
        code = guide.wait(120)
    said = Path("log.txt").read_text(encoding="utf-8")
    assert code == 130, said
    assert "yolact-kit guide '내 사진'" in said
    assert _done("내 사진-project") == ["convert", "validate", "config"]
    done = run("guide", photos.name, "--yes", "--time", "5s")
    assert done.code == 0, done.err
    assert _done("내 사진-project") == list(STEPS)


@pytest.mark.parametrize(("reply", "classes"), [("y", ["컵"]), ("n", [f"컵_{number}" for number in range(1, 7)])])
def test_numbered_labels_are_asked_about(answer, here: Path, reply: str, classes: list[str]) -> None:
    for number in range(1, 7):
        labelled(here / "cups", f"p{number}", [shape(label=f"컵_{number}")], seed=number)
    done = answer(f"{reply}|1m|y|n", "guide", "cups")
    assert "6 labels have numbers that seem to count objects" in done.err, done.err
    assert ("convert cups cups-project/data --merge-numbered" in done.err) == (reply == "y")
    assert sorted(load_dataset(here / "cups-project" / "data").classes) == sorted(classes)


@pytest.mark.parametrize("written_on", ["here", "Windows"])
def test_a_project_that_was_moved_with_its_source_goes_on(tmp_path: Path, written_on: str) -> None:
    for name in ("photos", "photos-project"):
        (tmp_path / "새 곳" / name).mkdir(parents=True)
    source = Path("D:\\old\\photos" if written_on == "Windows" else "/nowhere/old/photos")
    Project(tmp_path / "새 곳" / "photos-project", source).save()
    moved = (tmp_path / "새 곳" / "photos").resolve()
    for named in (None, moved):
        project = open_project(tmp_path / "새 곳" / "photos-project", named, "en")
        assert project is not None and project.source == moved
    (tmp_path / "other").mkdir()
    with pytest.raises(UserError):
        open_project(tmp_path / "새 곳" / "photos-project", tmp_path / "other", "en")
