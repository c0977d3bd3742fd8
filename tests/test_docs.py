"""The pages say what the program does."""

from __future__ import annotations

import functools
import inspect
import json
import re
import runpy
import shlex
import subprocess
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

import yolact_kit
from tests.programs import yolact_kit_here
from tests.tiny_model import save_tiny_model
from yolact_kit import YOLACT, train
from yolact_kit.cli.app import COMMANDS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

WITHOUT_DATA = {"README.md", "getting-started.md", "python.md"}
WITHOUT_CONFIGURATION = {*WITHOUT_DATA, "configuration.md"}
"""Pages for a reader who has no data set or no configuration yet; for all others both are there."""

NOT_RUN = {"annotate", "guide", "quickstart", "train", "doctor"}
"""Commands that open a window, ask questions, train, or measure the machine."""


def commands(page: Path) -> set[tuple[str, tuple[str, ...]]]:
    """Every command line of yolact-kit in a page: the command and the options that it is given."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```\n(.*?)```", text, re.DOTALL)
    lines = re.findall(r"^(?:\S*/)?yolact-kit ([a-z]+)([^#\n]*)", "\n".join(blocks), re.MULTILINE)
    inline = re.findall(rf"`(?:yolact-kit )?({'|'.join(COMMANDS)})( [^`]*)`", text)
    return {(name, tuple(sorted(set(re.findall(r"--[a-z-]+", rest))))) for name, rest in lines + inline}


CALLS = sorted({call for page in PAGES for call in commands(page)})


def test_the_pages_show_the_whole_way() -> None:
    shown = {name for name, _ in commands(ROOT / "README.md")}
    assert {"guide", "annotate", "convert", "validate", "config", "train", "evaluate", "predict"} <= shown


@functools.cache
def help_of(name: str) -> subprocess.CompletedProcess[str]:
    return yolact_kit_here(name, "--help", cwd=ROOT)


@pytest.mark.parametrize(
    ("name", "options"), CALLS, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_what_the_pages_type_exists(name: str, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    result = help_of(name)
    assert result.returncode == 0, f"there is no command {name}"
    for option in options:
        assert re.search(rf"{option}\b", result.stdout), f"{name} has no {option}"


def blocks(page: Path) -> list[tuple[str, str]]:
    """The blocks of a page in their order: the language (empty for shell) and the text of each."""
    return re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def cheap_calls(block: str) -> list[list[str]]:
    """The words of each command line of yolact-kit in a block of shell that needs no minutes, window or download."""
    lines = [shlex.split(line, comments=True) for line in block.splitlines() if re.match(r"(\S*/)?yolact-kit ", line)]
    calls = [words[1:] for words in lines if words[1] in COMMANDS and words[1] not in NOT_RUN]
    return [
        words
        for words in calls
        if not any(".pth" in word for word in words) and ("--count-line" not in words or find_spec("trackers"))
    ]


def label_pictures(folder: Path, count: int) -> None:
    """Writes pictures of two rectangles of different classes, with labelme's files beside them."""
    folder.mkdir()
    rng = np.random.default_rng(len(folder.name))
    for number in range(count):
        picture = Image.fromarray(rng.integers(0, 90, (72, 96, 3), dtype=np.uint8))
        shapes = []
        for label, left in (("bolt", 4), ("nut", 52)):
            top = int(rng.integers(4, 24))
            box = [left, top, left + 36, top + 40]
            ImageDraw.Draw(picture).rectangle(box, fill=(200, 80 + left, 90))
            points = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]]
            shapes.append({"label": label, "points": points, "shape_type": "polygon", "group_id": None, "flags": {}})
        name = f"{'abcdefghijkl'[number]}.jpg"
        picture.save(folder / name)
        document = {"version": "5.5.0", "flags": {}, "imagePath": name, "imageData": None, "shapes": shapes}
        document |= {"imageHeight": 72, "imageWidth": 96}
        (folder / name).with_suffix(".json").write_text(json.dumps(document), encoding="utf-8")


