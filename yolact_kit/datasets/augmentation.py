"""Augmentation: a training picture and its maps, changed at random and brought to the input size."""

from __future__ import annotations

import albumentations as A  # noqa: N812
import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.config.schema import AugmentConfig, ModelConfig
from yolact_kit.datasets import paper
from yolact_kit.datasets.number_maps import NumberMaps
from yolact_kit.datasets.transforming import transform

FILL = 114
"""Grey of the empty area beside a moved picture."""


class Augmentation:
    """Moves, mirrors, recolours and resizes pictures together with the maps of their objects, with albumentations.

    Args:
        config: How pictures are augmented; None only resizes them.
        model: The input size, and how pictures are resized.

    Attributes:
        smallest_scale: The smallest factor by which objects are scaled.

    Example:
        >>> augment = Augmentation(None, ModelConfig(input_size=64))
        >>> image, maps = augment(np.zeros((48, 80, 3), np.uint8), np.zeros((2, 48, 80), np.uint8), seed=0)
        >>> image.shape, maps.shape
        ((64, 64, 3), (2, 64, 64))
    """

    def __init__(self, config: AugmentConfig | None, model: ModelConfig) -> None:
        self._steps = A.Compose(_steps(config, model))
        self.smallest_scale = 1.0
        if config is not None:
            self.smallest_scale = 1 / paper.LARGEST_CANVAS if config.recipe == "paper" else config.scale[0]

    def __call__(self, picture: NDArray[np.uint8], maps: NumberMaps, seed: int) -> tuple[NDArray[np.uint8], NumberMaps]:
        """An augmented picture and its maps.

        Args:
            picture: uint8 [H, W, 3].
            maps: [L, H, W], see `number_maps`.
            seed: Decides all random choices.

        Returns:
            uint8 [S, S, 3], and [L, S, S] of the type of ``maps``.
        """
        self._steps.set_random_seed(seed)
        return transform(self._steps, picture, maps)


def _steps(config: AugmentConfig | None, model: ModelConfig) -> list[A.BasicTransform]:
    area = cv2.INTER_AREA if model.interpolation == "area" else cv2.INTER_LINEAR
    if config is not None and config.recipe == "paper":
        return [*paper.colours(), paper.ExpandAndCrop(model.input_size, FILL, area), A.HorizontalFlip(p=0.5)]
    # OpenCV's plain INTER_NEAREST looks at the corner of a pixel: it would move masks by half a pixel.
    exact = cv2.INTER_NEAREST_EXACT
    resized = A.Resize(model.input_size, model.input_size, interpolation=area, mask_interpolation=exact)
    return [resized] if config is None else [*_movements(config), resized, *_colours(config)]


def _movements(config: AugmentConfig) -> list[A.BasicTransform]:
    reach = (-config.translate, config.translate)
    return [
        A.HorizontalFlip(p=config.flip_horizontal),
        A.VerticalFlip(p=config.flip_vertical),
        A.Affine(
            scale=config.scale,
            translate_percent={"x": reach, "y": reach},
            rotate=(-config.rotate, config.rotate),
            border_mode=cv2.BORDER_CONSTANT,
            fill=FILL,
            p=1.0,
        ),
    ]


def _colours(config: AugmentConfig) -> list[A.BasicTransform]:
    def around(share: float) -> tuple[float, float]:
        return max(0.0, 1 - share), 1 + share

    return [
        A.ColorJitter(
            brightness=around(config.brightness),
            contrast=around(config.contrast),
            saturation=around(config.saturation),
            hue=(-config.hue, config.hue),
            p=1.0,
        )
    ]
