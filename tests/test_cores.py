"""The cores that a process may use, and how its threads wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from yolact_kit import cores
from yolact_kit.cores import prepare_openmp, usable_cores


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty tree of control groups in place of the machine's."""
    monkeypatch.setattr(cores, "_CGROUPS", str(tmp_path / "cgroup"))
    monkeypatch.setattr(cores, "_OWN_CGROUPS", str(tmp_path / "own"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(16)), raising=False)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


def test_without_limits_the_affinity_counts(groups: Path) -> None:
    assert usable_cores({}) == 16


def test_the_affinity_of_a_real_process_counts() -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no affinity")
    program = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    program += "from yolact_kit.cores import usable_cores; print(usable_cores())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("400000 100000", 4), ("150000 100000", 2), ("20000 100000", 1), ("max 100000", 16), ("broken", 16), ("", 16)],
)
def test_the_quota_of_a_container(groups: Path, quota: str, expected: int) -> None:
    write(groups / "own", "0::/\n")
    write(groups / "cgroup" / "cpu.max", quota)
    assert usable_cores({}) == expected


def test_the_quota_of_a_group_above_counts(groups: Path) -> None:
    write(groups / "own", "0::/jobs/mine/task\n")
    write(groups / "cgroup" / "jobs" / "cpu.max", "300000 100000")
    write(groups / "cgroup" / "jobs" / "mine" / "task" / "cpu.max", "max 100000")
    assert usable_cores({}) == 3


def test_a_group_with_the_path_of_the_host(groups: Path) -> None:
    write(groups / "own", "0::/docker/123\n")
    write(groups / "cgroup" / "cpu.max", "200000 100000")
    assert usable_cores({}) == 2


@pytest.mark.parametrize("folder", ["cpu", "cpu,cpuacct"])
@pytest.mark.parametrize(("quota", "expected"), [("250000", 3), ("-1", 16)])
def test_the_quota_of_version_1(groups: Path, folder: str, quota: str, expected: int) -> None:
    write(groups / "own", "4:memory:/x\n3:cpu,cpuacct:/job\n")
    write(groups / "cgroup" / folder / "job" / "cpu.cfs_quota_us", quota)
    write(groups / "cgroup" / folder / "job" / "cpu.cfs_period_us", "100000")
    assert usable_cores({}) == expected


@pytest.mark.parametrize(("value", "expected"), [("3", 3), ("99", 16), ("2(x4)", 16), ("0", 1)])
def test_the_cores_that_slurm_grants(groups: Path, value: str, expected: int) -> None:
    assert usable_cores({"SLURM_CPUS_PER_TASK": value}) == expected


def test_threads_prepare_openmp() -> None:
    variables: dict[str, str] = {}
    prepare_openmp(variables)
    assert set(variables) == {"GOMP_SPINCOUNT", "KMP_BLOCKTIME"}


def test_threads_are_as_many_as_the_cores_that_are_granted(groups: Path) -> None:
    variables = {"SLURM_CPUS_PER_TASK": "3"}
    prepare_openmp(variables)
    assert variables["OMP_NUM_THREADS"] == "3"
    variables["OMP_NUM_THREADS"] = "5"
    prepare_openmp(variables)
    assert variables["OMP_NUM_THREADS"] == "5"


@pytest.mark.parametrize("name", ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"])
def test_what_the_user_has_set_stays(name: str) -> None:
    variables = {name: "active"}
    prepare_openmp(variables)
    assert variables[name] == "active"
    assert ("GOMP_SPINCOUNT" in variables) == (name != "OMP_WAIT_POLICY")


def test_importing_the_package_sets_it_before_torch_is_loaded() -> None:
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("GOMP_", "OMP_", "KMP_"))}
    program = "import yolact_kit, os, torch; print(os.environ['GOMP_SPINCOUNT'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=variables)
    assert done.stdout.strip() == "3000"


def test_the_share_that_other_programs_take() -> None:
    if not Path("/proc/stat").exists():
        pytest.skip("this system has no /proc/stat")
    # Pinned to one core beside a program that keeps that core busy, and which is not this process's own child.
    program = "import os, subprocess, sys, time; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    program += (
        "other = subprocess.Popen(['sh', '-c', sys.executable + ' -c \"while True: pass\" & echo $!'], stdout=-1)\n"
    )
    program += "number = int(other.stdout.readline()); other.wait(); time.sleep(0.3)\n"
    program += "from yolact_kit.cores import busy_cores\n"
    program += "try: print(busy_cores(0.5))\nfinally: os.kill(number, 9)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 0.8


def test_own_work_and_that_of_children_is_not_counted_as_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat, processes = tmp_path / "stat", tmp_path / "proc"
    monkeypatch.setattr(cores, "_CORE_TIMES", str(stat))
    monkeypatch.setattr(cores, "_PROCESSES", str(processes))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 1}, raising=False)

    def at(busy: int, idle: int, own: int, child: int, grandchild: int) -> None:
        write(
            stat,
            f"cpu 9 9 9 9\ncpu0 {busy} 0 0 {idle} 0 0 0 0 0 0\ncpu1 0 0 0 {idle} 0 0 0 0 0 0\ncpu2 99 0 0 0 0 0 0 0\n",
        )
        family = {os.getpid(): (1, own), 70001: (os.getpid(), child), 70002: (70001, grandchild), 70003: (1, busy)}
        for number, (parent, ticks) in family.items():
            write(processes / str(number) / "stat", f"{number} (a) b) S {parent} 0 0 0 0 0 0 0 0 0 {ticks} 0 0 0 20 0")

    at(100, 100, 10, 10, 10)
    monkeypatch.setattr(cores.time, "sleep", lambda _seconds: at(200, 150, 30, 20, 20))
    assert cores.busy_cores() == pytest.approx((100 - 40) / 200)


@pytest.mark.parametrize("text", ["", "cpu0 0 0 0 0 0 0 0 0\n", "processes 12\n"])
def test_without_the_times_of_cores_the_load_says_it(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "stat", text)
    monkeypatch.setattr(cores, "_CORE_TIMES", str(tmp_path / "stat"))
    monkeypatch.setattr(cores, "usable_cores", lambda: 4)
    monkeypatch.setattr(os, "getloadavg", lambda: (3.0, 0.0, 0.0), raising=False)
    monkeypatch.setattr(cores.time, "process_time", lambda: 60.0)
    assert cores.busy_cores() == 0.5
    monkeypatch.delattr(os, "getloadavg")
    assert cores.busy_cores() is None
