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
