"""The map of numbered labels beside a data set."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.annotations.making import labelled, read, shape
from yolact_kit.annotations.class_lists import read_label_map
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.datasets.label_map_file import write_label_map


@pytest.mark.parametrize("name", ["data", "데이터 1", "data.v2"])
def test_labels_with_any_characters_are_read_back(name: str, tmp_path: Path) -> None:
    names = ["cup: {}", "컵 #{}", "cup, big ({})", "yes {}", "'quoted' {}", "~{}x {}"]
    shapes = [shape(label=text.replace("{}", str(k))) for text in names for k in (1, 2)]
    labelled(tmp_path / "in", "a", shapes)
    result = read(tmp_path / "in")
    file = write_label_map(result, tmp_path / name, ReadOptions())
    assert file == tmp_path / f"{name}-labels.json"
    label_map = read_label_map(file)
    assert {label_map[entry["label"]] for entry in shapes} == {"cup", "컵", "cup, big", "yes", "'quoted'", "~1x", "~2x"}


@pytest.mark.parametrize(("labels", "merge", "is_written"), [
    (["cup_1", "cup_2"], False, True), (["cup", "plate"], True, False), (["M6", "M8"], False, False),
    (["M6", "M8"], True, True),
])  # fmt: skip
def test_a_map_is_written_where_there_is_something_to_edit(
    labels: list[str], merge: bool, is_written: bool, tmp_path: Path
) -> None:
    labelled(tmp_path / "in", "a", [shape(label=label) for label in labels])
    options = ReadOptions(merge_numbered=merge, workers=1)
    result = read(tmp_path / "in", merge_numbered=merge)
    assert (write_label_map(result, tmp_path / "out", options) is not None) == is_written
