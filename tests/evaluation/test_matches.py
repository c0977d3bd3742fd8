from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from yolact_kit.evaluation.coco import Metrics, evaluate_documents

from .scenes import repeated, scene


def published(folder: Path) -> Metrics:
    truth = json.loads((folder / "tests/dataset/cocoapi/instances_val2014_100.json").read_text(encoding="utf-8"))
    results = (folder / f"cocoapi/results/instances_val2014_fake{kind}100_results.json" for kind in ("segm", "bbox"))
    masks, boxes = (json.loads(file.read_text(encoding="utf-8")) for file in results)
    return evaluate_documents(truth, masks, boxes)


def test_every_picture_once_gives_cocoevals_average_precision_to_the_last_digit(shared_data: Path) -> None:
    metrics = published(shared_data / "coco_eval")
    for scores in (metrics.mask, metrics.box):
        assert scores.precision is not None
        for place, matches in enumerate(scores.matches):
            theirs = scores.precision[:, :, place].mean(axis=1)
            ours = matches.average_precision()[0]
            np.testing.assert_allclose(ours, np.where(theirs < 0, np.nan, theirs), rtol=0, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_weights_are_as_good_as_copies_of_pictures(seed: int) -> None:
    """The slow way: COCOeval on a set in which pictures are there several times, or not at all."""
    truth, results = scene(seed)
    metrics = evaluate_documents(truth, results)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(12, np.full(12, 1 / 12), size=3)
    for row, times in enumerate(weights):
        slow = evaluate_documents(*repeated(truth, results, times.tolist()))
        for fast, copied in ((metrics.mask, slow.mask), (metrics.box, slow.box)):
            for matches, values in zip(fast.matches, copied.by_class.values(), strict=True):
                ours = matches.average_precision(weights)[row]
                found = [ours.mean(), ours[0], ours[5]]
                slowly = [np.nan if values[key] is None else values[key] for key in ("AP", "AP50", "AP75")]
                assert found == pytest.approx(slowly, nan_ok=True, abs=1e-12)


def test_matches_point_to_results_and_annotations() -> None:
    truth, results = scene(1)
    for place, matches in enumerate(evaluate_documents(truth, results).mask.matches):
        assert (np.diff(matches.scores) <= 0).all()
        for detection, score in enumerate(matches.scores):
            result = results[matches.results[detection]]
            assert (result["score"], result["category_id"]) == (score, place + 1)
            assert result["image_id"] == truth["images"][matches.pictures[detection]]["id"]
            if matches.matched[0, detection] >= 0:
                annotation = truth["annotations"][matches.matched[0, detection]]
                assert annotation["image_id"] == result["image_id"]
                assert annotation["category_id"] == result["category_id"]
                assert bool(annotation["iscrowd"]) == matches.ignored[0, detection]
        objects = [one for one in truth["annotations"] if one["category_id"] == place + 1 and not one["iscrowd"]]
        assert matches.objects.sum() == len(objects)


def test_no_detections_and_no_objects() -> None:
    truth, _ = scene(2)
    found = [matches.average_precision()[0, 0] for matches in evaluate_documents(truth, []).mask.matches]
    assert found == pytest.approx([0, 0, np.nan], nan_ok=True)
