"""Convolutions with a fast gradient on CPUs that have AVX2 but not AVX-512.

In channels-last, oneDNN has a fast AVX2 kernel for a convolution's output and for the gradient of its input, but not
for the gradient of its weights: on large feature maps it takes two to five times as long as in the usual layout.
So only the gradient of the weights is computed in the usual layout; reordering costs a fraction of what it saves.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


def weights_learn_slowly(device: torch.device, precision: str) -> bool:
    """Whether `speed_up_gradients` is worth it: on CPUs with AVX2 but without AVX-512, in float32.

    Args:
        device: What trains.
        precision: Lightning's name of the numeric precision.

    Returns:
        Whether it is.
    """
    return device.type == "cpu" and precision == "32-true" and torch.backends.cpu.get_cpu_capability() == "AVX2"


def speed_up_gradients(model: nn.Module) -> None:
    """Gives a model's convolutions the faster gradient; what they compute, and their state dict, stay the same.

    1x1 convolutions are matrix products, which are fast already.

    Args:
        model: The model; changed in place.

    Example:
        >>> layer = nn.Conv2d(3, 4, 3)
        >>> speed_up_gradients(layer)
        >>> layer(torch.zeros(1, 3, 8, 8)).shape
        torch.Size([1, 4, 6, 6])
    """
    for module in model.modules():
        if type(module) is nn.Conv2d and _fits(module):
            module.__class__ = _FastGradientConv2d


def _fits(module: nn.Conv2d) -> bool:
    plain = module.groups == 1 and module.padding_mode == "zeros" and not isinstance(module.padding, str)
    return plain and max(module.kernel_size) > 1


class _FastGradientConv2d(nn.Conv2d):
    """A convolution with the faster gradient."""

    def forward(self, input: Tensor) -> Tensor:
        """As `torch.nn.Conv2d`."""
        if not torch.is_grad_enabled():
            return super().forward(input)
        result: Tensor = _FastGradientConvolution.apply(
            input, self.weight, self.bias, self.stride, self.padding, self.dilation
        )
        return result


class _FastGradientConvolution(torch.autograd.Function):
    """`torch.nn.functional.conv2d` that computes the gradient of its weights in the usual layout."""

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        dilation: tuple[int, ...],
    ) -> Tensor:
        """The convolution."""
        ctx.save_for_backward(images, weight)
        ctx.geometry = (stride, padding, dilation)
        return functional.conv2d(images, weight, bias, stride, padding, dilation)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of the input, the weights and the bias."""
        (gradient,) = gradients
        images, weight = ctx.saved_tensors
        rest = (None, *ctx.geometry, False, (0, 0), 1)
        inward = weights = None
        if ctx.needs_input_grad[0]:
            inward = torch.ops.aten.convolution_backward(gradient, images, weight, *rest, (True, False, False))[0]
        if ctx.needs_input_grad[1]:
            usual = (tensor.contiguous() for tensor in (gradient, images, weight))
            weights = torch.ops.aten.convolution_backward(*usual, *rest, (False, True, False))[1]
        biases = gradient.sum((0, 2, 3)) if ctx.needs_input_grad[2] else None
        return inward, weights, biases, None, None, None
