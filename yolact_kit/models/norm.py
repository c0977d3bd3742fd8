"""Group normalisation after a convolution, for models that have it."""

from __future__ import annotations

import math

from torch import nn

_GROUPS = 8


def normalised(convolution: nn.Conv2d, groups: bool) -> nn.Module:
    """A convolution, followed by group normalisation (Wu and He, ECCV 2018) if that is wanted.

    Group normalisation looks at each picture alone, so it suits small batches, and heads that are shared by pyramid
    levels with different statistics.

    Args:
        convolution: The convolution.
        groups: Whether it is normalised.

    Returns:
        The convolution itself where it is not, so that its parameters keep their names.

    Example:
        >>> normalised(nn.Conv2d(3, 16, 3), groups=False)
        Conv2d(3, 16, kernel_size=(3, 3), stride=(1, 1))
    """
    if not groups:
        return convolution
    channels = convolution.out_channels
    return nn.Sequential(convolution, nn.GroupNorm(math.gcd(_GROUPS, channels), channels))


def stacked(entry: int, width: int, layers: int, groups: bool) -> list[nn.Module]:
    """3x3 convolutions one after the other, each with a ReLU.

    Args:
        entry: Channels that the first one takes.
        width: Channels that each one gives.
        layers: Number of convolutions.
        groups: Whether each is normalised, see `normalised`.

    Returns:
        The modules in their order, two for each convolution.

    Example:
        >>> len(stacked(3, 16, layers=2, groups=False))
        4
    """
    modules: list[nn.Module] = []
    for index in range(layers):
        convolution = nn.Conv2d(entry if index == 0 else width, width, 3, padding=1)
        modules += [normalised(convolution, groups), nn.ReLU()]
    return modules
