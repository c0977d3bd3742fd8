from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.errors import UserError
from yolact_kit.inference.drawing import class_color
from yolact_kit.inference.explanation import Explanation, explain
from yolact_kit.inference.predictor import Predictor
from yolact_kit.reports.explanation import write_explanations
from yolact_kit.reports.explanation_figures import choose_prototypes, draw_decisions, draw_masks, draw_prototypes
from yolact_kit.reports.sheets import colored


@pytest.fixture(scope="module")
def explained() -> list[Explanation]:
    """A picture with objects and one without."""
    config, rng = tiny_config(), np.random.default_rng(0)
    model = tiny_model(config)
    pictures = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in ((60, 83), (96, 64))]
    scores = (0.3, 1.0)
    return [
        explain(Predictor(model, config, score=score), pixels, f"사진 {number}.png")
        for number, (pixels, score) in enumerate(zip(pictures, scores, strict=True), start=1)
    ]


def pixels_of(file: Path) -> np.ndarray:
    return np.array(Image.open(file).convert("RGB"))


def count_of(pixels: np.ndarray, color: tuple[int, int, int]) -> int:
    return int((pixels == color).all(axis=2).sum())


def test_chosen_prototypes_matter_and_differ(explained: list[Explanation]) -> None:
    shares = np.sum([np.abs(explained[0].shares(index)) for index in range(len(explained[0].prediction))], axis=0)
    chosen = choose_prototypes(explained, 4)
    assert len(set(chosen)) == 4
    assert chosen[0] == shares.argmax()
    assert len(choose_prototypes(explained[1:], 99)) == 8


def test_of_two_prototypes_that_are_the_same_one_is_chosen(explained: list[Explanation]) -> None:
    twice = explain_twice(explained[0])
    chosen = choose_prototypes([twice], 4)
    assert not {place + 8 for place in chosen} & set(chosen)


def explain_twice(one: Explanation) -> Explanation:
    """The same explanation with every prototype there twice."""
    doubled = np.concatenate([one.prototypes, one.prototypes])
    return replace(one, prototypes=doubled, coefficients=np.concatenate([one.coefficients] * 2, axis=1))


def test_prototypes_are_drawn_with_one_scale_for_all_pictures(explained: list[Explanation], tmp_path: Path) -> None:
    draw_prototypes(explained, tmp_path / "a.png")
    pixels, [first, *_] = pixels_of(tmp_path / "a.png"), choose_prototypes(explained)
    peak = max(float(one.prototypes[first].max()) for one in explained)
    height = round(220 * 60 / 83)
    expected = colored(explained[0].prototypes[first], "viridis", (0, peak), 220, height)
    np.testing.assert_array_equal(pixels[48 : 48 + height, 254:474], expected)


def test_bars_are_as_long_as_the_coefficients(explained: list[Explanation], tmp_path: Path) -> None:
    coefficients = np.tile(np.array([0.9, -0.3], dtype=np.float32), (len(explained[0].prediction), 4))
    draw_masks(replace(explained[0], coefficients=coefficients), tmp_path / "a.png")
    pixels = pixels_of(tmp_path / "a.png")
    assert pixels.shape[1] > 2000
    plus, minus = count_of(pixels, (0xD9, 0x48, 0x0F)), count_of(pixels, (0x19, 0x71, 0xC2))
    assert plus / minus == pytest.approx(3, rel=0.15)


def test_boxes_have_the_colours_of_their_classes(explained: list[Explanation], tmp_path: Path) -> None:
    for one in explained:
        draw_decisions(one, tmp_path / "a.png")
        pixels = pixels_of(tmp_path / "a.png")
        drawn = {label for label in range(3) if count_of(pixels, class_color(label)) > 200}
        assert drawn == set(one.prediction.labels[:15].tolist())


def test_of_many_objects_the_best_are_drawn_and_long_names_fit(explained: list[Explanation], tmp_path: Path) -> None:
    one = explained[0]
    assert len(one.prediction) > 16
    draw_decisions(one, tmp_path / "a.png")
    few = pixels_of(tmp_path / "a.png")
    best = replace(one, prediction=one.prediction[:15], sources=one.sources[:15])
    draw_decisions(best, tmp_path / "b.png")
    panels = slice(48, 400), slice(0, 1300)
    np.testing.assert_array_equal(few[panels], pixels_of(tmp_path / "b.png")[panels])
    assert (few != pixels_of(tmp_path / "b.png")).any()  # how many more there are
    named = replace(best.prediction, classes=["a class whose name is very long indeed, as some are"] * 3)
    draw_decisions(replace(best, prediction=named), tmp_path / "c.png")
    assert pixels_of(tmp_path / "c.png").shape[1] > few.shape[1] + 100


def test_without_a_picture_there_is_nothing_to_write(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no picture"):
        write_explanations([], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_pictures_of_one_name_have_files_of_their_own(explained: list[Explanation], tmp_path: Path) -> None:
    page = write_explanations([explained[1], explained[1]], tmp_path / "out")
    assert page == tmp_path / "out" / "explanation.html"
    assert sorted(path.name for path in (tmp_path / "out").glob("*-boxes.png")) == [
        "사진 2-boxes.png",
        "사진 2.png-boxes.png",
    ]
