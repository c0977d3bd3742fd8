"""What is installed, how fast this machine is, and what is missing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib import import_module, metadata
from itertools import count
from typing import Any

from yolact_kit import __version__
from yolact_kit.cores import busy_cores
from yolact_kit.errors import UserError
from yolact_kit.labelme_app.program import find_labelme
from yolact_kit.reports.hardware import MachineProblem, gpus, judge_gpu, nvidia_driver, system

_MODULES = {"opencv-python-headless": "cv2", "pillow": "PIL", "pyyaml": "yaml"}
"""Names for importing packages, if they differ from the names for installing them."""
_RUNTIME = "yolact-kit-runtime"
"""The package for machines that only predict."""

REQUIRED = (
    "torch", "torchvision", "lightning", "pycocotools", "shapely", "albumentations", "opencv-python-headless", "numpy",
    "pillow", "typer", "rich", "pydantic", "pyyaml", "jinja2", "matplotlib", "defusedxml", "safetensors", "orjson",
    "timm", "openvino", "platformdirs",
)  # fmt: skip
"""The required packages, for a run from the repository's folder, where no metadata says which versions are needed."""
OPTIONAL = ("onnx", "onnxscript", "onnxruntime", "av", "trackers", "supervision", "hotcoco")
"""Packages of the extras: exported models, videos, tracking, and faster COCO metrics."""
_LEAST_MEMORY = 4.0
_LEAST_DISK = 2.0
_LEAST_TRIALS = 3
_BUSY = 0.2
"""Share of the cores' time that other programs take, from which the machine counts as busy."""


