"""OpenVINO in this process: its module, and the one object through which it is used."""

from __future__ import annotations

import sys
from functools import cache

# OpenVINO tells its makers over the network of each time that it is loaded and converts a model, unless this package
# cannot be found. Nobody who predicts on pictures has asked for that.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402

__all__ = ["openvino", "openvino_core"]


@cache
def openvino_core() -> openvino.Core:
    """The core of this process, made when it is first asked for and never given up.

    What a core loads for processors replaces the signal stack of the thread that asks first. When the last core goes,
    on whichever thread, that stack is freed: the next signal to the first thread, such as Ctrl-C, would then end the
    process without a word.

    Example:
        >>> openvino_core() is openvino_core()
        True
    """
    return openvino.Core()
