"""The wheel that users install: what is in it, and that it works from any folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from yolact_kit import __version__


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    clean = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env={**clean, **env}, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=repository)
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the programs of a new environment with the wheel and, by a path file, our dependencies."""
    folder = tmp_path_factory.mktemp("새 환경")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    python = programs / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    packages = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    Path(packages, "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return programs


def test_the_wheel_holds_code_templates_and_the_bundled_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        size = sum(info.file_size for info in archive.infolist())
    assert "yolact_kit/_shipped/templates/yolact_nano.yaml" in names
    assert "yolact_kit/_shipped/benchmarks/nms.py" in names
    assert any(re.fullmatch(r"yolact_kit/_shipped/examples/parts/.*\.json", name) for name in names)
    assert any(re.fullmatch(r"yolact_kit/_shipped/examples/parts/.*\.jpg", name) for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names} == {"yolact_kit", f"yolact_kit-{__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]
    assert "yolact_kit/_shipped/templates/weights/yolact_nano.safetensors" in names
    assert "yolact_kit/_shipped/templates/weights/README.md" in names
    assert size < 18_000_000


def test_the_installed_program_answers_from_another_folder(installed: Path, tmp_path: Path) -> None:
    assert "quickstart" in run(installed / "yolact-kit", "--help", cwd=tmp_path)
    assert run(installed / "yolact-kit", "--version", cwd=tmp_path) == f"yolact-kit {__version__}\n"


def test_the_installed_program_runs_its_benchmark(installed: Path, tmp_path: Path) -> None:
    words = ["--classes", "2", "--above", "5", "--anchors", "50", "--repeats", "1", "--device", "cpu", "--json"]
    report = json.loads(run(installed / "yolact-kit", "benchmark", "nms", *words, cwd=tmp_path))
    assert {row["name"] for row in report["rows"]} >= {"torchvision", "standard", "fast"}


def test_the_installed_package_finds_what_it_ships(installed: Path, tmp_path: Path, repository: Path) -> None:
    code = (
        "import yolact_kit; from yolact_kit.shipped import shipped\n"
        "print(yolact_kit.__file__)\n"
        "print(len(list(shipped('examples', 'parts').rglob('*.json'))))\n"
        "from yolact_kit.config.files import template; print(template('yolact_nano').model.name)"
    )
    place, labels, model = run(installed / "python", "-c", code, cwd=tmp_path, PYTHONIOENCODING="utf-8").splitlines()
    assert repository not in Path(place).parents
    assert int(labels) == len(list((repository / "examples" / "parts").rglob("*.json")))
    assert int(labels) >= 30
    assert model == "yolact_nano"