def label_in_other_programs(folder: Path) -> None:
    """Writes a folder as CVAT exports it, one with a file of VIA, and one with mask pictures; each of two pictures."""
    for name in ("cvat_export", "via_photos"):
        label_pictures(folder / name, 2)
        for document in (folder / name).glob("*.json"):
            document.unlink()
    triangle = '<polygon label="nut" source="manual" occluded="0" points="5,5;60,9;20,50" z_order="0"></polygon>'
    images = [f'<image id="0" name="{name}.jpg" width="96" height="72">{triangle}</image>' for name in "ab"]
    text = f"<annotations><version>1.1</version>{''.join(images)}</annotations>"
    (folder / "cvat_export" / "annotations.xml").write_text(text, encoding="utf-8")
    shape = {"name": "polygon", "all_points_x": [5, 60, 20], "all_points_y": [5, 9, 50]}
    regions = [{"shape_attributes": shape, "region_attributes": {"part": "nut", "colour": "grey"}}]
    pictures = {f"{name}.jpg9": {"filename": f"{name}.jpg", "size": 9, "regions": regions} for name in "ab"}
    project = json.dumps({"_via_settings": {}, "_via_img_metadata": pictures})
    (folder / "via_photos" / "via_project.json").write_text(project, encoding="utf-8")
    label_pictures(folder / "PennFudanPed", 2)
    (folder / "PennFudanPed" / "PedMasks").mkdir()
    numbers = np.zeros((72, 96), dtype=np.uint8)
    numbers[9:40, 5:40], numbers[9:40, 50:80] = 1, 2
    for document in (folder / "PennFudanPed").glob("*.json"):
        Image.fromarray(numbers).save(folder / "PennFudanPed" / "PedMasks" / f"{document.stem}_mask.png")
        document.unlink()


def number_labels(folder: Path) -> None:
    """Writes a folder of two pictures whose objects somebody numbered."""
    label_pictures(folder, 2)
    numbers = count(1)
    for file in sorted(folder.glob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        for shape in document["shapes"]:
            shape["label"] = f"cup_{next(numbers)}"
        file.write_text(json.dumps(document), encoding="utf-8")


def prepare_reader(folder: Path, page: Path) -> None:
    """Makes a folder with what the reader of a page has by then: pictures, labels, a trained run, a video."""
    folder.mkdir()
    for labelled in ("my_labels", "my_pictures", "내사진"):
        label_pictures(folder / labelled, 10)
    for unlabelled in ("new_pictures", "새사진", "photos"):
        label_pictures(folder / unlabelled, 2)
        for document in (folder / unlabelled).glob("*.json"):
            document.unlink()
    label_in_other_programs(folder)
    number_labels(folder / "numbered_photos")
    for name in ("a.jpg", "b.jpg", "photo.jpg"):
        (folder / name).write_bytes((folder / "new_pictures" / "a.jpg").read_bytes())
    video = cv2.VideoWriter(str(folder / "belt.mp4"), cv2.VideoWriter.fourcc(*"mp4v"), 5, (96, 72))
    for picture in sorted((folder / "my_labels").glob("*.jpg"))[:3]:
        video.write(cv2.imread(str(picture)))
    video.release()
    for seed, run in enumerate(("first", "second")):
        save_tiny_model(folder / "runs" / run, classes=("bolt", "nut"), seed=seed)
    if page.name not in WITHOUT_DATA:
        yolact_kit_here("convert", "my_labels", "data", "--val", "0.2", "--test", "0.1", cwd=folder)
    if page.name not in WITHOUT_CONFIGURATION:
        yolact_kit_here("config", "data", "--out", "config.yaml", cwd=folder)


def stand_in_for_training(*arguments: object, **options: object) -> YOLACT:
    """The trained run that is there, if `train` takes these arguments."""
    inspect.signature(train).bind(*arguments, **options)
    return YOLACT("runs/first")


def runs(language: str, text: str) -> bool:
    """Whether anything in a block can be run here."""
    return language == "python" or (language == "" and bool(cheap_calls(text)))


PAGES_TO_RUN = [page for page in PAGES if any(runs(*block) for block in blocks(page))]


@pytest.mark.parametrize("page", PAGES_TO_RUN, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run_in_their_order(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_shell = in_python = tmp_path / "shell"
    prepare_reader(in_shell, page)
    if page.name in WITHOUT_DATA:  # what Python does there is what the shell has done
        in_python = tmp_path / "python"
        prepare_reader(in_python, page)
    monkeypatch.setattr(yolact_kit, "train", stand_in_for_training, raising=False)
    session: dict[str, object] = {}
    for language, text in blocks(page):
        if language == "python":
            monkeypatch.chdir(in_python)
            exec(compile(text, str(page), "exec"), session)
        for words in cheap_calls(text) if not language else []:
            result = yolact_kit_here(*words, cwd=in_shell)
            assert result.returncode == 0, f"yolact-kit {' '.join(words)}\n{result.stderr}"


def test_the_pages_with_commands_have_blocks_that_run() -> None:
    names = {page.stem for page in PAGES_TO_RUN}
    assert {"README", "getting-started", "checking", "predicting", "evaluating", "explaining"} <= names


def test_every_key_of_the_configuration_is_explained_as_the_schema_has_it() -> None:
    page = ROOT / "docs" / "configuration.md"
    text = page.read_text(encoding="utf-8")
    updated = runpy.run_path(str(ROOT / "docs" / "make_configuration.py"))["updated"](text)
    assert updated == text, "run `python docs/make_configuration.py`"
