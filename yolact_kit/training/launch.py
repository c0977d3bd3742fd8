"""Whether this process leads a training or follows; kept apart, since it is asked before torch is imported."""

from __future__ import annotations

import os

_NUMBERS = ("LOCAL_RANK", "NODE_RANK", "GROUP_RANK")
"""Variables by which Lightning, torchrun and clusters number the processes of a training from 0."""


def follows() -> bool:
    """Whether this process was started to train along with another one, which speaks and writes for both.

    Example:
        >>> follows()
        False
    """
    return any(int(os.environ.get(name, "0")) > 0 for name in _NUMBERS)
