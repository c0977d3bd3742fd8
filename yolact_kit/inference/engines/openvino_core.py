"""OpenVINO's core: the one object through which this process uses it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openvino import Core


@cache
def openvino_core() -> Core:
    """The core of this process, made when it is first asked for and never given up.

    What a core loads for processors replaces the signal stack of the thread that asks first. When the last core goes,
    on whichever thread, that stack is freed: the next signal to the first thread, such as Ctrl-C, would then end the
    process without a word.

    Example:
        >>> openvino_core() is openvino_core()
        True
    """
    import openvino

    return openvino.Core()
