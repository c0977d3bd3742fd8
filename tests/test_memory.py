"""Memory is told as it is, and what is freed is kept where that is wanted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from yolact_kit import memory
from yolact_kit.memory import available_memory, container_limit, keep_freed_memory, total_memory

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


def container(folder: Path, files: dict[str, str]) -> Path:
    """Control groups as Linux shows them inside a container."""
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text + "\n", encoding="ascii")
    return folder


@pytest.mark.parametrize(
    ("files", "limit"),
    [
        ({"memory.max": "1048576"}, 1 << 20),
        ({"memory.max": "max"}, None),
        ({"memory/memory.limit_in_bytes": "2097152"}, 2 << 20),
        ({}, None),
    ],
)
def test_a_containers_limit_is_read(
    files: dict[str, str], limit: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_CGROUPS", container(tmp_path, files))
    assert container_limit() == limit
    if limit is not None:
        assert total_memory() == limit


@pytest.mark.skipif(available_memory() is None, reason="this system does not tell")
def test_what_a_container_holds_is_not_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"memory.max": "1048576", "memory.stat": "file 900000\nanon 48576\nanon_thp 7"}
    monkeypatch.setattr(memory, "_CGROUPS", container(tmp_path, files))
    assert available_memory() == 1_000_000


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
