"""Pictures of more than 8 bits in a folder of labels: one range for all of them, which is said."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from tests.annotations.making import HEIGHT, WIDTH, codes, labelled, labelme_document, read, shape
from yolact_kit.annotations.result import ReadResult
from yolact_kit.pixels.depth import DepthRange

KINDS: dict[str, Any] = {
    "16-bit PNG": (".png", np.uint16),
    "16-bit TIFF": (".tif", np.uint16),
    "signed TIFF": (".tif", np.int16),
    "float TIFF": (".tif", np.float32),
    "PGM": (".pgm", np.uint16),
    "colour PNG": (".png", np.uint16),
    "colour TIFF": (".tif", np.uint16),
}


def ramp(low: float, high: float) -> NDArray[np.float64]:
    return np.tile(np.linspace(low, high, WIDTH), (HEIGHT, 1))


def deep_picture(folder: Path, stem: str, values: NDArray[Any], suffix: str = ".png", **more: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}{suffix}"
    cv2.imwrite(str(path), values)
    document = labelme_document(path.name, [shape()], **more)
    path.with_suffix(".json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def messages(result: ReadResult, code: str) -> list[str]:
    return [problem.message for problem in result.problems if problem.code == code]


@pytest.mark.parametrize("kind", KINDS)
def test_equal_values_become_equal_greys_in_every_picture(tmp_path: Path, kind: str) -> None:
    suffix, type_of_values = KINDS[kind]
    low = -500 if kind == "signed TIFF" else 0
    for number, top in enumerate((250, 3000, 4090)):
        values = ramp(low, top).astype(type_of_values)
        deep_picture(tmp_path, f"m{number}", np.dstack([values] * 3) if "colour" in kind else values, suffix)
    result = read(tmp_path)
    settled = DepthRange(low, 4090 if low else 4095)
    assert result.depth_range == result.dataset().depth_range == settled
    assert codes(result) == ["W picture-16-bit"] * 3
    assert f"its values {low} to 3000 became 0 to" in messages(result, "picture-16-bit")[1]
    assert f"in every picture {settled} became 0 to 255" in messages(result, "picture-16-bit")[1]
    for item, top in zip(result.labelled, (250, 3000, 4090), strict=True):
        pixels = item.picture.read()
        assert abs(int(pixels.max()) - (top - low) * 255 / (settled.high - settled.low)) <= 0.5
        assert item.rewrite and item.thumbnail is not None
        assert abs(float(item.thumbnail.mean()) - pixels.mean()) < 2


def test_a_range_that_was_chosen(tmp_path: Path) -> None:
    deep_picture(tmp_path, "a", ramp(0, 4000).astype(np.uint16))
    result = read(tmp_path, depth_range=DepthRange(1000, 2000))
    assert result.depth_range == DepthRange(1000, 2000)
    pixels = result.labelled[0].picture.read()[0, :, 0]
    assert pixels[0] == 0 and pixels[-1] == 255 and (pixels == 255).mean() > 0.45


def test_pictures_that_cannot_be_used_do_not_count(tmp_path: Path) -> None:
    deep_picture(tmp_path, "a", ramp(0, 4000).astype(np.uint16))
    deep_picture(tmp_path, "wrong", ramp(0, 65535).astype(np.uint16), imageWidth=9, imageHeight=7)
    result = read(tmp_path)
    assert len(result.labelled) == 1
    assert result.depth_range == DepthRange(0, 4095)


def test_pictures_of_8_bits_stay_as_they_are(tmp_path: Path) -> None:
    labelled(tmp_path, "plain", [shape()])
    before = read(tmp_path).labelled[0].picture.read()
    assert read(tmp_path).depth_range is None
    deep_picture(tmp_path, "deep", ramp(0, 4000).astype(np.uint16))
    result = read(tmp_path)
    assert codes(result) == ["W picture-16-bit", "W depth-mixed"]
    assert messages(result, "depth-mixed")[0].startswith("1 of 2 pictures have more than 8 bits")
    np.testing.assert_array_equal(result.labelled[1].picture.read(), before)


def test_pictures_without_contrast_in_the_common_range_are_named(tmp_path: Path) -> None:
    deep_picture(tmp_path, "share", ramp(0, 1).astype(np.float32), ".tif")
    deep_picture(tmp_path, "camera", ramp(0, 60_000).astype(np.uint16))
    deep_picture(tmp_path, "flat", np.full((HEIGHT, WIDTH), 900, np.uint16))
    result = read(tmp_path)
    [message] = messages(result, "depth-few-greys")
    assert "1 picture of 3" in message and "'share.tif' (0 to 1)" in message and "0 to 65535" in message


@pytest.mark.parametrize("where", [("first",), ("first", "second")])
def test_data_sets_of_earlier_conversions_keep_their_range(tmp_path: Path, where: tuple[str, ...]) -> None:
    for folder in where:
        (tmp_path / folder).mkdir()
        description = {"classes": ["nut"], "depth_range": [0, 8000]}
        (tmp_path / folder / "dataset.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")
    deep_picture(tmp_path, "new", ramp(0, 4000).astype(np.uint16))
    result = read(tmp_path)
    assert result.depth_range == DepthRange(0, 8000)
    assert codes(result) == ["W picture-16-bit"]


def test_data_sets_of_unlike_ranges_are_named(tmp_path: Path) -> None:
    for folder, top in (("day", 4095), ("night", 65535)):
        labelled(tmp_path / folder, folder, [shape()], seed=top)
        description = {"classes": ["nut"], "depth_range": [0, top]}
        (tmp_path / folder / "dataset.yaml").write_text(yaml.safe_dump(description), encoding="utf-8")
    result = read(tmp_path)
    assert codes(result) == ["W depth-differs"]
    [message] = messages(result, "depth-differs")
    assert "0 to 4095 in 'day/dataset.yaml'" in message and "0 to 65535 in 'night/dataset.yaml'" in message
    assert result.depth_range is None


@pytest.mark.parametrize("embedded", ["itself", "in 8 bits", "another"])
def test_the_embedded_picture_of_a_deep_file(tmp_path: Path, embedded: str) -> None:
    values = ramp(0, 3000).astype(np.uint16)
    inside = {"itself": values, "in 8 bits": ramp(0, 255).astype(np.uint8), "another": values[:, ::-1]}[embedded]
    content = cv2.imencode(".png", inside)[1].tobytes()
    deep_picture(tmp_path, "a", values, ".tif", imageData=base64.b64encode(content).decode("ascii"))
    differs = ["W picture-embedded-differs"] if embedded == "another" else []
    assert codes(read(tmp_path)) == [*differs, "W picture-16-bit"]


def test_the_same_deep_picture_in_two_formats_is_noticed(tmp_path: Path) -> None:
    deep_picture(tmp_path, "a", ramp(0, 4000).astype(np.uint16))
    deep_picture(tmp_path, "b", ramp(0, 4000).astype(np.uint16), ".tif")
    first, second = read(tmp_path).labelled
    assert first.digest == second.digest
    assert read(tmp_path, verify=False).depth_range == DepthRange(0, 4095)
