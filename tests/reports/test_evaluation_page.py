from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.browser import Browser
from tests.evaluation.scenes import SIZE, detected, scene
from tests.evaluation.test_advice import EMPTY, perfect
from tests.evaluation.test_advice import truth as objects
from tests.reports.pages import assert_needs_nothing_but_itself
from tests.tiny_model import THRESHOLD
from yolact_kit.config.score_threshold import ScoreThreshold
from yolact_kit.evaluation.analysis import analyse
from yolact_kit.evaluation.bootstrap import compare
from yolact_kit.evaluation.coco import evaluate_documents
from yolact_kit.evaluation.split import LabelledSplit
from yolact_kit.evaluation.split_evaluation import Evaluation
from yolact_kit.reports.evaluation_page import CURVES, write_evaluation_report


def write(
    folder: Path,
    truth: dict[str, Any],
    results: list[dict[str, Any]],
    compared: bool = True,
    threshold: ScoreThreshold | None = None,
) -> Path:
    """The page of these detections, against the surer half of them."""
    (folder / "images").mkdir()
    rng = np.random.default_rng(0)
    for image in truth["images"]:
        pixels = rng.integers(60, 200, (SIZE, SIZE, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / image["file_name"])
    found = Evaluation(evaluate_documents(truth, results), results, truth, [])
    other = evaluate_documents(truth, [one for one in results if one["score"] > 0.6])
    split = LabelledSplit("val", [category["name"] for category in truth["categories"]], truth, folder / "images")
    against = ("앞의 <i>", compare(found.metrics, other, resamples=50)) if compared else None
    file, analysis = folder / "쪽.html", analyse(found, 0.4)
    return write_evaluation_report(file, split, found, analysis, "모델 <b>", against, threshold=threshold)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("page"), *scene(1))


def test_the_page_needs_nothing_but_itself(page: Path) -> None:
    assert_needs_nothing_but_itself(page)


def test_names_are_escaped(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "모델 <b>" not in text and "앞의 <i>" not in text
    assert "모델 <b>" in html.unescape(text)


def test_every_part_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for words in (
        "What to do next", "paired bootstrap", "클래스 3", "Which score", "localisation", "IoU 0.50", "nothing there",
        "calibration error", "Boundary IoU", "95 % interval",
    ):  # fmt: skip
        assert words.lower() in text.lower()
    assert text.count("data:image/jpeg") == len(re.findall(r"right, \d+ wrong, \d+ missed", text)) > 5


def test_without_anything_to_compare_nothing_is_said_of_it(tmp_path: Path) -> None:
    text = write(tmp_path, *scene(2), compared=False).read_text(encoding="utf-8")
    assert "bootstrap" not in text and "undefined" not in text


@pytest.mark.parametrize("without", ["detections", "objects", "both"])
def test_what_is_not_there(tmp_path: Path, without: str) -> None:
    truth, results = scene(2)
    truth = truth if without == "detections" else {**truth, "annotations": []}
    text = write(tmp_path, truth, results if without == "objects" else []).read_text(encoding="utf-8")
    assert not re.search(r"\bnan\b", re.sub(r"base64,[^\"]*", "", text))
    assert ("There is no picture with an error" in text) == (without == "both")
    assert ("val has no objects, so there is no mask AP." in text) == (without != "detections")


def test_the_advice_fits_the_figures_and_what_costs_nothing_has_none(tmp_path: Path) -> None:
    """All objects found, with rough masks, and a few detections of nothing that cost nothing."""
    rough = perfect(grow=1.12) + [detected(EMPTY, picture, 1, 0.06) for picture in range(1, 13)]
    text = html.unescape(write(tmp_path, objects(), rough, compared=False).read_text(encoding="utf-8"))
    lead = re.findall(r"<b>What to do next\.</b>([^\n]*)", text)
    assert len(lead) == 1 and "AP falls from 1.000 at IoU 0.50 to 0.000 at IoU 0.90" in lead[0]
    assert "<code>model.input_size</code>" in lead[0]
    assert "Detections of nothing" not in text and "Not found at all" not in text
    assert "On other pictures like these, AP would be between" in text


def test_perfect_detections_get_no_advice(tmp_path: Path) -> None:
    assert "What to do next" not in write(tmp_path, objects(), perfect(), compared=False).read_text(encoding="utf-8")


def test_the_threshold_of_the_weights_is_beside_the_best(tmp_path: Path) -> None:
    truth, results = scene(1)
    for name, threshold in (("with", THRESHOLD), ("without", None)):
        (tmp_path / name).mkdir()
        text = html.unescape(write(tmp_path / name, truth, results, threshold=threshold).read_text(encoding="utf-8"))
        assert ("F1 from score 0.62, chosen in training" in text) == (threshold is not None)
        assert ("Score 0.62 was chosen in training on 9 pictures" in text) == (threshold is not None)
        assert ("These weights have no threshold of their own" in text) == (threshold is None)


def test_of_many_classes_some_have_curves_and_all_are_in_the_mean(tmp_path: Path) -> None:
    truth, results = scene(3, pictures=40, classes=CURVES + 4)
    text = write(tmp_path, truth, results, compared=False).read_text(encoding="utf-8")
    there = {one["category_id"] for one in truth["annotations"] if not one["iscrowd"]}
    assert f"The {len(there) - CURVES} classes with fewest objects" in text


def test_curves_are_told_apart_by_more_than_their_colours(page: Path) -> None:
    dashes = re.findall(r'<polyline style="[^"]*stroke-dasharray:([^"]*)"', page.read_text(encoding="utf-8"))
    assert len(dashes) >= 4 and len(set(dashes)) == len(dashes) // 2  # a curve of each class in either chart


def test_the_slider_and_the_pictures_work_in_a_browser(page: Path, browser: Browser) -> None:
    browser.open(page.as_uri())
    said = browser.said(
        """
        const row = () => [...document.querySelector("[data-row]").cells].map((cell) => cell.textContent);
        const fresh = row();
        update();
        said.same = JSON.stringify(fresh) === JSON.stringify(row());
        const slider = get("score");
        const move = (value) => { slider.value = value; slider.dispatchEvent(new Event("input")); return row(); };
        said.none = move("1"); said.all = move("0"); said.shown = get("shown").textContent;
        cards[0].click(); said.open = large.open; said.first = large.querySelector("p").textContent;
        large.querySelector("[data-step='1']").click(); said.second = large.querySelector("p").textContent;
        large.querySelector("[data-close]").click(); said.closed = !large.open;
        """,
    )
    truth, results = scene(1)
    objects = sum(not one["iscrowd"] for one in truth["annotations"])
    assert said["same"] is True  # what Python wrote is what the page computes
    assert said["none"][1:7] == ["-", "0 %", "0.000", "0", "0", str(objects)]
    right, wrong, missed = (int(text) for text in said["all"][4:7])
    assert right + missed == objects and right + wrong <= len(results)
    assert said["shown"] == "0.00"
    assert said["open"] and said["closed"] and said["first"] != said["second"]


@pytest.mark.slow
@pytest.mark.parametrize("width", [1200, 560])
def test_it_is_drawn_in_a_browser_without_running_over_the_edge(
    page: Path, browser: Browser, tmp_path: Path, width: int
) -> None:
    browser.open(page.as_uri(), width, 3000)
    pixels = np.array(Image.open(browser.screenshot(tmp_path / "shot.png")).convert("RGB"))
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 1000
    script = "said.over = document.documentElement.scrollWidth - innerWidth; said.width = innerWidth;"
    said = browser.said(script)
    assert said["width"] == width and said["over"] <= 0
