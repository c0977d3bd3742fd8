from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.config.schema import Config, DetectConfig, ModelConfig
from yolact_kit.errors import UserError
from yolact_kit.inference.export.export import ExportOptions, example_pictures, export_model
from yolact_kit.inference.export.yolo_network import form_of, layout_side
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.exported_settings import ExportedSettings
from yolact_kit.models.starter import starter_file
from yolact_kit.models.traced import OUTPUTS
from yolact_kit.models.weights import save_weights
from yolact_kit.pixels.pictures import read_picture
from yolact_kit.shapes.rle import decode_rle


class Decoded(NamedTuple):
    """What a decoder gives for a picture: boxes x1 y1 x2 y2 in its pixels, and masks of its size."""

    boxes: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    masks: np.ndarray


def decode(file: Path, picture: np.ndarray, score: float, iou: float) -> Decoded:
    """A decoder of yolov8-seg as its layout is defined, with NumPy and ONNX Runtime alone."""
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    side = session.get_inputs()[0].shape[2]
    height, width = picture.shape[:2]
    gain = side / max(height, width)
    inner = cv2.resize(picture, (round(width * gain), round(height * gain)))
    top, left = (side - inner.shape[0]) // 2, (side - inner.shape[1]) // 2
    square = np.full((side, side, 3), 114, np.uint8)
    square[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    image = square.transpose(2, 0, 1)[None].astype(np.float32) / 255
    columns, prototypes = session.run(["output0", "output1"], {"images": image})
    rows, classes = columns[0].T, columns.shape[1] - 4 - 32
    if columns.shape[2] == 38:  # yolo26-seg: corners, score, class, coefficients; without duplicates
        rows = columns[0][columns[0][:, 4] >= score]
        corners, scores, labels, coefficients = rows[:, :4], rows[:, 4], rows[:, 5].astype(int), rows[:, 6:]
    else:
        rows = rows[rows[:, 4 : 4 + classes].max(axis=1) >= score]
        corners = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], axis=1)
        scores, labels = rows[:, 4 : 4 + classes].max(axis=1), rows[:, 4 : 4 + classes].argmax(axis=1)
        best = without_duplicates(corners, scores, labels, iou)
        corners, scores, labels, coefficients = corners[best], scores[best], labels[best], rows[best, 4 + classes :]
    masks = []
    for box, weights in zip(corners / 4, coefficients, strict=True):
        soft = 1 / (1 + np.exp(-np.tensordot(weights, prototypes[0], axes=1)))
        y, x = np.mgrid[: side // 4, : side // 4]
        soft[(x < box[0]) | (x >= box[2]) | (y < box[1]) | (y >= box[3])] = 0
        large = cv2.resize(soft, (side, side))[top : top + inner.shape[0], left : left + inner.shape[1]]
        masks.append(cv2.resize(large, (width, height)) > 0.5)
    boxes = (corners - [left, top, left, top]) / gain
    boxes = boxes.clip(0, [width, height, width, height])
    return Decoded(boxes, scores, labels, np.array(masks).reshape(-1, height, width))


def without_duplicates(boxes: np.ndarray, scores: np.ndarray, labels: np.ndarray, iou: float) -> list[int]:
    """Greedy suppression per class: rows, best first."""
    survivors: list[int] = []
    for row in np.argsort(-scores, kind="stable"):
        others = [other for other in survivors if labels[other] == labels[row]]
        if not others or overlaps(boxes[row], boxes[others]).max() <= iou:
            survivors.append(int(row))
    return survivors


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = sides.clip(0).prod(axis=1)
    return shared / ((box[2:] - box[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - shared)


def pictures_of(side: int) -> list[np.ndarray]:
    """Pictures whose longer side is that of the input, so that resizing changes nothing."""
    landscape = read_picture(example_pictures()[0])
    tall = cv2.rotate(read_picture(example_pictures()[5]), cv2.ROTATE_90_CLOCKWISE)
    assert landscape.shape == (480, side, 3) and tall.shape == (side, 480, 3)
    return [landscape, tall[:, 40:]]


def compare(file: Path, predictor: Predictor, picture: np.ndarray, least: float) -> int:
    """Holds a file to a predictor with greedy suppression; gives the number of detections."""
    [expected] = predictor.predict([picture])
    found = decode(file, picture, predictor.score, predictor.config.detect.nms_iou)
    order = np.argsort(-found.scores, kind="stable")
    assert found.labels[order].tolist() == expected.labels.tolist()
    np.testing.assert_allclose(found.scores[order], expected.scores, atol=1e-3)
    np.testing.assert_allclose(found.boxes[order], expected.boxes, atol=0.5)
    for index, rle in zip(order, expected.masks, strict=True):
        # What stands outside the box is cut off there, a pixel of prototypes earlier than here.
        x1, y1, x2, y2 = found.boxes[index].round().astype(int)
        inside = decode_rle(rle)[y1:y2, x1:x2].astype(bool), found.masks[index][y1:y2, x1:x2]
        assert (inside[0] == inside[1]).mean() >= least
        assert found.masks[index].sum() == pytest.approx(inside[1].sum(), abs=float(9 * (x2 - x1 + y2 - y1)))
    return len(expected)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model whose masks are sure of most pixels in their boxes; untrained ones are near a half everywhere."""
    config, folder = tiny_config(), tmp_path_factory.mktemp("yolo") / "실행"
    model = tiny_model(config)
    with torch.no_grad():
        model.protonet[-2].bias.add_(1.0)
        model.head.coefficient.bias.add_(0.5)
    save_weights(folder / "weights" / "best.safetensors", model, config)
    return folder


@pytest.fixture(scope="module")
def exported(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("yolo-seg") / "내 컵.onnx"
    result = export_model(run, file, ExportOptions(layout="yolo-seg"), pictures=example_pictures()[:2])
    assert result.parity.same and result.parity.detections > 5 and result.parity.outputs < 0.01
    assert result.files == [file, file.with_suffix(".yaml")] and "640 x 640" in result.about
    return file


def test_a_decoder_by_the_definition_finds_what_the_predictor_finds(run: Path, exported: Path) -> None:
    predictor = Predictor.load(run, "cpu", 0.42, nms="standard", engine="torch")
    found = [compare(exported, predictor, picture, least=0.8) for picture in pictures_of(640)]
    assert min(found) > 5  # boxes have one class each: no second one scores as much


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["yolo-seg", "yolo26-seg"])
def test_a_trained_models_masks_are_the_same_within_their_boxes(layout: str, tmp_path: Path) -> None:
    weights, file = starter_file("efficientnet_lite0"), tmp_path / "a.onnx"
    assert export_model(weights, file, ExportOptions(layout=layout)).parity.same
    nms = "standard" if layout == "yolo-seg" else "fast"
    predictor = Predictor.load(weights, "cpu", 0.6, nms=nms, engine="torch")
    assert sum(compare(file, predictor, picture, least=0.9) for picture in pictures_of(640)) > 3


def test_what_decoders_read_from_the_file(exported: Path) -> None:
    model = onnx.load(exported)
    shapes = {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        for value in [*model.graph.input, *model.graph.output]
    }
    anchors = 3 * (8**2 + 4**2 + 2**2 + 1 + 1)
    assert shapes == {"images": [1, 3, 640, 640], "output0": [1, 4 + 3 + 32, anchors], "output1": [1, 32, 160, 160]}
    texts = {entry.key: entry.value for entry in model.metadata_props}
    assert texts["names"] == "{0: '컵', 1: 'plate', 2: 'fork'}" and texts["task"] == "segment"
    settings = ExportedSettings.read(texts, str(exported))
    assert settings.layout == "yolo-seg" and settings.config.classes == ["컵", "plate", "fork"]


def test_predict_says_that_the_file_is_for_other_programs(exported: Path) -> None:
    with pytest.raises(UserError, match="has the layout 'yolo-seg', for the programs that read it") as error:
        Predictor.load(exported)
    assert "without `--layout`" in error.value.advice


def form(layout: str, config: Config | None = None) -> torch.nn.Module:
    config = config or tiny_config()
    return form_of(tiny_model(config), ExportedSettings(config, layout=layout))


def test_what_the_model_lacks_up_to_32_is_zero() -> None:
    with torch.no_grad():
        columns, prototypes = form("yolo-seg")(torch.rand(1, 3, 640, 640))
    assert columns[:, 7 + 8 :].count_nonzero() == 0 and prototypes[:, 8:].count_nonzero() == 0
    assert columns[:, 7:15].count_nonzero() > 0 and prototypes[:, :8].count_nonzero() > 0
    scores = columns[0, 4:7]
    assert scores.min() >= 0 and scores.sum(dim=0).max() <= 1 and columns[0, :4].max() > 100


def test_yolo26_gives_finished_rows_best_first() -> None:
    config = tiny_config().model_copy(update={"detect": DetectConfig(top_k=20)})
    with torch.no_grad():
        rows, prototypes = form("yolo26-seg", config)(torch.rand(1, 3, 640, 640))
    assert rows.shape == (1, 20, 38) and prototypes.shape == (1, 32, 160, 160)
    scores, labels = rows[0, :, 4], rows[0, :, 5]
    assert (scores.diff() <= 0).all() and scores[0] > 0.05 and set(labels.tolist()) <= {0.0, 1.0, 2.0}
    assert (rows[0, :, 2:4] > rows[0, :, :2]).all()


def test_what_a_layout_cannot_hold_is_refused() -> None:
    config = tiny_config()
    many = config.model_copy(update={"model": config.model.model_copy(update={"prototypes": 40})})
    with pytest.raises(UserError, match="40 prototypes, and YOLO's layouts have 32"):
        form("yolo-seg", many)
    greedy = config.model_copy(update={"detect": DetectConfig(nms="standard")})
    with pytest.raises(UserError, match="suppression 'standard'"):
        form("yolo26-seg", greedy)
    form("yolo-seg", greedy)


def test_without_a_layout_the_form_is_yolact_kits_own() -> None:
    assert tuple(form("").outputs) == OUTPUTS


@pytest.mark.parametrize(("size", "side"), [(64, 640), (256, 640), (400, 640), (481, 672), (550, 736), (700, 960)])
def test_bars_cost_no_pixels_of_a_picture_of_4_to_3(size: int, side: int) -> None:
    assert layout_side(ModelConfig(input_size=size)) == side
    assert side * 3 / 4 >= size or side == 640
