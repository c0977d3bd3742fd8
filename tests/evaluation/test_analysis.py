from __future__ import annotations

import json
from typing import Any

import pytest

from yolact_kit.evaluation.analysis import analyse
from yolact_kit.evaluation.coco import evaluate_documents
from yolact_kit.evaluation.split_evaluation import Evaluation

from .scenes import scene


def evaluation(truth: dict[str, Any], results: list[dict[str, Any]]) -> Evaluation:
    return Evaluation(evaluate_documents(truth, results), results, truth, [])


def test_the_numbers_agree_with_each_other() -> None:
    truth, results = scene(1)
    found = analyse(evaluation(truth, results), score=0.4)
    numbers = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    chosen = numbers["thresholds"]["chosen"]
    objects = sum(not one["iscrowd"] for one in truth["annotations"])
    assert chosen["right"] + chosen["missed"] == objects
    assert numbers["thresholds"]["best"]["f1"] >= chosen["f1"]
    assert sum(map(sum, numbers["confusion"]["counts"][:-1])) == objects
    assert sum(one["count"] for one in numbers["calibration"]["bins"]) == len(found.all.scores)
    assert sum(one["wrong"] for one in numbers["worst"]) == chosen["wrong"]
    assert sum(one["missed"] for one in numbers["worst"]) == chosen["missed"]
    assert list(numbers["thresholds"]["by_class"]) == ["클래스 1", "클래스 2", "클래스 3"]


@pytest.mark.parametrize("without", ["detections", "objects", "both", "all but crowds"])
def test_what_is_not_there_is_none_or_0(without: str) -> None:
    truth, results = scene(2)
    if without == "all but crowds":
        truth["annotations"] = [{**one, "iscrowd": 1} for one in truth["annotations"]]
    elif without != "detections":
        truth["annotations"] = []
    numbers = analyse(evaluation(truth, [] if without in ("detections", "both") else results)).to_dict()
    json.dumps(numbers, allow_nan=False)
    assert numbers["thresholds"]["best"] is None
    assert numbers["boundary"]["boundary_iou"] is None
    assert numbers["errors"]["AP50"] == (0 if without == "detections" else None)
