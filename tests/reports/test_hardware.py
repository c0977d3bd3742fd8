from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from yolact_kit.reports.hardware import NvidiaDriver, gpus, judge_gpu, nvidia_driver, system

LAPTOP = NvidiaDriver(["NVIDIA GeForce RTX 3060 Laptop GPU"], "572.16", "12.8")


def test_the_machine_is_described() -> None:
    found = system()
    assert found["processor"]
    assert 1 <= found["cores"] <= (os.cpu_count() or 1)
    assert found["memory"] > 0.1
    assert found["disk"] >= 0


@pytest.mark.skipif(not Path("/proc/meminfo").is_file(), reason="only Linux has /proc/meminfo")
def test_memory_is_at_most_what_the_kernel_says() -> None:
    kernel = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    assert system()["memory"] <= kernel + 0.1


def test_the_gpus_are_those_of_torch() -> None:
    import torch

    assert len([gpu for gpu in gpus() if gpu["kind"] == "cuda"]) == torch.cuda.device_count()


def test_a_windows_user_with_a_torch_for_cpus_gets_the_command() -> None:
    (finding,) = judge_gpu(None, False, LAPTOP, windows=True)
    assert finding.severity == "warning"
    assert "RTX 3060" in finding.message
    assert "for CPUs only" in finding.message
    assert "On Windows" in finding.message
    assert "pip install torch torchvision --index-url https://download.pytorch.org/whl/cu128" in finding.advice
    assert finding.advice.startswith("pip uninstall -y torch torchvision"), "pip would leave the CPU build where it is"


@pytest.mark.parametrize(
    ("cuda", "wheel"),
    [("12.4", "whl/cu128"), ("13.1", "whl/cu130"), ("", "whl/cu128"), ("11.4", "Update the NVIDIA driver")],
)
def test_the_build_fits_the_driver(cuda: str, wheel: str) -> None:
    (finding,) = judge_gpu(None, False, NvidiaDriver(["GPU"], "1", cuda), windows=False)
    assert wheel in finding.advice


def test_a_driver_that_is_too_old_is_told() -> None:
    (finding,) = judge_gpu("13.0", False, NvidiaDriver(["NVIDIA T4"], "525.60.13", "12.0"), windows=False)
    assert "525.60.13" in finding.message
    assert "CUDA 12.0 at most" in finding.message
    assert finding.advice.startswith("Update the NVIDIA driver")


def test_nothing_is_said_where_the_gpu_works_or_there_is_none() -> None:
    assert judge_gpu("12.8", True, LAPTOP, windows=True) == []
    assert judge_gpu(None, False, None, windows=True) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for nvidia-smi is a shell script")
def test_the_driver_is_read_from_nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in program prints, in the form of nvidia-smi, what the parser looks for."""
    program = tmp_path / "nvidia-smi"
    program.write_text(
        "#!/bin/sh\n"
        'if [ $# -gt 0 ]; then echo "NVIDIA GeForce RTX 3060, 572.16"; exit 0; fi\n'
        'echo "| NVIDIA-SMI 572.16       Driver Version: 572.16       CUDA Version: 12.8     |"\n',
        encoding="utf-8",
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert nvidia_driver() == NvidiaDriver(["NVIDIA GeForce RTX 3060"], "572.16", "12.8")


def test_without_a_driver_there_is_nothing_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert nvidia_driver() is None
