"""The machine's hardware: processor, memory, GPUs, and what keeps torch from using them."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolact_kit.cores import usable_cores
from yolact_kit.memory import total_memory

_INSTRUCTIONS = (
    "avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "asimd", "bf16", "i8mm", "sve",
)  # fmt: skip
_WHEELS = (((13, 0), "cu130"), ((12, 0), "cu128"))
"""The PyTorch wheels to take, by the lowest CUDA version that the driver must know."""


@dataclass(frozen=True, slots=True)
class MachineProblem:
    """Something about the machine or the installation that is wrong or could be better.

    Attributes:
        severity: ``"error"`` if yolact-kit cannot work, ``"warning"`` if it could work better.
        message: What is the matter.
        advice: What to do about it.
    """

    severity: str
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class NvidiaDriver:
    """What ``nvidia-smi`` says.

    Attributes:
        gpus: Names of the GPUs.
        version: Version of the driver, such as ``"570.86.15"``.
        cuda: Newest CUDA version that the driver knows, such as ``"12.8"``; empty if unknown.
    """

    gpus: list[str]
    version: str
    cuda: str = ""


def system() -> dict[str, Any]:
    """Operating system, processor, memory and free disk space of this machine.

    Returns:
        ``os``, ``processor``, ``cores`` that this process may use, ``instructions``, ``memory`` and ``disk`` in GiB,
        None where unknown.
    """
    memory = total_memory()
    return {
        "os": platform.platform(),
        "processor": _processor(),
        "cores": usable_cores(),
        "instructions": _instructions(),
        "memory": None if memory is None else round(memory / 2**30, 1),
        "disk": round(shutil.disk_usage(Path.cwd()).free / 2**30, 1),
    }


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _processor() -> str:
    """The processor's name."""
    match = re.search(r"^model name\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    if match:
        return match.group(1).strip()
    if platform.system() == "Darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string").strip() or platform.machine()
    return platform.processor() or platform.machine()


def _instructions() -> list[str]:
    """Those of the processor's instruction sets that make a difference to torch."""
    match = re.search(r"^(?:flags|Features)\s*:\s*(.+)$", _cpuinfo(), re.MULTILINE)
    if match:
        flags = set(match.group(1).split())
        return [name for name in _INSTRUCTIONS if name in flags]
    try:
        import torch
    except Exception:
        return []
    return [torch.backends.cpu.get_cpu_capability().lower()]


def _output(*command: str) -> str:
    """The output of a program; empty if it is missing or fails."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        process = subprocess.run([program, *command[1:]], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return process.stdout if process.returncode == 0 else ""


def nvidia_driver() -> NvidiaDriver | None:
    """The NVIDIA GPUs that the driver sees, whether torch can use them or not; None if there is no driver."""
    lines = _output("nvidia-smi", "--query-gpu=name,driver_version", "--format=csv,noheader").splitlines()
    rows = [[part.strip() for part in line.split(",")] for line in lines if "," in line]
    if not rows:
        return None
    cuda = re.search(r"CUDA Version:\s*([0-9.]+)", _output("nvidia-smi"))
    return NvidiaDriver([row[0] for row in rows], rows[0][1], cuda.group(1) if cuda else "")


def gpus() -> list[dict[str, Any]]:
    """The GPUs that torch can use: ``name``, ``kind`` (cuda or mps), ``memory`` in GiB, ``bf16``.

    Example:
        >>> all(gpu["kind"] in ("cuda", "mps") for gpu in gpus())
        True
    """
    import torch

    usable: list[dict[str, Any]] = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            memory = round(properties.total_memory / 2**30, 1)
            bf16 = properties.major >= 8
            usable.append({"name": properties.name, "kind": "cuda", "memory": memory, "bf16": bf16})
    elif torch.backends.mps.is_available():
        usable.append({"name": "Apple GPU", "kind": "mps", "memory": None, "bf16": None})
    return usable


def judge_gpu(torch_cuda: str | None, usable: bool, driver: NvidiaDriver | None, windows: bool) -> list[MachineProblem]:
    """Why torch cannot use an NVIDIA GPU that is there.

    Args:
        torch_cuda: CUDA version that torch was built for; None if it is for CPUs only.
        usable: Whether torch can use a GPU.
        driver: What the driver says; None if there is none.
        windows: Whether this is Windows, where torch is installed for CPUs only by default.

    Returns:
        What to do about it; nothing if torch can use a GPU or there is no driver.

    Example:
        >>> driver = NvidiaDriver(["NVIDIA GeForce RTX 3060"], "572.16", "12.8")
        >>> judge_gpu(None, False, driver, True)[0].advice.splitlines()[1].strip()
        'pip install torch torchvision --index-url https://download.pytorch.org/whl/cu128'
    """
    if usable or driver is None:
        return []
    name = driver.gpus[0]
    if torch_cuda is None:
        why = " On Windows a plain `pip install torch` installs that one." if windows else ""
        message = f"There is a {name}, but the installed torch is for CPUs only, so the GPU is not used.{why}"
        return [MachineProblem("warning", message, _install_gpu_torch(driver))]
    message = f"There is a {name}, but torch (built for CUDA {torch_cuda}) cannot use it with driver {driver.version}"
    knows = f", which knows CUDA {driver.cuda} at most." if driver.cuda else "."
    if _numbers(driver.cuda)[:1] < _numbers(torch_cuda)[:1]:
        advice = (
            f"Update the NVIDIA driver; or install a torch that fits the present driver:\n{_install_gpu_torch(driver)}"
        )
        return [MachineProblem("warning", message + knows, advice)]
    advice = "Update the NVIDIA driver and restart; check that CUDA_VISIBLE_DEVICES is not set to an empty value."
    return [MachineProblem("warning", message + knows, advice)]


def _install_gpu_torch(driver: NvidiaDriver) -> str:
    """The commands that install the torch which suits a driver."""
    known = _numbers(driver.cuda) or (12, 8)
    wheel = next((wheel for least, wheel in _WHEELS if known >= least), "")
    if not wheel:
        return "Update the NVIDIA driver first: it is too old for the present torch."
    # pip keeps the installed torch, whatever it was built for, unless it is removed first.
    return (
        "pip uninstall -y torch torchvision\n"
        f"  pip install torch torchvision --index-url https://download.pytorch.org/whl/{wheel}"
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
