from __future__ import annotations

import csv
from pathlib import Path

from yolact_kit.training.metrics_file import join_earlier, set_earlier_aside


def rows(run: Path) -> list[dict[str, str]]:
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_earlier_rows_come_back_before_the_later_ones(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text("step,loss,AP\n0,5,\n1,4,\n1,,0.1\n2,3,\n3,2", encoding="utf-8")
    set_earlier_aside(tmp_path, steps=2)
    file.write_text("step,loss,best\n2,3,\n3,1,0.2\n", encoding="utf-8")
    join_earlier(tmp_path)
    assert [(row["step"], row["loss"], row["AP"], row["best"]) for row in rows(tmp_path)] == [
        ("0", "5", "", ""),
        ("1", "4", "", ""),
        ("1", "", "0.1", ""),
        ("2", "3", "", ""),
        ("3", "1", "", "0.2"),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.csv"]


def test_rows_outlive_a_second_part_that_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "metrics.csv"
    file.write_text("step,loss\n0,5\n1,4\n", encoding="utf-8")
    set_earlier_aside(tmp_path, steps=2)
    file.write_text("step,loss\n2,3\n3,2\n", encoding="utf-8")
    set_earlier_aside(tmp_path, steps=3)
    file.write_text("step,loss\n3,1\n", encoding="utf-8")
    join_earlier(tmp_path)
    assert [row["loss"] for row in rows(tmp_path)] == ["5", "4", "3", "1"]


def test_a_new_run_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "metrics.csv").write_text("step,loss\n0,5\n", encoding="utf-8")
    join_earlier(tmp_path)
    assert [row["loss"] for row in rows(tmp_path)] == ["5"]
