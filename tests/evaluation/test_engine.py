from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yolact_kit.evaluation.coco import Scores, score_documents, without_key
from yolact_kit.evaluation.engine import IouType, fastest_engine

from .scenes import scene

KINDS: tuple[tuple[IouType, str], ...] = (("segm", "bbox"), ("bbox", "segmentation"))


def same(ours: Scores, theirs: Scores) -> None:
    """To 1e-12, and match for match."""
    for name, value in theirs.values.items():
        assert ours.values[name] == (None if value is None else pytest.approx(value, rel=0, abs=1e-12))
    assert ours.precision is not None and theirs.precision is not None
    np.testing.assert_allclose(ours.precision, theirs.precision, rtol=0, atol=1e-12)
    assert list(ours.by_class) == list(theirs.by_class)
    for one, other in zip(ours.matches, theirs.matches, strict=True):
        for part in ("scores", "pictures", "results", "matched", "ignored", "objects"):
            np.testing.assert_array_equal(getattr(one, part), getattr(other, part), part)


def both(truth: dict[str, Any], results: list[dict[str, Any]], kind: IouType) -> tuple[Scores, Scores]:
    pytest.importorskip("hotcoco")
    return score_documents(truth, results, kind, "hotcoco"), score_documents(truth, results, kind, "pycocotools")


@pytest.mark.parametrize(("kind", "other"), KINDS)
def test_hotcoco_agrees_with_pycocotools_on_its_own_pictures(shared_data: Path, kind: IouType, other: str) -> None:
    folder = shared_data / "coco_eval"
    truth = json.loads((folder / "tests/dataset/cocoapi/instances_val2014_100.json").read_text(encoding="utf-8"))
    file = folder / f"cocoapi/results/instances_val2014_fake{kind}100_results.json"
    same(*both(truth, json.loads(file.read_text(encoding="utf-8")), kind))


@pytest.mark.parametrize(("kind", "other"), KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_hotcoco_agrees_where_scores_tie_and_ids_have_gaps(seed: int, kind: IouType, other: str) -> None:
    truth, results = scene(seed, 20)
    for one in (*truth["annotations"], *results):
        one["image_id"] = 1000 - 7 * one["image_id"]
        one["category_id"] *= 10
    for image in truth["images"]:
        image["id"] = 1000 - 7 * image["id"]
    for category in truth["categories"]:
        category["id"] *= 10
    for one in results:
        one["score"] = round(one["score"], 1)
    truth["annotations"][3]["segmentation"] = [[4, 4, 40, 8, 30, 50]]
    same(*both(truth, without_key(results, other), kind))


@pytest.mark.parametrize("without", ["detections", "objects", "both", "areas and boxes", "all but crowds"])
def test_hotcoco_agrees_on_what_is_not_there(without: str) -> None:
    truth, results = scene(4)
    if without in ("objects", "both"):
        truth["annotations"] = []
    if without == "areas and boxes":
        truth["annotations"] = without_key(without_key(truth["annotations"], "area"), "bbox")
    if without == "all but crowds":
        truth["annotations"] = [{**one, "iscrowd": 1} for one in truth["annotations"]]
    found = [] if without in ("detections", "both") else without_key(results, "bbox")
    same(*both(truth, found, "segm"))


def test_the_fastest_engine_is_one_that_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert fastest_engine() == "pycocotools"
