"""The fastest numeric precision on a device that does not harm training."""

from __future__ import annotations

import time
from typing import Literal

import torch
from torch.nn import functional

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]

_TRIALS = 10
"""Convolutions of each precision that are timed on a CPU."""


def choose_precision(device: torch.device) -> tuple[Precision, str]:
    """The fastest numeric precision that the device supports, and why.

    Args:
        device: What trains.

    Returns:
        Lightning's name of the precision, and the reason in words.
    """
    if device.type == "cuda":
        return gpu_precision(torch.cuda.get_device_name(device), torch.cuda.get_device_capability(device)[0])
    if device.type == "cpu":
        gain = bf16_gain()
        if gain > 1.1:
            return "bf16-mixed", f"on this CPU a bf16 convolution is {gain:.1f} times as fast as a float32 one"
        if gain == 0:
            return "32-true", "this CPU has no instructions for bf16"
        return "32-true", f"on this CPU a bf16 convolution is only {gain:.1f} times as fast as a float32 one"
    return "32-true", f"mixed precision has not been tested on {device.type}"


def gpu_precision(name: str, generation: int) -> tuple[Precision, str]:
    """The fastest numeric precision on an NVIDIA GPU that does not harm training, and why.

    Args:
        name: The GPU's name.
        generation: The first number of its compute capability.

    Returns:
        Lightning's name of the precision, and the reason in words.

    Example:
        >>> gpu_precision("Tesla T4", 7)
        ('16-mixed', 'this GPU computes fp16, but not bf16')
    """
    if generation >= 8:
        return "bf16-mixed", "this GPU computes bf16"
    if "GTX 16" in name:  # see issue 77955 of PyTorch's
        return "32-true", "fp16 convolutions give NaN on GPUs of this series"
    if generation == 7:
        return "16-mixed", "this GPU computes fp16, but not bf16"
    return "32-true", "this GPU is no faster with shorter numbers"


def bf16_gain() -> float:
    """Time of a float32 convolution divided by that of a bf16 one on this CPU, measured in a fraction of a second."""
    # Without the instructions torch emulates bf16, up to twenty times slower: that needs no measurement.
    supported = getattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", None)
    if supported is not None and not supported():
        return 0.0
    # Another program slows down some of the trials, so they alternate, and the fastest of each kind counts. They use
    # one thread: several would wait for the one whose core the other program has.
    best = {torch.float32: float("inf"), torch.bfloat16: float("inf")}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(_TRIALS):
            for dtype, seconds in best.items():
                best[dtype] = min(seconds, _convolution_seconds(dtype))
    finally:
        torch.set_num_threads(threads)
    return best[torch.float32] / best[torch.bfloat16]


def _convolution_seconds(dtype: torch.dtype) -> float:
    """The time of one convolution, after another one that lets oneDNN prepare it."""
    image = torch.randn(4, 64, 64, 64, dtype=dtype).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(64, 64, 3, 3, dtype=dtype).contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        functional.conv2d(image, weight, padding=1)
        started = time.perf_counter()
        functional.conv2d(image, weight, padding=1)
        return time.perf_counter() - started
