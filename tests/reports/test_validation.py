from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import labelled, shape
from tests.browser import Browser
from tests.datasets.folders import good_folder, polygon
from tests.reports.pages import assert_needs_nothing_but_itself
from yolact_kit.annotations.dataset import Dataset
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.read import read_source
from yolact_kit.config.files import template
from yolact_kit.datasets.checks import Validation, validate_folder, validate_source
from yolact_kit.datasets.statistics import collect
from yolact_kit.reports.validation import SHOWN, write_validation_report

MODEL = template("yolact_nano").model


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a data set with problems of every place: object, picture, two pictures, class, annotation file."""
    folder = tmp_path_factory.mktemp("page")
    maker = good_folder(folder / "데이터 <b>")
    maker.documents["train"]["annotations"][1]["segmentation"] = polygon(86, 30)
    maker.documents["train"]["annotations"][4]["segmentation"] = [[1, 2, 3]]
    maker.annotate("train", 1, "너트", polygon(60, 60, side=1.2))
    root = maker.write()
    Image.open(root / "images" / "사진 3.png").save(root / "images" / "v0.png", compress_level=0)
    (root / "images" / "사진 2.png").write_bytes(b"no picture")
    return write_validation_report(validate_folder(root, MODEL), folder / "쪽.html")


def test_the_page_needs_nothing_but_itself(page: Path) -> None:
    assert_needs_nothing_but_itself(page)


def test_every_problem_is_there_with_its_picture(page: Path) -> None:
    text = html.unescape(page.read_text(encoding="utf-8"))
    for words in ("partly-outside", "coordinates-odd", "picture-undecodable", "leakage", "tiny", "너트", "사진 0.png"):
        assert words in text
    cards = re.findall(r'<li class="card problem(?: pair)?".*?</li>', text, re.DOTALL)
    bare = [card for card in cards if "data:image/jpeg" not in card]
    assert len(bare) == 1
    assert "사진 2.png" in bare[0]
    assert len([card for card in cards if "problem pair" in card]) == 1


def test_names_are_escaped(page: Path) -> None:
    assert "데이터 <b>" not in page.read_text(encoding="utf-8")


def test_a_source_is_reported_as_well(tmp_path: Path) -> None:
    labelled(tmp_path / "labels", "a", [shape(), shape([[-9, 5], [20, 6], [10, 30]], "컵")])
    labelled(tmp_path / "labels", "b", [shape()], seed=1)
    found = validate_source(read_source(tmp_path / "labels"), tmp_path / "labels", MODEL)
    text = write_validation_report(found, tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.search(r"data:image/jpeg[^>]*>\s*</button>\s*<div class=\"text\"><b>a.json</b>", text)


def test_the_page_does_not_tell_where_it_was_made(tmp_path: Path) -> None:
    source = tmp_path / "내 라벨"
    labelled(source, "a", [shape(), shape([[-9, 5], [20, 6], [10, 30]], "컵")])
    labelled(source, "b", [shape()], seed=1)
    (source / "b.png").write_bytes(b"no picture")
    found = validate_source(read_source(source), source, MODEL)
    text = write_validation_report(found, tmp_path / "page.html", str(source)).read_text(encoding="utf-8")
    assert "b.png" in text and "validate 내 라벨 --fix OUT" in text and str(tmp_path) not in text


def test_a_data_set_without_anything_has_a_page(tmp_path: Path) -> None:
    dataset = Dataset("empty", [], {"train": []})
    found = Validation(dataset, [], collect(dataset, MODEL))
    assert "Nothing wrong was found" in write_validation_report(found, tmp_path / "a.html").read_text(encoding="utf-8")


def test_long_lists_are_cut_and_counted(tmp_path: Path) -> None:
    dataset = Dataset("many", ["a"], {"train": []})
    problems = [
        Problem(severity="W", code="tiny", file=f"{number}.png", message="Small.") for number in range(SHOWN + 5)
    ]
    found = Validation(dataset, problems, collect(dataset, MODEL))
    text = write_validation_report(found, tmp_path / "a.html").read_text(encoding="utf-8")
    assert f"of which {SHOWN} are shown" in text
    assert text.count('class="card problem"') == SHOWN


def test_the_filters_work_in_a_browser(page: Path, browser: Browser) -> None:
    script = """
    const set = (id, value, kind) => { get(id).value = value; get(id).dispatchEvent(new Event(kind)); };
    const shown = () => cards.filter((card) => !card.hidden).map((card) => card.textContent).join("|");
    said.all = shown();
    set("class", "bolt", "change"); said.bolt = shown(); said.heat = get("heat-name").textContent;
    set("check", "partly-outside/W", "change"); said.outside = shown();
    set("word", "no such word", "input"); said.none = shown() + get("none").hidden;
    set("word", "", "input"); set("check", "", "change"); set("class", "", "change");
    document.querySelector(".problem button").click(); said.open = large.open;
    """
    browser.open(page.as_uri())
    said = browser.said(script)
    assert said["all"].count("|") > said["bolt"].count("|") > 0
    assert said["heat"] == "bolt"
    assert "over the edge" in said["outside"]
    assert said["outside"].count("|") == 0
    assert said["none"] == "false"
    assert said["open"] is True


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_drawn_in_a_browser(page: Path, browser: Browser, tmp_path: Path, scheme: str) -> None:
    browser.open(page.as_uri(), 1200, 1600, scheme)
    pixels = np.array(Image.open(browser.screenshot(tmp_path / "shot.png")).convert("RGB"))
    assert pixels.shape == (1600, 1200, 3)
    assert (pixels[5, 5] > 200).all() == (scheme == "light")
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 2000
