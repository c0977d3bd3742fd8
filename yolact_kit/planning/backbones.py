"""A short list of backbones to choose from, with their sizes and their speed."""

from __future__ import annotations

from typing import NamedTuple


class BackboneChoice(NamedTuple):
    """A backbone in the small preset, 256 px and 3 classes.

    Attributes:
        name: What ``model.backbone`` says.
        parameters: Parameters of the whole model, in millions.
        operations: Multiply-adds for a picture, in thousand millions.
        time: Time of the network on one processor core, as a multiple of that of the first.
        note: What it is good for.
    """

    name: str
    parameters: float
    operations: float
    time: float
    note: str


BACKBONES = (
    BackboneChoice("efficientnet_lite0", 3.4, 1.1, 1.0, "the small preset's; its weights are in the package"),
    BackboneChoice("mobilenetv4_conv_small", 1.8, 0.9, 0.64, "the smallest and fastest"),
    BackboneChoice("mobilenet_v3_large", 3.5, 0.9, 0.72, "small and fast"),
    BackboneChoice("regnet_x_400mf", 5.6, 1.2, 0.90, "plain layers, which every runtime knows"),
    BackboneChoice("efficientnet_b0", 4.6, 1.2, 1.08, "like the first, with squeeze-and-excitation"),
    BackboneChoice("mobilenetv4_conv_medium", 7.7, 1.7, 1.16, "more capacity at little cost"),
    BackboneChoice("resnet18", 11.7, 3.0, 1.59, "plain layers, more of them"),
    BackboneChoice("resnet50", 24.2, 6.1, 3.41, "the paper's, for a GPU"),
    BackboneChoice("convnext_tiny", 28.4, 6.5, 3.98, "the largest, for a GPU"),
)
"""Measured in one run on one core of an AMD EPYC (Zen 3, AVX2, float32, torch 2.14)."""
