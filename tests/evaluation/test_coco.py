from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.evaluation.coco import PRECISIONS, RECALLS, Metrics, evaluate, evaluate_documents, ground_truth
from yolact_kit.inference.prediction import Prediction
from yolact_kit.shapes.rle import Rle

CLASSES = ["컵", "plate"]
ONE = pytest.approx(1)  # COCOeval adds a tiny number to its denominators


def square(x: int, y: int, side: int, size: int = 100) -> Rle:
    mask = np.zeros((size, size), dtype=np.uint8, order="F")
    mask[y : y + side, x : x + side] = 1
    rle = coco_mask.encode(mask)
    return {"size": [size, size], "counts": rle["counts"].decode("ascii")}


def picture(*instances: Instance) -> Picture:
    return Picture("사진.png", 100, 100, Path("사진.png"), list(instances))


def instance(label: str, x: int, y: int, side: int, crowd: bool = False) -> Instance:
    return Instance(label, rle=square(x, y, side), crowd=crowd)


def prediction(*found: tuple[int, float, int, int, int], classes: list[str] | None = None) -> Prediction:
    """Squares, each as label, score, x, y, side."""
    return Prediction(
        "사진.png",
        100,
        100,
        np.array([[x, y, x + side, y + side] for _, _, x, y, side in found], dtype=np.float32).reshape(-1, 4),
        np.array([score for _, score, *_ in found], dtype=np.float32),
        np.array([label for label, *_ in found], dtype=np.int64),
        [square(x, y, side) for *_, x, y, side in found],
        classes or CLASSES,
    )


def published(text: str, kind: str) -> list[float]:
    """The twelve numbers printed for ``kind``."""
    part = text.split(f"type={kind}")[1].split("type=")[0]
    return [float(value) for value in re.findall(r"maxDets=.*\] = ([\d.]+)", part)]


def test_the_numbers_that_coco_published(shared_data: Path) -> None:
    folder = shared_data / "coco_eval"
    truth = json.loads((folder / "tests/dataset/cocoapi/instances_val2014_100.json").read_text(encoding="utf-8"))
    results = folder / "cocoapi" / "results"
    masks, boxes = (
        json.loads((results / f"instances_val2014_fake{kind}100_results.json").read_text(encoding="utf-8"))
        for kind in ("segm", "bbox")
    )
    text = (results / "val2014_fake_eval_res.txt").read_text(encoding="utf-8")
    metrics = evaluate_documents(truth, masks, boxes)
    for scores, kind in ((metrics.mask, "segm"), (metrics.box, "bbox")):
        found = [scores.values[name] for name in PRECISIONS + RECALLS]
        assert [round(value, 3) for value in found if value is not None] == published(text, kind)
        for name in PRECISIONS:  # each is the mean of the classes that have such objects
            by_class = [one[name] for one in scores.by_class.values() if one[name] is not None]
            assert np.mean(by_class) == pytest.approx(scores.values[name], abs=1e-12)


def test_finding_everything_gives_one() -> None:
    pictures = [picture(instance("컵", 10, 10, 40), instance("plate", 60, 60, 20)), picture()]
    metrics = evaluate(pictures, CLASSES, [prediction((0, 0.9, 10, 10, 40), (1, 0.8, 60, 60, 20)), prediction()])
    for scores in (metrics.mask, metrics.box):
        assert [scores.values[name] for name in PRECISIONS] == [ONE, ONE, ONE, ONE, ONE, None]
        all_sizes = {"AP": ONE, "AP50": ONE, "AP75": ONE}
        assert scores.by_class["컵"] == {**all_sizes, "APs": None, "APm": ONE, "APl": None}
        assert scores.by_class["plate"] == {**all_sizes, "APs": ONE, "APm": None, "APl": None}
        assert scores.objects == {"컵": 1, "plate": 1}


