"""The processor's cores: how many this process may use, and how the threads on them wait for each other."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

_CGROUPS = "/sys/fs/cgroup"
_OWN_CGROUPS = "/proc/self/cgroup"
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
