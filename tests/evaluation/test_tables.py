from __future__ import annotations

from yolact_kit.evaluation.coco import Metrics, Scores
from yolact_kit.evaluation.tables import COLUMNS, metrics_table


def scores(value: float | None) -> Scores:
    values = dict.fromkeys(COLUMNS, value)
    return Scores(values, {"<컵>": values}, {"<컵>": 2})


def test_a_row_for_each_class_and_one_for_all() -> None:
    table = metrics_table(Metrics(scores(0.25), scores(None)), "split 'val'")
    assert table.classes == [["<컵>", "2", "0.250", "0.250", "0.250", "-", "-", "-"]]
    assert [row[0] for row in table.totals] == ["all"]
    assert "split 'val'" in table.to_text() and "0.250" in table.to_text()


def test_metrics_print_and_show_in_a_notebook() -> None:
    metrics = Metrics(scores(0.25), scores(None))
    assert "<컵>" in str(metrics) and "&lt;컵&gt;" in metrics._repr_html_()


def test_another_model_has_a_row_below() -> None:
    table = metrics_table(Metrics(scores(0.25), scores(0.5)), other=Metrics(scores(0.125), scores(0.0)))
    assert table.totals[1] == ["all, against", "2", *["0.125"] * 3, *["0.000"] * 3]
