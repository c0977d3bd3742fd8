from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from tests.programs import yolact_kit
from yolact_kit.reports.doctor import REQUIRED, diagnose

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def report() -> subprocess.CompletedProcess[str]:
    return yolact_kit("doctor", "--json")


def test_json_alone_is_on_standard_output(report: subprocess.CompletedProcess[str]) -> None:
    assert report.returncode == 0, report.stderr
    found = json.loads(report.stdout)
    assert set(found) == {"ok", "versions", "system", "gpus", "speed", "optional", "findings"}
    assert found["ok"] is True
    assert "Everything that yolact-kit needs is installed and works." in report.stderr


def test_versions_are_those_that_are_installed(report: subprocess.CompletedProcess[str]) -> None:
    versions = json.loads(report.stdout)["versions"]
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    for name in REQUIRED:
        assert versions[name] == metadata.version(name)


def test_the_speed_is_measured(report: subprocess.CompletedProcess[str]) -> None:
    speed = json.loads(report.stdout)["speed"]
    assert speed["pictures_per_second"] > 0
    assert speed["milliseconds"] == pytest.approx(1000 / speed["pictures_per_second"], rel=0.6, abs=1)
    assert speed["bf16_gain"] >= 0


def test_what_is_required_is_what_the_package_declares() -> None:
    declared = re.search(
        r"\ndependencies = \[(.*?)\n\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.DOTALL
    )
    assert declared
    assert {name.lower() for name in re.findall(r'"([A-Za-z0-9-]+)', declared.group(1))} == set(REQUIRED)


@pytest.mark.slow
def test_the_report_is_for_people_too() -> None:
    done = yolact_kit("doctor")
    assert done.returncode == 0
    assert done.stdout == ""
    for word in ("torch", "processor", "memory", "yolact_nano", "labelme", "korean font"):
        assert word in done.stderr


def doctor_without(*modules: str) -> subprocess.CompletedProcess[str]:
    """`yolact-kit doctor --json` where some modules cannot be imported."""
    program = (
        "import sys\n"
        f"for name in {modules!r}:\n"
        "    sys.modules[name] = None\n"
        "from yolact_kit.cli.app import main\n"
        "main(['doctor', '--json'])\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, timeout=300)


@pytest.mark.slow
def test_a_torch_without_its_torchvision_is_told() -> None:
    done = doctor_without("torchvision")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert found["ok"] is False
    (error,) = [finding for finding in found["findings"] if finding["severity"] == "error"]
    assert "torchvision" in error["message"]
    number = metadata.version("torch").partition("+")[0]
    assert error["advice"].startswith(f"pip install torch=={number} torchvision")
    assert "error: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_without_torch_the_rest_is_still_diagnosed() -> None:
    done = doctor_without("torch")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert any("pip install --upgrade torch torchvision" in finding["advice"] for finding in found["findings"])
    assert found["speed"] == {}
    assert found["system"]["cores"] >= 1
    assert "labelme" in found["optional"]


@pytest.mark.slow
def test_python_gives_the_same_report() -> None:
    report = diagnose()
    assert report.ok
    assert report.to_dict()["versions"] == report.versions
