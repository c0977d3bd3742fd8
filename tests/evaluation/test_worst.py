from __future__ import annotations

import json

import pytest

from yolact_kit.evaluation.coco import evaluate_documents, ground_truth
from yolact_kit.evaluation.worst import worst_pictures

from .scenes import scene
from .test_coco import CLASSES, instance, picture, prediction


@pytest.mark.parametrize("seed", range(3))
def test_each_picture_counts_as_it_does_alone(seed: int) -> None:
    truth, results = scene(seed)
    found = worst_pictures(truth, evaluate_documents(truth, results).mask, 0.4, most=99)
    assert [one.f1 for one in found] == sorted(one.f1 for one in found)
    seen = {one.image["id"]: one for one in found}
    for image in truth["images"]:
        alone = {
            **truth,
            "images": [image],
            "annotations": [one for one in truth["annotations"] if one["image_id"] == image["id"]],
        }
        kept = [one for one in results if one["image_id"] == image["id"] and one["score"] >= 0.4]
        right = wrong = 0
        for matches in evaluate_documents(alone, kept).mask.matches:
            counted = ~matches.ignored[0]
            hits = int((matches.matched[0, counted] >= 0).sum())
            right, wrong = right + hits, wrong + int(counted.sum()) - hits
        missed = sum(not one["iscrowd"] for one in alone["annotations"]) - right
        if wrong or missed:
            one = seen[image["id"]]
            assert (len(one.right), len(one.wrong), len(one.missed)) == (right, wrong, missed)
            assert all(results[place]["image_id"] == image["id"] for place in one.right + one.wrong)
            assert all(truth["annotations"][place]["image_id"] == image["id"] for place in one.missed + one.matched)
        else:
            assert image["id"] not in seen


def test_order_limit_and_pictures_without_errors() -> None:
    """Ids out of order; two detections of nothing are worse than one, one object of two is better than none."""
    cup, plate = instance("컵", 0, 0, 20), instance("plate", 50, 50, 20)
    truth = ground_truth([picture(cup), picture(), picture(cup, plate), picture(), picture()], CLASSES)
    for image in truth["images"]:
        image["file_name"] = f"{image['id']}.png"
    truth["images"].reverse()
    seen = [
        [(0, 0.9, 0, 0, 20)], [(0, 0.9, 0, 0, 20)], [(0, 0.9, 0, 0, 20)], [(0, 0.9, 9, 9, 20), (1, 0.8, 60, 60, 9)], [],
    ]  # fmt: skip
    results = [one for number, found in enumerate(seen, start=1) for one in prediction(*found).to_coco(number)]
    masks = evaluate_documents(truth, results).mask
    found = worst_pictures(truth, masks, 0.3)
    assert [one.image["id"] for one in found] == [4, 2, 3]
    assert json.loads(json.dumps(found[2].to_dict())) == {
        "file": "3.png", "f1": pytest.approx(2 / 3), "right": 1, "wrong": 0, "missed": 1,
    }  # fmt: skip
    assert len(worst_pictures(truth, masks, 0.3, most=1)) == 1
    assert [one.image["id"] for one in worst_pictures(truth, masks, 0.95)] == [3, 1]