@dataclass(slots=True)
class Report:
    """The report of `diagnose`.

    Attributes:
        versions: Version by package; None if it is missing.
        system: Operating system, processor, cores, instructions, memory and disk; see `hardware.system`.
        gpus: GPUs that torch can use; see `hardware.gpus`.
        speed: ``device``, ``pictures_per_second`` and ``milliseconds`` of the small preset's forward pass, the
            ``threads`` that were fastest, ``busy``: the share of the cores that other programs took meanwhile, None if
            unknown, and ``bf16_gain``: how many times as fast a bf16 convolution is on this CPU as a float32 one. Empty
            where torch or torchvision does not work.
        optional: What is there of the optional parts: by name, a version or ``"found"``, None where missing.
        findings: What is wrong or could be better, errors first.
    """

    versions: dict[str, str | None] = field(default_factory=dict)
    system: dict[str, Any] = field(default_factory=dict)
    gpus: list[dict[str, Any]] = field(default_factory=list)
    speed: dict[str, Any] = field(default_factory=dict)
    optional: dict[str, str | None] = field(default_factory=dict)
    findings: list[MachineProblem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything that yolact-kit needs is there and works."""
        return not any(finding.severity == "error" for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, for JSON."""
        return {"ok": self.ok, **asdict(self)}


def diagnose() -> Report:
    """Looks at the installation and the machine; takes some seconds, most of them for importing the packages.

    Returns:
        The report.

    Example:
        >>> report = diagnose()  # doctest: +SKIP
        >>> report.ok, report.speed["pictures_per_second"]  # doctest: +SKIP
        (True, 55.0)
    """
    report = Report()
    report.versions = {"python": platform.python_version(), "yolact-kit": __version__}
    works = _check_packages(report)
    report.system = system()
    _check_room(report)
    if works.get("torch"):
        import torch

        report.gpus = gpus()
        usable = bool(report.gpus)
        windows = platform.system() == "Windows"
        report.findings += judge_gpu(torch.version.cuda, usable, nvidia_driver(), windows)
        if works["torchvision"]:
            _attempt(report, "The speed check", lambda: report.speed.update(measure_speed()))
            report.findings += _judge_load(report.speed.get("busy"))
    _check_optional(report)
    report.findings.sort(key=lambda finding: finding.severity != "error")
    return report


def _attempt(report: Report, what: str, action: Callable[[], None]) -> None:
    """A check that fails is a finding and does not end the diagnosis."""
    try:
        action()
    except Exception as error:
        report.findings.append(
            MachineProblem("error", f"{what} failed: {type(error).__name__}: {error}", _reinstall(what))
        )


def _reinstall(name: str) -> str:
    return "pip install --upgrade --force-reinstall yolact-kit" if " " in name else f"pip install --upgrade {name}"


def requirements() -> dict[str, str]:
    """Lowest allowed version of each required package.

    Example:
        >>> "torch" in requirements()
        True
    """
    lowest = {}
    for line in metadata.requires(_distribution()) or []:
        matched = re.match(r"([A-Za-z0-9._-]+)\s*(?:[>=]=\s*([0-9.]+))?", line)
        if matched and "extra ==" not in line:
            lowest[matched.group(1).lower()] = matched.group(2) or ""
    return lowest


def _distribution() -> str:
    """The package that is installed: the whole one, or the one for predicting alone.

    Raises:
        PackageNotFoundError: Neither is.
    """
    if _version("yolact-kit") is None and _version(_RUNTIME) is not None:
        return _RUNTIME
    return metadata.distribution("yolact-kit").name


def _check_packages(report: Report) -> dict[str, bool]:
    """Versions of the required packages and whether each can be imported."""
    try:
        required = requirements()
        if _distribution() == _RUNTIME:
            message = f"This is {_RUNTIME}: it predicts with exported models, and does not train."
            report.findings.append(MachineProblem("warning", message, "To train: pip install yolact-kit"))
    except metadata.PackageNotFoundError:
        required = dict.fromkeys(REQUIRED, "")
        report.findings.append(
            MachineProblem("warning", "yolact-kit runs from its folder and is not installed.", "pip install -e .")
        )
    works = {}
    modules = {_module(name) for name in required}
    for name, least in required.items():
        works[name], finding = _check_package(name, least, report.versions, modules)
        report.findings += [finding] if finding else []
    return works


def _module(name: str) -> str:
    return _MODULES.get(name, name)


def _check_package(
    name: str, least: str, versions: dict[str, str | None], required: set[str]
) -> tuple[bool, MachineProblem | None]:
    """Whether a package can be imported, and a finding about it; missing modules in ``required`` have their own."""
    version = versions[name] = _version(name)
    try:
        import_module(_module(name))
    except ModuleNotFoundError as error:
        lacking = (error.name or "").partition(".")[0]
        if version is None or lacking == _module(name):
            return False, MachineProblem("error", _missing(name, versions), _install(name, versions))
        if lacking in required:
            return False, None
        return False, MachineProblem(
            "error", f"{name} {version} lacks the package '{lacking}'.", f"pip install {lacking}"
        )
    except Exception as error:
        return False, _broken(name, versions, error)
    if version and least and _numbers(version) < _numbers(least):
        return False, MachineProblem(
            "error", f"{name} {version} is older than {least}.", f"pip install --upgrade {name}"
        )
    return True, None


def _broken(name: str, versions: dict[str, str | None], error: Exception) -> MachineProblem:
    """What is wrong with a package that is there but cannot be imported, such as one that lacks a library."""
    reason = str(error).strip().splitlines()[:1]
    message = f"{name} {versions[name]} is installed but does not start: {' '.join(reason) or type(error).__name__}"
    advice = _install(name, versions)
    if platform.system() == "Windows" and isinstance(error, OSError):
        advice += "\n  If that does not help: https://aka.ms/vs/17/release/vc_redist.x64.exe (Visual C++ runtime)"
    return MachineProblem("error", message, advice)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _missing(name: str, versions: dict[str, str | None]) -> str:
    torch = versions.get("torch")
    if name == "torchvision" and torch:
        return f"torch {torch} is installed alone; torchvision, which belongs to it, is missing."
    return f"The package {name} is missing."


def _install(name: str, versions: dict[str, str | None]) -> str:
    """The command that mends ``name``; torchvision is taken from where torch came from, and to match its version."""
    if name not in ("torch", "torchvision"):
        return f"pip install --upgrade {name}"
    torch = versions.get("torch") or ""
    number, _, build = torch.partition("+")
    index = f" --index-url https://download.pytorch.org/whl/{build}" if re.fullmatch(r"cpu|cu\d+", build) else ""
    if name == "torch" or not number:
        return "pip install --upgrade torch torchvision"
    return f"pip install torch=={number} torchvision{index}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])


def _check_room(report: Report) -> None:
    memory, disk = report.system["memory"], report.system["disk"]
    if memory is not None and memory < _LEAST_MEMORY:
        advice = "Close other programs, and train with --set train.batch_size=2 and --set train.workers=0."
        report.findings.append(MachineProblem("warning", f"Only {memory} GiB of memory.", advice))
    if disk < _LEAST_DISK:
        message = f"Only {disk} GiB are free on the disk of this folder."
        report.findings.append(
            MachineProblem("warning", message, "A run takes several hundred MB: make room, or use another disk.")
        )


def _judge_load(busy: float | None) -> list[MachineProblem]:
    """A warning where other programs take much of the processor; ``busy`` is their share, None if unknown."""
    if busy is None or busy < _BUSY:
        return []
    message = f"The machine is busy: other programs take {busy:.0%} of its cores' time."
    advice = "Training and predicting are slower as long as they run; close those that you do not need."
    return [MachineProblem("warning", message, advice)]


def measure_speed(seconds: float = 2.0) -> dict[str, Any]:
    """The shortest time of the small preset's forward pass on one picture, and the gain from bf16 on this CPU.

    Args:
        seconds: About how long to measure.

    Returns:
        ``device``, ``milliseconds``, ``pictures_per_second``, ``threads``, ``busy``, ``bf16_gain``, see `Report.speed`.
    """
    import torch

    from yolact_kit.config.files import template
    from yolact_kit.inference.engines.device import choose_device
    from yolact_kit.models.yolact import YolactNetwork
    from yolact_kit.training.precision import bf16_gain

    device = choose_device().type
    config = template("yolact_nano").model
    model = YolactNetwork(config, num_classes=4).to(device).eval()
    picture = torch.rand(1, 3, config.input_size, config.input_size, device=device) * 255
    busy = busy_cores()
    threads = {torch.get_num_threads()} if device != "cpu" else {1, torch.get_num_threads()}
    with torch.inference_mode():
        # Reading a value waits for the GPU.
        best = _shortest_times(lambda: float(model(picture).logits.sum()), sorted(threads), seconds, device == "cpu")
    fastest = min(best, key=best.__getitem__)
    return {
        "device": device,
        "milliseconds": round(1000 * best[fastest], 1),
        "pictures_per_second": round(1 / best[fastest], 1),
        "threads": fastest,
        "busy": None if busy is None else round(busy, 2),
        "bf16_gain": round(bf16_gain(), 2),
    }


def _shortest_times(
    action: Callable[[], object], threads: Sequence[int], seconds: float, on_cpu: bool
) -> dict[int, float]:
    """The shortest time of an action in seconds, by the number of threads that torch may use for it.

    Another program slows down some of the trials, the more the more threads have to wait for each other. So the numbers
    of threads alternate, and the best trial of each counts. Of one thread its time on the processor counts, which is
    the same beside any other program; Windows tells that in steps of 16 ms, which is too coarse.
    """
    import torch

    before = torch.get_num_threads()
    best = dict.fromkeys(threads, float("inf"))
    end = time.perf_counter() + seconds
    try:
        for trial in count():
            for number in threads:
                torch.set_num_threads(number)
                clock = time.thread_time if on_cpu and number == 1 and os.name != "nt" else time.perf_counter
                start = clock()
                action()
                if trial:  # the first one prepares the operations
                    best[number] = min(best[number], clock() - start)
            if trial >= _LEAST_TRIALS and time.perf_counter() > end:
                break
    finally:
        torch.set_num_threads(before)
    return best


def _check_optional(report: Report) -> None:
    report.optional = {
        "labelme": _labelme(),
        **{name: _version(name) for name in OPTIONAL},
        "ffmpeg": "found" if shutil.which("ffmpeg") else None,
        "korean font": _korean_font(),
    }
    if report.versions.get("opencv-python-headless") and (full := _version("opencv-python")):
        message = (
            f"opencv-python {full} and opencv-python-headless are both installed and overwrite each other's files."
        )
        advice = "pip uninstall -y opencv-python opencv-python-headless\n  pip install opencv-python-headless"
        report.findings.append(MachineProblem("warning", message, advice))


def _labelme() -> str | None:
    try:
        find_labelme()
    except UserError:
        return None
    return _version("labelme") or "found"


def _korean_font() -> str | None:
    try:
        from yolact_kit.inference.fonts import find_font

        choice = find_font(["한글 가나다"])
    except Exception:
        return None
    return None if choice.missing else choice.path.name
