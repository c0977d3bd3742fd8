"""One group for every shape of every picture is a warning, in every format that has groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.annotations.making import codes, instances, labelled, picture, read, shape
from tests.annotations.readers.test_cvat import cvat, image, tag
from yolact_kit.config.files import template
from yolact_kit.datasets.checks import validate_folder, validate_source
from yolact_kit.datasets.convert import ConvertOptions, convert

OUTLINES = [[[5, 5], [25, 6], [10, 30]], [[40, 20], [50, 20], [40, 30]]]
MODEL = template("yolact_nano").model


def write_groups(format: str, folder: Path, groups: list[Any]) -> None:
    """Four pictures with two shapes each, which have the groups."""
    elements = []
    for number in range(4):
        if format == "cvat":
            texts = [";".join(f"{x},{y}" for x, y in outline) for outline in OUTLINES]
            polygons = [tag("polygon", points=text, group_id=group) for text, group in zip(texts, groups, strict=True)]
            picture(folder / f"p{number}.png", number)
            elements.append(image(*polygons, name=f"p{number}.png"))
        else:
            shapes = [shape(outline, group_id=group) for outline, group in zip(OUTLINES, groups, strict=True)]
            labelled(folder, f"p{number}", shapes, number)
    if elements:
        cvat(folder, *elements)


@pytest.mark.parametrize("format", ["labelme", "cvat"])
@pytest.mark.parametrize(("groups", "is_warned"), [((1, 1), True), ((1, 2), False), ((None, None), False)])
def test_one_group_everywhere_is_reported_from_labels_to_data_set(
    format: str, groups: tuple[Any, Any], is_warned: bool, tmp_path: Path
) -> None:
    write_groups(format, tmp_path / "in", list(groups))
    source = read(tmp_path / "in")
    assert codes(source) == ["W group-everywhere"] * is_warned
    assert len(instances(source)) == (4 if is_warned else 8)
    convert(tmp_path / "in", tmp_path / "data", ConvertOptions(workers=1))
    convert(tmp_path / "in", tmp_path / "labelme", ConvertOptions(workers=1, to="labelme"))
    again = read(tmp_path / "labelme")
    for problems in (
        validate_source(source, tmp_path / "in", MODEL).problems,
        validate_folder(tmp_path / "data", MODEL).problems,
        again.problems,
    ):
        assert [problem.code for problem in problems].count("group-everywhere") == is_warned
    assert len(instances(again)) == len(instances(source))
