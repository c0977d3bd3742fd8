"""Memory is told as it is, and what is freed is kept where that is wanted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from yolact_kit.memory import available_memory, keep_freed_memory

HELD_AFTER_FREEING = """
import re
from pathlib import Path

from yolact_kit.memory import keep_freed_memory

{}
block = b"x" * (100 << 20)
del block
print(re.search(r"VmRSS:\\s*(\\d+) kB", Path("/proc/self/status").read_text(encoding="ascii")).group(1))
"""
"""Prints the kB that a process holds once it has freed 100 MB."""


def test_free_memory_is_told_on_linux() -> None:
    found = available_memory()
    if found is None:
        pytest.skip("this system does not tell")
    assert 1 << 20 < found < 1 << 50


def held(setting: str) -> int:
    """MB that a fresh process holds after ``setting`` and 100 MB that came and went."""
    words = [sys.executable, "-c", HELD_AFTER_FREEING.format(setting)]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return int(done.stdout) >> 10


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has settings for it")
def test_what_is_freed_is_kept() -> None:
    if not keep_freed_memory():
        pytest.skip("not glibc")
    assert held("") < 100 <= held("keep_freed_memory()")


@pytest.mark.skipif(sys.platform.startswith("linux"), reason="Linux has settings for it")
def test_other_systems_are_left_alone() -> None:
    assert not keep_freed_memory()
