"""Memory: how much is available, and making the C library keep freed memory for later use."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from pathlib import Path

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""Names of the parameters in glibc's malloc.h."""

_LARGE = (1 << 31) - 1

_CGROUPS = Path("/sys/fs/cgroup")
"""The control groups by which Linux limits a container: version 2 right there, version 1 in a folder for memory."""


def keep_freed_memory() -> bool:
    """Keeps the memory of freed tensors in the process, on Linux with glibc.

    By default, glibc returns the memory of every large tensor to the system when it is freed, and the next step gets
    pages that the system has to fill with zeros again: up to a fifth of a training step on small pictures.

    Returns:
        Whether the allocator accepted the settings.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        set_parameter = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library, such as musl
        return False
    settings = {_MMAP_THRESHOLD: 1 << 30, _TRIM_THRESHOLD: _LARGE, _TOP_PAD: 64 << 20}
    return all(set_parameter(name, value) == 1 for name, value in settings.items())


def total_memory() -> int | None:
    """Bytes of memory: the machine's, or fewer where a container has a limit; None where the system does not say."""
    totals: list[int] = []
    if sys.platform == "win32":
        totals.append(_windows_memory())
    elif hasattr(os, "sysconf"):
        totals.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    limit = container_limit()
    if limit is not None:
        totals.append(limit)
    return min(totals, default=None)


def available_memory() -> int | None:
    """Bytes of memory that are still available, within a container's limit; None on other systems than Linux."""
    available = _number_in(Path("/proc/meminfo"), r"^MemAvailable:\s*(\d+) kB")
    if available is None:
        return None
    free = available * 1024
    limit = container_limit()
    if limit is not None:
        # Only what processes hold counts: the rest of a container's memory is a cache that gives way.
        held = _number_in(_CGROUPS / "memory.stat", r"^anon (\d+)")
        free = min(free, limit - (held or 0))
    return free


def container_limit() -> int | None:
    """Bytes of memory that the container may use; None where there is no limit."""
    for file in (_CGROUPS / "memory.max", _CGROUPS / "memory" / "memory.limit_in_bytes"):
        limit = _number_in(file, r"^(\d+)$")  # not "max"
        if limit is not None:
            return limit
    return None


def _number_in(file: Path, pattern: str) -> int | None:
    """The number that a pattern finds in a file of the system's; None where either is not there."""
    if not file.is_file():
        return None
    match = re.search(pattern, file.read_text(encoding="ascii"), re.MULTILINE)
    return int(match.group(1)) if match else None


def _windows_memory() -> int:
    """Bytes of memory that Windows has."""

    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_uint32), ("load", ctypes.c_uint32), ("total", ctypes.c_uint64),
                    ("rest", ctypes.c_uint64 * 6)]  # fmt: skip

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined]
    return int(status.total)
