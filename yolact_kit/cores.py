"""The processor's cores: how many this process may use, how busy they are, and how the threads on them wait."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

_CGROUPS = "/sys/fs/cgroup"
_OWN_CGROUPS = "/proc/self/cgroup"
_CORE_TIMES = "/proc/stat"
_PROCESSES = "/proc"
_WAITING = {"GOMP_SPINCOUNT": "3000", "KMP_BLOCKTIME": "1"}
"""How long OpenMP's threads wait in a loop: its turns for GNU's library, milliseconds for Intel's and LLVM's."""


def usable_cores(environment: MutableMapping[str, str] | None = None) -> int:
    """The cores that this process may use: fewer than the machine has, inside a container or a scheduler's job.

    What counts is the smallest of the machine's cores, the processor affinity, the quota of the control groups (as
    `docker run --cpus` sets it; a part of a core counts as a whole one) and SLURM's cores for a task.

    Args:
        environment: Environment variables; those of this process by default.

    Returns:
        At least 1.

    Example:
        >>> usable_cores({"SLURM_CPUS_PER_TASK": "1"})
        1
    """
    variables = os.environ if environment is None else environment
    limits = [_affinity()]
    limits += [math.ceil(quota) for quota in _quotas(_CGROUPS, _OWN_CGROUPS)]
    slurm = variables.get("SLURM_CPUS_PER_TASK", "")
    if slurm.isdigit():
        limits.append(int(slurm))
    return max(1, min(limits))


def requested_threads(environment: MutableMapping[str, str] | None = None) -> int | None:
    """The threads that ``OMP_NUM_THREADS`` asks for, set by the user or by `prepare_openmp`; None if nothing does.

    Args:
        environment: Environment variables; those of this process by default.

    Example:
        >>> requested_threads({"OMP_NUM_THREADS": "3"})
        3
    """
    text = (os.environ if environment is None else environment).get("OMP_NUM_THREADS", "")
    return int(text) if text.isdigit() and int(text) > 0 else None


def _affinity() -> int:
    """The cores that the system lets this process run on; all of them where it does not say, as on macOS."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _quotas(root: str, own: str) -> Iterator[float]:
    """The quotas in cores of this process's control groups and of the groups above them, of both versions."""
    for line in _lines(own):
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            yield from _quotas_along(root, path, "cpu.max")
        elif "cpu" in controllers.split(","):
            yield from _quotas_along(f"{root}/{controllers}", path, "cpu.cfs_quota_us")
            yield from _quotas_along(f"{root}/cpu", path, "cpu.cfs_quota_us")


def _quotas_along(root: str, path: str, name: str) -> Iterator[float]:
    """The quotas in a control group's folder and in each folder above it, up to the root of the groups."""
    # Inside a container the path may be the host's, which is not there: the container's own group is then the root.
    parts = [part for part in path.split("/") if part]
    for depth in range(len(parts), -1, -1):
        folder = "/".join([root, *parts[:depth]])
        words = " ".join(_lines(f"{folder}/{name}")).split()
        if name == "cpu.cfs_quota_us":
            words += " ".join(_lines(f"{folder}/cpu.cfs_period_us")).split()
        if len(words) == 2 and all(word.isdigit() for word in words) and int(words[1]) > 0:  # not "max", not -1
            yield int(words[0]) / int(words[1])


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123  pathlib is loaded too slowly
            return file.read().splitlines()
    except OSError:
        return []


def busy_cores(seconds: float = 0.2) -> float | None:
    """The share of the usable cores' time that other programs take at this moment.

    This process and the processes that it has started do not count. On Linux, it is measured; elsewhere it comes from
    the system's load of the last minute, less all that this process has computed so far.

    Args:
        seconds: How long to measure; the call takes that long.

    Returns:
        0 where nothing else computes, 1 where other programs keep every core busy; None where the system does not say,
        as on Windows.

    Example:
        >>> share = busy_cores(0.05)
        >>> share is None or 0 <= share <= 1
        True
    """
    before, own_before = _core_times(_CORE_TIMES), _own_ticks(_PROCESSES)
    if before is None:
        return _share_by_load()
    time.sleep(seconds)
    after, own_after = _core_times(_CORE_TIMES), _own_ticks(_PROCESSES)
    if after is None or after[1] <= before[1]:
        return None
    others = after[0] - before[0] - max(0, own_after - own_before)
    return min(1.0, max(0.0, others / (after[1] - before[1])))


def _core_times(path: str) -> tuple[int, int] | None:
    """Busy ticks, and all ticks, of the cores that this process may run on; None where the system does not say."""
    affinity = getattr(os, "sched_getaffinity", None)
    usable = {f"cpu{core}" for core in affinity(0)} if affinity else set()
    busy = total = 0
    for line in _lines(path):
        name, *words = line.split()
        if name in usable:
            # user, nice, system, idle, iowait, irq, softirq, steal; guests' time is within the user's
            ticks = [int(word) for word in words[:8]]
            total += sum(ticks)
            busy += sum(ticks) - sum(ticks[3:5])
    return (busy, total) if total else None


def _own_ticks(root: str) -> int:
    """Ticks of processor time that this process, its children and theirs have used so far."""
    ticks: dict[int, int] = {}
    parents: dict[int, int] = {}
    names = os.listdir(root) if os.path.isdir(root) else []  # noqa: PTH112, PTH208  pathlib is loaded too slowly
    for name in filter(str.isdigit, names):
        # After the process's name, in parentheses: its state, its parent, and from the twelfth field on four times.
        fields = " ".join(_lines(f"{root}/{name}/stat")).rpartition(")")[2].split()
        if len(fields) > 14:
            parents[int(name)] = int(fields[1])
            ticks[int(name)] = sum(int(field) for field in fields[11:15])
    family = {os.getpid()}
    size = 0
    while size < len(family):
        size = len(family)
        family |= {process for process, parent in parents.items() if parent in family}
    return sum(ticks.get(process, 0) for process in family)


def _share_by_load() -> float | None:
    """The load of the last minute as a share of the cores, less what this process may have added to it."""
    if not hasattr(os, "getloadavg"):
        return None
    load = os.getloadavg()[0] - time.process_time() / 60
    return min(1.0, max(0.0, load / usable_cores()))


def prepare_openmp(environment: MutableMapping[str, str] | None = None) -> None:
    """Sets OpenMP's threads, which torch computes with: no more than usable cores, and none that waits for long.

    Torch divides each operation among threads, and the first ones to finish wait for the last. Waiting in a loop is a
    little faster on an idle machine. Beside another busy program it is a disaster: a waiting thread keeps the core that
    the last thread needs, at every operation, and steps take ten times as long. Threads that give up after some
    microseconds cost nothing on an idle machine (benchmarks/busy_machine.py).

    OpenMP reads its settings when torch is loaded, so this has to come before. What the user has set stays.

    Args:
        environment: Environment variables, changed in place; those of this process by default.

    Example:
        >>> variables = {}
        >>> prepare_openmp(variables)
        >>> variables["GOMP_SPINCOUNT"]
        '3000'
    """
    variables = os.environ if environment is None else environment
    cores = usable_cores(variables)
    if cores < _affinity():  # libraries know the affinity themselves, but neither quotas nor SLURM
        variables.setdefault("OMP_NUM_THREADS", str(cores))
    if "OMP_WAIT_POLICY" in variables:
        return
    for name, value in _WAITING.items():
        variables.setdefault(name, value)
