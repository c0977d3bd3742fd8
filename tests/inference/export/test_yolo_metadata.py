from __future__ import annotations

import ast
from pathlib import Path

import yaml

from tests.tiny_model import THRESHOLD, tiny_config
from yolact_kit.config.schema import DetectConfig
from yolact_kit.inference.export.yolo_metadata import openvino_yaml, x_anylabeling_yaml, yolo_metadata
from yolact_kit.models.exported_settings import ExportedSettings

CLASSES = ["컵", "driver's seat", "yes", "1"]


def test_metadata_are_in_the_notation_that_decoders_parse() -> None:
    texts = yolo_metadata(ExportedSettings(tiny_config(CLASSES), layout="yolo-seg"), 640)
    assert ast.literal_eval(texts["names"]) == dict(enumerate(CLASSES))
    assert ast.literal_eval(texts["imgsz"]) == [640, 640] and 640 % int(texts["stride"]) == 0
    assert texts["task"] == "segment" and ast.literal_eval(texts["end2end"]) is False
    assert ast.literal_eval(texts["args"])["dynamic"] is False
    assert texts["description"].startswith("Ultralytics YOLOv8")  # by this YoloDotNet knows which decoder it needs
    assert yaml.safe_load(openvino_yaml(texts)) == texts
    last = yolo_metadata(ExportedSettings(tiny_config(CLASSES), layout="yolo26-seg"), 640)
    assert ast.literal_eval(last["end2end"]) is True and last["description"].startswith("Ultralytics YOLO26")


def test_x_anylabeling_gets_names_thresholds_and_the_file() -> None:
    detect = DetectConfig(nms="cross-class", nms_iou=0.4, top_k=7)
    config = tiny_config(CLASSES).model_copy(update={"detect": detect})
    settings = ExportedSettings(config, THRESHOLD, layout="yolo-seg")
    document = yaml.safe_load(x_anylabeling_yaml(Path("runs") / "내 컵 1.onnx", settings, 640))
    assert document == {
        "type": "yolov8_seg",
        "name": "1",
        "display_name": "내 컵 1",
        "model_path": "내 컵 1.onnx",
        "input_width": 640,
        "input_height": 640,
        "conf_threshold": 0.62,
        "iou_threshold": 0.4,
        "max_det": 7,
        "agnostic": True,
        "classes": CLASSES,
    }


def test_a_name_that_x_anylabeling_takes_is_always_there() -> None:
    settings = ExportedSettings(tiny_config(CLASSES), layout="yolo26-seg")
    document = yaml.safe_load(x_anylabeling_yaml(Path("컵.onnx"), settings, 640))
    assert document["name"] == "yolact" and document["type"] == "yolo26_seg" and document["conf_threshold"] == 0.3
