"""Evaluating a split of a data set folder: ids, classes, broken pictures, plots."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from matplotlib.figure import Figure
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.errors import UserError
from yolact_kit.evaluation import plots
from yolact_kit.evaluation.confusion import confusion_matrix
from yolact_kit.evaluation.plots import plot_confusion, plot_precision_recall
from yolact_kit.evaluation.split import LabelledSplit, load_split
from yolact_kit.evaluation.split_evaluation import Evaluation, evaluate_split
from yolact_kit.inference.predictor import Predictor

CLASSES = ["컵", "plate", "fork"]


def make_dataset(folder: Path, classes: list[str] = CLASSES, pictures: int = 3) -> Path:
    """A data set folder whose ids are neither 1..N nor in order."""
    rng = np.random.default_rng(1)
    images, annotations = [], []
    for number in range(pictures):
        name = f"하위/사진 {number}.png"
        (folder / "images" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (60, 80, 3), dtype=np.uint8)).save(folder / "images" / name)
        images.append({"id": 900 - number, "file_name": name, "width": 80, "height": 60})
        for place in range(number):
            x, y = 5 + 20 * place, 10
            annotations.append(
                {
                    "id": len(annotations), "image_id": 900 - number, "category_id": 10 + place % len(classes),
                    "segmentation": [[x, y, x + 15, y, x + 15, y + 30, x, y + 30]], "bbox": [x, y, 15, 30],
                    "area": 450, "iscrowd": 0,
                }
            )  # fmt: skip
    categories = [{"id": 10 + place, "name": name} for place, name in enumerate(classes)]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations").mkdir(parents=True)
    (folder / "annotations" / "val.json").write_text(json.dumps(document), encoding="utf-8")
    described = {
        "name": "세트",
        "classes": classes,
        "splits": {"val": {"annotations": "annotations/val.json", "images": "images"}},
    }
    (folder / "dataset.yaml").write_text(yaml.safe_dump(described, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    config = tiny_config(["fork", "컵", "plate"])
    return Predictor(tiny_model(config), config)


@pytest.fixture
def split(tmp_path: Path) -> LabelledSplit:
    return load_split(make_dataset(tmp_path / "data"), "val")


@pytest.fixture
def found(predictor: Predictor, split: LabelledSplit) -> Evaluation:
    return evaluate_split(predictor, split)


def test_results_have_the_ids_of_the_annotation_file(split: LabelledSplit, found: Evaluation) -> None:
    assert split.category_ids(["fork", "컵", "plate"]) == [12, 10, 11]
    assert {result["image_id"] for result in found.results} <= {898, 899, 900}
    assert {result["category_id"] for result in found.results} <= {10, 11, 12}
    assert len(found.results) > 0


def test_the_metrics_are_those_of_pycocotools_on_the_files(
    split: LabelledSplit, found: Evaluation, tmp_path: Path
) -> None:
    """What a stranger computes from the annotation file and results.json."""
    truth = COCO(str(tmp_path / "data" / "annotations" / "val.json"))
    for annotation in truth.dataset["annotations"]:
        annotation["id"] += 1  # COCOeval takes 0 for "no match"
    truth.createIndex()
    evaluation = COCOeval(truth, truth.loadRes(json.loads(json.dumps(found.results))), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    values = found.metrics.box.values
    ours = [-1 if values[name] is None else values[name] for name in ("AP", "AP50", "AP75", "APs", "APm", "APl")]
    assert ours == pytest.approx(evaluation.stats[:6].tolist())


def test_a_broken_picture_is_left_out_with_its_labels(
    predictor: Predictor, split: LabelledSplit, tmp_path: Path
) -> None:
    broken = tmp_path / "data" / "images" / "하위" / "사진 2.png"
    broken.write_bytes(b"no picture")
    told: list[str] = []
    found = evaluate_split(predictor, split, on_problem=lambda error: told.append(error.message))
    assert len(told) == len(found.broken) == 1 and "사진 2.png" in told[0]
    assert [image["id"] for image in found.truth["images"]] == [900, 899]
    assert len(found.truth["annotations"]) == 1
    assert all(result["image_id"] != 898 for result in found.results)


def test_nothing_but_broken_pictures_is_a_users_error(
    predictor: Predictor, split: LabelledSplit, tmp_path: Path
) -> None:
    for path in (tmp_path / "data" / "images").rglob("*.png"):
        path.write_bytes(b"no picture")
    with pytest.raises(UserError, match="None of the pictures"):
        evaluate_split(predictor, split)


def test_a_missing_split_names_those_there_are(tmp_path: Path) -> None:
    folder = make_dataset(tmp_path / "data")
    with pytest.raises(UserError, match="no split 'test'") as raised:
        load_split(folder / "dataset.yaml", "test")
    assert raised.value.advice == "Its splits: val."


def test_a_split_without_pictures_is_a_users_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no pictures"):
        load_split(make_dataset(tmp_path / "data", pictures=0), "val")


def test_no_class_of_the_data_sets_is_a_users_error(predictor: Predictor, tmp_path: Path) -> None:
    data = make_dataset(tmp_path / "data", ["knife", "spoon"])
    with pytest.raises(UserError, match="only the model has 'fork', '컵', 'plate', only the data set 'knife', 'spoon'"):
        evaluate_split(predictor, load_split(data, "val"))


def test_classes_are_matched_by_name_and_what_only_one_has_counts_for_nothing(
    predictor: Predictor, tmp_path: Path
) -> None:
    split = load_split(make_dataset(tmp_path / "data", ["knife", "plate"]), "val")
    assert split.compare(predictor.classes) == (["knife"], ["fork", "컵"])
    found = evaluate_split(predictor, split)
    assert {result["category_id"] for result in found.results} == {11}
    assert found.metrics.mask.by_class["knife"]["AP"] == 0


def test_curves_are_told_apart_by_more_than_their_colours(
    found: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Figure] = []
    monkeypatch.setattr(plots, "_save", lambda figure, _: drawn.append(figure))
    plot_precision_recall(found.metrics.mask, tmp_path / "a.png")
    curves = drawn[0].axes[0].lines[:-1]  # the last is the mean
    assert 1 < len(curves) == len({line.get_linestyle() for line in curves})


def test_plots_are_written_for_names_of_every_script(found: Evaluation, tmp_path: Path) -> None:
    plot_precision_recall(found.metrics.mask, tmp_path / "곡선.png", "마스크")
    counts = confusion_matrix(found.truth, found.results)
    plot_confusion(counts, CLASSES, tmp_path / "confusion.png", "마스크")
    for name in ("곡선.png", "confusion.png"):
        with Image.open(tmp_path / name) as image:
            assert min(image.size) > 300
            assert len(np.unique(np.asarray(image.convert("L")))) > 20
    assert counts[:-1].sum() == len(found.truth["annotations"])
