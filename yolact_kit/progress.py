"""How long work shows its progress: the caller gives a function that wraps the items as they are worked on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
"""Wraps items to show progress; called with them and their number, it yields the same items."""

StepProgress = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""The same for work of several steps: it is also called with a description of the step."""
