"""What YOLO's decoders want to be told of a model: metadata in its file, and X-AnyLabeling's YAML beside it."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from yolact_kit.config.score_threshold import default_score
from yolact_kit.models.exported_settings import LICENCE, ExportedSettings

YOLO_NAMES = {"yolo-seg": "YOLOv8-seg", "yolo26-seg": "YOLO26-seg"}
"""The models that the layouts come from; YoloDotNet goes by this name in the description."""
_X_ANYLABELING_TYPES = {"yolo-seg": "yolov8_seg", "yolo26-seg": "yolo26_seg"}
_LARGEST_STRIDE = 32


def yolo_metadata(settings: ExportedSettings, side: int) -> dict[str, str]:
    """The metadata that ultralytics writes to its models and reads from them, in its notation, Python's.

    Args:
        settings: The model's settings.
        side: Side of its input in pixels.

    Returns:
        Texts by key.

    Example:
        >>> from yolact_kit.config.schema import Config
        >>> yolo_metadata(ExportedSettings(Config(classes=["컵"]), layout="yolo-seg"), 640)["names"]
        "{0: '컵'}"
    """
    return {
        "description": f"Ultralytics {YOLO_NAMES[settings.layout]} layout of a YOLACT model, written by yolact-kit",
        "author": "yolact-kit",
        "license": LICENCE,
        "task": "segment",
        "names": repr(dict(enumerate(settings.config.classes))),
        "imgsz": repr([side, side]),
        "stride": str(_LARGEST_STRIDE),
        "batch": "1",
        "channels": "3",
        "end2end": repr(settings.layout == "yolo26-seg"),
        "args": repr({"batch": 1, "dynamic": False, "half": False, "nms": False}),
    }


def x_anylabeling_yaml(file: Path, settings: ExportedSettings, side: int) -> str:
    """The YAML with which X-AnyLabeling loads a model of one's own.

    Args:
        file: The ONNX file, which lies beside the YAML.
        settings: The model's settings.
        side: Side of its input in pixels.

    Returns:
        The YAML.
    """
    config = settings.config
    # X-AnyLabeling names a folder so, and takes nothing but ASCII for it.
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", file.stem).strip("-.") or "yolact"
    document = {
        "type": _X_ANYLABELING_TYPES[settings.layout],
        "name": name,
        "display_name": file.stem,
        "model_path": file.name,
        "input_width": side,
        "input_height": side,
        "conf_threshold": default_score(settings.threshold),
        "iou_threshold": config.detect.nms_iou,
        "max_det": config.detect.top_k,
        "agnostic": config.detect.nms == "cross-class",
        "classes": config.classes,
    }
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def openvino_yaml(metadata: dict[str, str]) -> str:
    """The ``metadata.yaml`` that ultralytics wants beside a model in OpenVINO's format.

    Args:
        metadata: What `yolo_metadata` gives.

    Returns:
        The YAML.
    """
    return yaml.safe_dump(metadata, allow_unicode=True, sort_keys=False)
