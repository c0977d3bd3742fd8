"""From weights and a data set to metrics, as Python users go it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.datasets.folders import FolderMaker
from tests.evaluation.test_split_evaluation import CLASSES, make_dataset
from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.annotations.dataset import Dataset
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.display import Display
from yolact_kit.errors import UserError
from yolact_kit.evaluation.evaluate import evaluate_model
from yolact_kit.inference.predictor import Predictor


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    config = tiny_config(CLASSES)
    return Predictor(tiny_model(config), config)


def test_metrics_print_as_a_table_and_are_saved(predictor: Predictor, tmp_path: Path) -> None:
    result = evaluate_model(predictor, load_dataset(make_dataset(tmp_path / "data")), "val", against=predictor)
    text, html = str(result), result._repr_html_()
    assert "split 'val', 3 pictures, 3 objects" in text
    rows = [line.split() for line in text.splitlines()]
    assert [name for name in CLASSES if any(name in row for row in rows)] == CLASSES
    assert html.count("<tr>") == 1 + len(CLASSES) + 2 and "<td>컵</td>" in html
    result.save(tmp_path / "out")
    saved = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert saved == json.loads(json.dumps(result.to_dict()))
    assert saved["mask"]["by_class"]["fork"]["AP"] is None
    assert saved["against"]["mask"]["AP"]["difference"] == 0
    assert (tmp_path / "out" / "against.json").is_file()


def test_classes_that_the_model_does_not_know_are_a_warning(predictor: Predictor, tmp_path: Path) -> None:
    warnings: list[str] = []
    data = make_dataset(tmp_path / "data", ["knife", "plate"])
    evaluate_model(predictor, data, display=Display(warn=warnings.append))
    assert len(warnings) == 1 and "knife" in warnings[0]


def test_a_data_set_in_memory_has_to_be_saved_first(predictor: Predictor) -> None:
    with pytest.raises(UserError, match="no folder"):
        evaluate_model(predictor, Dataset("parts", ["nut"], {"val": []}))


@pytest.mark.parametrize(
    ("split", "crowds", "reason"),
    [
        ("val", 0, "val has no objects, so there is no mask AP"),
        ("test", 0, "test has no objects, so there is no mask AP"),
        ("test", 1, "test has nothing but 1 crowd, which is not measured, so there is no mask AP"),
        ("val", 2, "val has nothing but 2 crowds, which are not measured, so there is no mask AP"),
    ],
)
def test_why_there_is_no_ap_is_said(split: str, crowds: int, reason: str, predictor: Predictor, tmp_path: Path) -> None:
    maker = FolderMaker(tmp_path / "data", CLASSES)
    maker.picture(split, "a.png", CLASSES[:crowds], seed=1)
    for annotation in maker.documents[split]["annotations"]:
        annotation["iscrowd"] = 1
    warnings: list[str] = []
    result = evaluate_model(predictor, maker.write(), split, display=Display(warn=warnings.append))
    assert f"{reason}." in warnings
    assert result.undefined == reason
    assert str(result).endswith(reason) and reason in result._repr_html_()
    assert result.to_dict()["mask"]["AP"] is None


def test_where_there_is_ap_nothing_is_said(predictor: Predictor, tmp_path: Path) -> None:
    warnings: list[str] = []
    data = make_dataset(tmp_path / "data")
    result = evaluate_model(predictor, data, display=Display(warn=warnings.append))
    assert result.undefined is None and not any("mask AP" in warning for warning in warnings)
    assert "no mask AP" not in str(result) + result._repr_html_()
