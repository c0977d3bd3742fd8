"""Memory: how much is available, and making the C library keep freed memory for later use."""

from __future__ import annotations

import ctypes
import re
import sys
from pathlib import Path

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""Names of the parameters in glibc's malloc.h."""

_LARGE = (1 << 31) - 1


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
    wanted = {_MMAP_THRESHOLD: 1 << 30, _TRIM_THRESHOLD: _LARGE, _TOP_PAD: 64 << 20}
    return all(set_parameter(name, value) == 1 for name, value in wanted.items())


def available_memory() -> int | None:
    """Bytes of memory that are still available, within a container's limit; None on other systems than Linux."""
    table = Path("/proc/meminfo")
    found = re.search(r"MemAvailable:\s*(\d+) kB", table.read_text(encoding="ascii")) if table.is_file() else None
    if found is None:
        return None
    free = int(found.group(1)) * 1024
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.stat")
    if limit.is_file() and used.is_file() and (most := limit.read_text(encoding="ascii").strip()).isdigit():
        held = re.search(r"^anon (\d+)", used.read_text(encoding="ascii"), re.MULTILINE)
        free = min(free, int(most) - (int(held.group(1)) if held is not None else 0))
    return free