def test_a_detection_on_a_picture_without_objects_is_a_false_one() -> None:
    pictures = [picture(), picture(instance("컵", 10, 10, 40))]
    quiet = evaluate(pictures, CLASSES, [prediction(), prediction((0, 0.5, 10, 10, 40))])
    noisy = evaluate(pictures, CLASSES, [prediction((0, 0.9, 50, 50, 30)), prediction((0, 0.5, 10, 10, 40))])
    assert quiet.mask.values["AP"] == ONE
    assert noisy.mask.values["AP"] == pytest.approx(0.5)


def test_an_object_in_a_picture_without_detections_is_missed() -> None:
    pictures = [picture(instance("컵", 10, 10, 40)), picture(instance("컵", 10, 10, 40))]
    metrics = evaluate(pictures, CLASSES, [prediction(), prediction((0, 0.5, 10, 10, 40))])
    assert metrics.mask.values["AP"] == pytest.approx(51 / 101)


def test_detections_in_a_crowd_do_not_count() -> None:
    pictures = [picture(instance("컵", 10, 10, 20), instance("컵", 40, 40, 50, crowd=True))]
    metrics = evaluate(pictures, CLASSES, [prediction((0, 0.9, 45, 45, 10), (0, 0.8, 10, 10, 20))])
    assert metrics.mask.values["AP"] == ONE
    assert metrics.mask.objects == {"컵": 1, "plate": 0}


def test_what_nothing_defines_is_none() -> None:
    only_crowds = [picture(instance("컵", 40, 40, 50, crowd=True))]
    for pictures, predictions in (
        (only_crowds, [prediction((0, 0.9, 45, 45, 10))]),
        ([picture()], [prediction()]),
        ([picture()], [prediction((1, 0.9, 45, 45, 10))]),
    ):
        metrics = evaluate(pictures, CLASSES, predictions)
        assert set(metrics.mask.values.values()) == {None}
        assert metrics.box.by_class["plate"]["AP"] is None


def test_no_detection_at_all_is_zero() -> None:
    metrics = evaluate([picture(instance("컵", 10, 10, 40))], CLASSES, [prediction()])
    assert metrics.mask.values["AP"] == metrics.box.values["AP50"] == 0
    assert metrics.mask.by_class["plate"]["AP"] is None


def test_classes_are_matched_by_name_not_by_number() -> None:
    swapped = prediction((1, 0.9, 10, 10, 40), classes=["plate", "컵"])
    assert evaluate([picture(instance("컵", 10, 10, 40))], CLASSES, [swapped]).mask.values["AP"] == ONE


def test_size_of_a_detection_is_its_masks_area_for_masks() -> None:
    """A loose box must not move a small mask into another range of sizes."""
    found = prediction((0, 0.9, 60, 60, 20), (0, 0.95, 10, 10, 20))
    found.boxes[1] = [0, 0, 100, 100]
    scores = evaluate([picture(instance("컵", 60, 60, 20))], CLASSES, [found])
    assert scores.mask.values["APs"] == pytest.approx(0.5)
    assert scores.box.values["APs"] == ONE


def test_ids_of_0_and_missing_fields_are_taken() -> None:
    pictures = [picture(instance("컵", 10, 10, 40))]
    truth = ground_truth(pictures, CLASSES)
    truth["images"][0]["id"] = 0
    truth["annotations"] = [{"id": 0, "image_id": 0, "category_id": 1, "segmentation": square(10, 10, 40)}]
    metrics = evaluate_documents(truth, prediction((0, 0.9, 10, 10, 40)).to_coco(0))
    assert metrics.mask.values["AP"] == ONE
    assert metrics.box.values["AP"] == ONE


def test_metrics_as_json_have_the_documented_layout(capsys: pytest.CaptureFixture[str]) -> None:
    metrics: Metrics = evaluate([picture(instance("컵", 10, 10, 40))], CLASSES, [prediction((0, 0.9, 12, 12, 40))])
    found = json.loads(json.dumps(metrics.to_dict()))
    assert list(found) == ["mask", "box"]
    for part in found.values():
        assert list(part) == ["AP", "AP50", "AP75", "APs", "APm", "APl", "by_class"]
        assert list(part["by_class"]) == CLASSES
        assert 0 < part["AP"] < 1 and part["APs"] is None
    assert capsys.readouterr().out == ""
