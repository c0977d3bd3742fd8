"""The package for machines that only predict: it works without anything that it does not ask for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.tiny_model import save_tiny_model
from yolact_kit import __version__
from yolact_kit.shipped import shipped

BLOCKED = """
import sys
allowed = set(sys.argv.pop(1).split(","))
from importlib.metadata import packages_distributions
owners = packages_distributions()

class Blocked:
    def find_spec(self, name, path=None, target=None):
        owner = owners.get(name.partition(".")[0])
        if owner and not allowed & {one.lower().replace("_", "-") for one in owner}:
            raise ModuleNotFoundError(f"{name} is of {owner}, which the runtime does not ask for", name=name)

sys.meta_path.insert(0, Blocked())
"""
HIDDEN = """
import importlib.metadata
search = importlib.metadata.Distribution.discover.__func__

def discover(cls, **words):  # the whole package is installed here
    return iter([one for one in search(cls, **words) if one.metadata["Name"] != "yolact-kit"])

importlib.metadata.Distribution.discover = classmethod(discover)
"""
PROGRAM = "import sys; from yolact_kit.__main__ import main; sys.exit(main())"
COMMAND = BLOCKED + PROGRAM
CLASS = BLOCKED + "from yolact_kit import YOLACT; print(len(YOLACT(sys.argv[1], score=0.0).predict(sys.argv[2])[0]))"


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runtime")
    project = repository / "examples" / "deployment" / "runtime"
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(words, cwd=project, check=True, capture_output=True)
    [file] = folder.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def closure(asked: list[str]) -> set[str]:
    """The distributions that requirements bring along, by name, as they are installed here."""
    names: set[str] = set()
    waiting = [Requirement(text) for text in asked]
    while waiting:
        requirement = waiting.pop()
        name = requirement.name.lower().replace("_", "-")
        if name in names or (requirement.marker and not requirement.marker.evaluate({"extra": "onnx"})):
            continue
        names.add(name)
        try:
            waiting += [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:  # for another system or another Python
            continue
    return names


@pytest.fixture(scope="module")
def asked(wheel: Path) -> str:
    """The distributions of the runtime, separated by commas; this package as well, which is on the path as a folder."""
    [metadata] = wheel.glob("*.dist-info/METADATA")
    names = closure(re.findall(r"^Requires-Dist: (.*)$", metadata.read_text(encoding="utf-8"), re.MULTILINE))
    return ",".join(sorted(names | {"yolact-kit", "yolact-kit-runtime"}))


def run(script: str, wheel: Path, *words: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, words)],
        cwd=wheel.parent,
        env=environment,
        capture_output=True,
        encoding="utf-8",
    )


def test_it_is_this_version_and_asks_for_nothing_else_than_the_whole_package(repository: Path) -> None:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.10 cannot read TOML")
    whole, part = (
        tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        for file in (repository / "pyproject.toml", repository / "examples/deployment/runtime/pyproject.toml")
    )
    assert part["version"] == whole["version"] == __version__
    assert set(part["dependencies"]) < set(whole["dependencies"])
    assert set(part["optional-dependencies"]["onnx"]) <= set(whole["optional-dependencies"]["export"])


def test_it_brings_no_torch(asked: str) -> None:
    assert "openvino" in asked.split(",")
    assert not {"torch", "torchvision", "lightning", "timm", "albumentations", "scipy"} & set(asked.split(","))
    assert "torch" in {
        owner for owners in packages_distributions().values() for owner in owners
    }  # else it proves nothing


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".onnx", ".xml"])
def test_commands_and_the_class_work_with_an_exported_model(
    suffix: str, wheel: Path, asked: str, tmp_path: Path
) -> None:
    from yolact_kit.inference.export.export import ExportOptions, export_model

    model = tmp_path / f"모델{suffix}"
    weights = save_tiny_model(tmp_path / "run")
    export_model(weights, model, ExportOptions({".onnx": "onnx", ".xml": "openvino"}[suffix]))
    picture = next(shipped("examples", "parts", "pictures").glob("*.jpg"))
    for words in (("predict", model, picture, "--score", "0"), ("explain", model, picture, "--score", "0")):
        done = run(COMMAND, wheel, asked, *words, "--out", tmp_path / words[0])
        assert done.returncode == 0, done.stderr
    done = run(CLASS, wheel, asked, model, picture)
    assert int(done.stdout) > 0, done.stderr
    done = run(COMMAND, wheel, asked, "predict", weights, picture, "--engine", "torch")
    assert done.returncode == 2 and "'torch" in done.stderr


def test_doctor_knows_it(wheel: Path) -> None:
    done = run(HIDDEN + PROGRAM, wheel, "doctor")
    assert "This is yolact-kit-runtime: it predicts with exported models" in done.stderr
    assert done.returncode == 0 and "is missing" not in done.stderr
