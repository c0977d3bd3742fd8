"""The kinds of non-maximum suppression by name; without torch, so that the command line can list them at once."""

from __future__ import annotations

from typing import Literal, get_args

NmsMethod = Literal["fast", "cross-class", "standard", "cluster-spm"]
"""A kind of suppression as configurations and the command line call it."""

NMS_METHODS: tuple[NmsMethod, ...] = get_args(NmsMethod)
