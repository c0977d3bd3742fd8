"""The interactive page, driven in a browser: what its sliders do is what the coefficients do in Python."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.browser import Browser
from tests.reports.pages import assert_needs_nothing_but_itself
from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.inference.explanation import Explanation, explain
from yolact_kit.inference.predictor import Predictor
from yolact_kit.ops.masks import CroppedMask, masks_to_rle
from yolact_kit.reports.explanation_page import explanation_page, funnel, packed
from yolact_kit.shapes.rle import decode_rle

MASK = "Array.from(current).join('')"


@pytest.fixture(scope="module")
def explained() -> list[Explanation]:
    """Two pictures with objects and one without, by a model whose first class has a Korean name."""
    config, rng = tiny_config(), np.random.default_rng(0)
    model = tiny_model(config)
    pictures = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in ((60, 83), (96, 64), (40, 40))]
    scores = (0.0, 0.0, 1.0)
    return [
        explain(Predictor(model, config, score=score), pixels, f"사진 <{number}>.png")
        for number, (pixels, score) in enumerate(zip(pictures, scores, strict=True), start=1)
    ]


@pytest.fixture(scope="module")
def page(explained: list[Explanation], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("쪽") / "설명.html"
    file.write_text(explanation_page(explained, "runs/<b>첫째"), encoding="utf-8")
    return file


def shown(browser: Browser, explained: Explanation) -> np.ndarray:
    """The mask that the page shows."""
    mask = np.array([letter == "1" for letter in browser.run(MASK)], dtype=np.uint8)
    return mask.reshape(explained.view.shape[:2])


def visit(browser: Browser, page: Path, fragment: str = "", width: int = 1200) -> None:
    browser.open(f"{page.as_uri()}{fragment}", width)
    browser.run("ready")


def test_the_page_needs_nothing_but_itself(page: Path) -> None:
    assert_needs_nothing_but_itself(page)


def test_names_are_escaped(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "<b>첫째" not in text and "<1>.png" not in text
    found = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    assert json.loads(html.unescape(found.group(1)))["pictures"][0]["name"] == "사진 <1>.png"


def test_packed_numbers_come_back() -> None:
    values = np.random.default_rng(0).normal(size=(3, 5, 7)).astype(np.float32)
    planes = np.frombuffer(gzip.decompress(base64.b64decode(packed(values))), dtype=np.uint8).reshape(4, -1)
    np.testing.assert_array_equal(planes.T.copy().view("<f4").reshape(values.shape), values)


def test_the_funnel_narrows(explained: list[Explanation]) -> None:
    counts = [count for count, _ in funnel(explained[0])]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 258 and counts[-1] == len(explained[0].prediction) > 0


def test_at_the_models_coefficients_the_mask_is_the_predictors(
    browser: Browser, page: Path, explained: list[Explanation]
) -> None:
    visit(browser, page)
    for number, one in enumerate(explained[:2]):
        browser.run(f"choosePicture({number})")
        assert one.view.shape[:2] == (one.prediction.height, one.prediction.width)
        for index in range(len(one.prediction)):
            browser.run(f"chooseObject({index})")
            np.testing.assert_array_equal(shown(browser, one), one.prediction.mask(index))
            assert browser.run("get('iou').textContent") == "1.000"
            assert browser.run("get('area').textContent") == f"{int(one.prediction.mask(index).sum()):,}"


def test_a_large_picture_is_shown_at_the_size_of_the_page(browser: Browser, tmp_path: Path) -> None:
    config, rng = tiny_config(), np.random.default_rng(0)
    pixels = rng.integers(0, 256, (900, 1300, 3), dtype=np.uint8)
    one = explain(Predictor(tiny_model(config), config), pixels, "large.png")
    (tmp_path / "large.html").write_text(explanation_page([one]), encoding="utf-8")
    visit(browser, tmp_path / "large.html")
    soft = one.soft_mask(0)
    [expected], _ = masks_to_rle([CroppedMask(0, 0, soft, soft.shape)], 554, 800)
    np.testing.assert_array_equal(shown(browser, one), decode_rle(expected))


def test_a_key_on_a_slider_moves_the_coefficient_and_the_mask_follows(
    browser: Browser, page: Path, explained: list[Explanation]
) -> None:
    visit(browser, page)
    one, first = explained[0], int(explained[0].order(0)[0])
    browser.run("document.querySelector('#sliders input').focus()")
    end = "Home" if one.coefficients[0, first] > 0 else "End"
    browser.press(end, {"Home": 36, "End": 35}[end])
    browser.press("ArrowRight", 39)
    browser.press("ArrowLeft", 37)
    browser.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    weights = one.coefficients[0].copy()
    weights[first] = -1 if end == "Home" else 1
    np.testing.assert_array_equal(shown(browser, one), one.mask(0, weights))
    assert (one.mask(0, weights) != one.mask(0)).any()
    assert f"w{first + 1}=" in browser.run("location.hash")
    browser.run("get('reset').click()")
    np.testing.assert_array_equal(shown(browser, one), one.mask(0))


def test_the_address_holds_what_is_set(browser: Browser, page: Path, explained: list[Explanation]) -> None:
    one, index = explained[1], len(explained[1].prediction) - 1
    visit(browser, page, f"#picture=2&object={index + 1}&w3=-0.25&w8=0.5&terms=5")
    weights = one.coefficients[index].copy()
    weights[[2, 7]] = -0.25, 0.5
    weights[one.order(index)[5:]] = 0
    np.testing.assert_array_equal(shown(browser, one), one.mask(index, weights))
    assert browser.run("get('terms-value').textContent") == "5 of 8"
    assert browser.run("document.querySelectorAll('.term.out').length") == 3
    visit(browser, page, "#picture=99&object=-4&w1=much&terms=1e9&threshold=x")
    assert browser.run("[state.picture, state.object, state.threshold]") == [2, 0, 0.5]


def test_threshold_and_crop_do_what_they_say(browser: Browser, page: Path, explained: list[Explanation]) -> None:
    areas = []
    for threshold in (0.3, 0.5, 0.7):
        visit(browser, page, f"#threshold={threshold}")
        areas.append(int(shown(browser, explained[0]).sum()))
    assert areas[0] > areas[1] > areas[2]
    browser.run("get('reset').click()")
    browser.run("get('crop').click()")
    browser.run("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    whole = shown(browser, explained[0])
    assert (whole >= explained[0].mask(0)).all() and whole.sum() > explained[0].mask(0).sum()


def test_terms_add_up_when_played(browser: Browser, page: Path) -> None:
    visit(browser, page)
    browser.run("get('play').click()")
    assert browser.run("get('terms-value').textContent") == "0 of 8"
    browser.run("new Promise((done) => setTimeout(done, 1100))")
    assert 0 < browser.run("state.terms") < 8
    browser.run("get('play').click()")
    stopped = browser.run("state.terms")
    browser.run("new Promise((done) => setTimeout(done, 600))")
    assert browser.run("state.terms") == stopped


def test_a_click_on_an_object_of_the_picture_chooses_it(
    browser: Browser, page: Path, explained: list[Explanation]
) -> None:
    visit(browser, page)
    boxes = explained[0].prediction.boxes
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    smallest = int(areas.argmin())
    x, y = ((boxes[smallest, :2] + boxes[smallest, 2:]) / 2).tolist()
    corner = browser.run(
        "(({ left, top, width, height }) => [left, top, width, height])(get('stage').getBoundingClientRect())"
    )
    scale = min(corner[2] / 83, corner[3] / 60)
    browser.click(corner[0] + corner[2] / 2 + (x - 41.5) * scale, corner[1] + corner[3] / 2 + (y - 30) * scale)
    assert browser.run("state.object") == smallest


def test_who_suppressed_whom_is_listed(browser: Browser, page: Path, explained: list[Explanation]) -> None:
    visit(browser, page)
    one = explained[0]
    direct = [place for place, lost in enumerate(one.candidates) if lost.rival == one.sources[0]]
    rows = browser.run(
        "[...document.querySelectorAll('#lost tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert sum(row[4] == "this box" for row in rows) == len(direct)
    assert {row[0] for row in rows} <= {one.prediction.names[0]}


def test_without_objects_it_says_so_and_shows_the_prototypes(browser: Browser, page: Path) -> None:
    visit(browser, page, "#picture=3")
    assert "No object of this picture has a score of 1 or more" in browser.run("get('nothing').textContent")
    assert browser.run("[get('nothing').hidden, get('work').hidden, get('decisions').hidden]") == [False, True, True]
    assert browser.run("document.querySelectorAll('#gallery canvas').length") == 8


@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_reaches_beyond_the_window(browser: Browser, page: Path, width: int, tmp_path: Path) -> None:
    visit(browser, page, width=width)
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.screenshot(tmp_path / "shot.png").stat().st_size > 20_000
