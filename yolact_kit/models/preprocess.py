"""From a picture to the network's input."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from yolact_kit.config.schema import ModelConfig


def resize(picture: NDArray[np.uint8], width: int, height: int, interpolation: str) -> NDArray[np.uint8]:
    """Resizes a picture [H, W, 3] to ``width`` x ``height``.

    Args:
        picture: uint8 [H, W, 3].
        width: New width in pixels.
        height: New height in pixels.
        interpolation: ``linear`` samples four neighbours; ``area`` averages when shrinking, so that fine texture does
            not turn into noise, and is linear when growing.

    Returns:
        uint8 [height, width, 3].
    """
    shrinks = width < picture.shape[1] or height < picture.shape[0]
    mode = cv2.INTER_AREA if interpolation == "area" and shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=mode), dtype=np.uint8)


def prepare(picture: NDArray[np.uint8], config: ModelConfig) -> Tensor:
    """The network's input for one picture: squashed to the input size, whatever its aspect ratio.

    Args:
        picture: uint8 [H, W, 3], red, green, blue.
        config: The model's configuration.

    Returns:
        float32 [3, S, S] in 0..255.
    """
    size = config.input_size
    if config.interpolation == "linear":
        # As the original: the picture becomes float before it is resized, so that no rounding comes between.
        resized = cv2.resize(picture.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
        return torch.from_numpy(resized).permute(2, 0, 1).contiguous()
    return torch.from_numpy(resize(picture, size, size, config.interpolation)).permute(2, 0, 1).float().contiguous()
