"""What ``convert`` says of classes that are not learnt, and what it does not say of the machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.annotations.making import labelled, shape
from tests.cli.runner import Runner


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """Ten labelled pictures in a folder with a Korean name."""
    folder = tmp_path / "사진 폴더"
    for number in range(10):
        labelled(folder, f"사진 {number}", [shape(), shape([[30, 5], [50, 5], [50, 30]], "너트")], number)
    return folder


def document(out: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((out / "conversion.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("words", [[], ["--to", "yolo"], ["--to", "voc"], ["--to", "labelme"], ["--pictures", "more"]])
def test_what_is_passed_on_does_not_tell_where_it_was_made(
    run: Runner, labels: Path, tmp_path: Path, words: list[str]
) -> None:
    (labels / "사진 0.png").write_bytes(b"no picture")
    (labels / "사진 1.png").unlink()
    (tmp_path / "more").mkdir()
    words = [str(tmp_path / word) if word == "more" else word for word in words]
    assert run("convert", labels, tmp_path / "out", *words).code == 1
    texts = [file for file in (tmp_path / "out").rglob("*.*") if file.suffix in (".json", ".yaml", ".xml", ".txt")]
    assert len(texts) > 2
    for file in texts:
        assert str(tmp_path) not in file.read_text(encoding="utf-8"), file
    messages = [problem["message"] for problem in document(tmp_path / "out")["problems"]]
    assert any("'사진 0.png'" in message for message in messages)


def test_classes_without_training_are_a_table_to_act_on(run: Runner, labels: Path, tmp_path: Path) -> None:
    names = [f"부품 {chr(97 + number)}" for number in range(24)]
    for number, name in enumerate(names):
        labelled(labels, f"한 장 {number}", [shape(label=name)], 100 + number)
    for number in range(2):
        labelled(labels, f"두 장 {number}", [shape(label="둘")], 200 + number)
    classes = ",".join([*names, "둘", "nut", "너트", "없는 것"])
    done = run("convert", labels, tmp_path / "out", "--val", "0.9", "--classes", classes)
    rows = document(tmp_path / "out")["counts"]["without_training"]
    assert done.code == 0 and len(rows) > 15
    assert f"warning: {len(rows)} of 28 classes have no object in the training split" in done.err
    assert sum(line.count("label more, or --map") for line in done.err.splitlines()) <= 15
    assert f"... and {len(rows) - 15} more" in done.err and "conversion.json" in done.err
    assert done.err.count("has no object in the training split.") == 0  # no line for each class besides
    advice = {row["class"]: row["advice"] for row in rows}
    assert advice["없는 것"] == "none: label some, or --map"
    assert {advice.get("둘", "2 pictures: --split stratified")} == {"2 pictures: --split stratified"}
    for row in rows:
        assert row["train"] == 0 and set(row) == {"class", "train", "val", "advice"}
    done = run("convert", labels, tmp_path / "stratified", "--val", "0.5", "--split", "stratified")
    assert "둘" not in [row["class"] for row in document(tmp_path / "stratified")["counts"]["without_training"]]
    assert "1 picture: label more, or --map" in done.err
