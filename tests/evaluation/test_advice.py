"""Advice for detections that are wrong in one way: real masks, moved, doubled, renamed, left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from yolact_kit.evaluation.advice import FEW_PICTURES, OUTLINES, Advice, advise
from yolact_kit.evaluation.boundary import measure_boundaries
from yolact_kit.evaluation.coco import evaluate_documents
from yolact_kit.evaluation.errors import KINDS, break_down_errors

from .scenes import SIZE, detected, labelled

Shape = tuple[float, float, float, float]
Results = list[dict[str, Any]]
PICTURES = 30
OBJECTS: list[tuple[Shape, int]] = [((24, 24, 14, 10), 1), ((70, 24, 12, 15), 2), ((24, 70, 15, 12), 1)]
EMPTY: Shape = (72, 72, 8, 8)


def truth(pictures: int = PICTURES) -> dict[str, Any]:
    annotations = [labelled(shape, picture, label) for picture in range(1, pictures + 1) for shape, label in OBJECTS]
    return {
        "images": [
            {"id": one, "file_name": f"{one}.png", "width": SIZE, "height": SIZE} for one in range(1, pictures + 1)
        ],
        "annotations": [{**one, "id": number} for number, one in enumerate(annotations, start=1)],
        "categories": [{"id": 1, "name": "컵"}, {"id": 2, "name": "plate"}],
    }


def advice(results: Results, pictures: int = PICTURES, document: dict[str, Any] | None = None) -> Advice:
    labels = document or truth(pictures)
    masks = evaluate_documents(labels, results).mask
    return advise(masks, measure_boundaries(labels, results, masks), break_down_errors(labels, results, masks))


def perfect(pictures: int = PICTURES, grow: float = 1.0) -> Results:
    """Every object with its own mask, or with one that is larger than it by a factor."""
    return [
        detected((x, y, wide * grow, tall * grow), picture, label, 0.9 - 0.001 * number)
        for picture in range(1, pictures + 1)
        for number, ((x, y, wide, tall), label) in enumerate(OBJECTS)
    ]


def confused(results: Results) -> Results:
    return [{**one, "category_id": 3 - one["category_id"]} if one["image_id"] % 2 else one for one in results]


def doubled(results: Results) -> Results:
    """Each double scores higher than the objects of the next pictures."""
    ranked = [{**one, "score": 0.9 - 0.02 * one["image_id"]} for one in results]
    return ranked + [{**one, "score": one["score"] - 0.01} for one in ranked]


def of_nothing(results: Results) -> Results:
    extra = [detected(EMPTY, picture, label, 0.99) for picture in range(1, PICTURES + 1) for label in (1, 2)]
    return results + extra


def missing(results: Results) -> Results:
    return [one for one in results if one["image_id"] % 2]


def misplaced(results: Results) -> Results:
    """Half as wide and as tall: an IoU of a quarter."""
    small = perfect(grow=0.5)
    return [few if few["image_id"] % 2 else whole for few, whole in zip(small, results, strict=True)]


@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [
        (confused, "class", "merge classes"),
        (doubled, "duplicate", "labelled twice"),
        (of_nothing, "background", "without labels"),
        (missing, "missed", "Not found at all"),
        (misplaced, "localisation", "too little or too much"),
    ],
)
def test_each_pattern_has_the_advice_that_fits_it(spoil: Callable[[Results], Results], kind: str, words: str) -> None:
    found = advice(spoil(perfect()))
    assert found.kind == found.losses[0].kind == kind
    assert words in found.text and f"'{kind}'" in found.text
    assert found.losses[0].ap is not None and found.losses[0].ap > 0.1
    # Masks are exact, so nothing is to be said of outlines.
    [outlines] = [loss for loss in found.losses if loss.kind == OUTLINES]
    assert not outlines.matters


def test_with_all_objects_found_and_rough_masks_the_outlines_are_what_is_left() -> None:
    found = advice(perfect(grow=1.12))
    assert found.kind == OUTLINES
    assert found.text.startswith("Outlines cost most: AP falls from 1.000 at IoU 0.50 to 0.000 at IoU 0.90")
    assert "model.input_size" in found.text and "boundary AP" in found.text and "finely" in found.text
    assert {loss.kind for loss in found.losses if loss.matters} == {OUTLINES}


def test_a_few_errors_that_cost_nothing_are_not_what_is_advised_against() -> None:
    """The pattern that used to be told of twelve errors that cost 0.001."""
    results = perfect(grow=1.12) + [detected(EMPTY, picture, 1, 0.06) for picture in range(1, 13)]
    found = advice(results)
    background = next(loss for loss in found.losses if loss.kind == "background")
    assert background.count == 12 and not background.matters
    assert found.kind == OUTLINES and "background" not in found.text


def test_what_an_error_wins_back_is_less_where_outlines_are_rough() -> None:
    exact, rough = advice(missing(perfect())), advice(missing(perfect(grow=1.12)))
    gains = [next(loss.ap for loss in one.losses if loss.kind == "missed") for one in (exact, rough)]
    masks = evaluate_documents(truth(), missing(perfect(grow=1.12))).mask
    share = (masks.values["AP"] or 0) / (masks.values["AP50"] or 1)
    assert gains[0] is not None and gains[1] == pytest.approx(gains[0] * share)
    # Finding the others as well as these gives just the AP that these have.
    whole = evaluate_documents(truth(), perfect(grow=1.12)).mask.values["AP"] or 0
    assert (masks.values["AP"] or 0) + (gains[1] or 0) == pytest.approx(whole, abs=1e-6)


def test_perfect_detections_need_no_advice() -> None:
    found = advice(perfect())
    assert (found.kind, found.text) == ("", "")
    assert not any(loss.matters for loss in found.losses)


def test_few_pictures_that_differ_widely_tell_nothing_but_that() -> None:
    # Everything right in two pictures, and in two more everything wrong in another way each.
    document, results = truth(4), [one for one in perfect(4) if one["image_id"] <= 2]
    results += [{**one, "category_id": 3 - one["category_id"]} for one in perfect(4) if one["image_id"] == 3]
    found = advice(results, document=document)
    assert found.low is not None and found.high is not None
    assert found.kind == FEW_PICTURES and found.text.startswith("4 pictures cannot tell what to improve: on others")
    assert (found.high - found.low) / 2 > (found.losses[0].ap or 0)
    assert advice(perfect(1, grow=1.12), 1).kind == FEW_PICTURES


def test_the_interval_holds_the_ap_and_is_narrow_where_pictures_are_alike() -> None:
    alike, mixed = advice(perfect(grow=1.12)), advice(missing(perfect()))
    assert alike.low is not None and alike.high is not None and mixed.low is not None and mixed.high is not None
    assert alike.high - alike.low < 1e-9
    ap = evaluate_documents(truth(), missing(perfect())).mask.values["AP"] or 0
    assert mixed.low < ap < mixed.high


@pytest.mark.parametrize("without", ["objects", "detections"])
def test_what_is_not_there(without: str) -> None:
    document = truth() if without == "detections" else {**truth(), "annotations": []}
    found = advice([] if without == "detections" else perfect(), document=document)
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.kind == ("missed" if without == "detections" else "")
    assert {loss.kind for loss in found.losses} == {OUTLINES, *KINDS}
    if without == "detections":
        assert found.losses[0].ap == pytest.approx(1) and np.isclose(found.high or 0, 0)
