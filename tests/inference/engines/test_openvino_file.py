from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.inference.engines.files import exported_tiny
from yolact_kit.errors import UserError
from yolact_kit.inference.engines.openvino_file import read_openvino
from yolact_kit.models.exported_settings import ExportedSettings

BOMB = '<!DOCTYPE net [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><net name="&b;"/>'


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported_tiny(tmp_path_factory.mktemp("openvino"), "openvino")


@pytest.fixture
def copy(good: Path, tmp_path: Path) -> Path:
    """A copy of both files, to be damaged."""
    shutil.copytree(good.parent, tmp_path / "copy")
    return tmp_path / "copy" / good.name


def test_metadata_are_read(good: Path) -> None:
    settings = ExportedSettings.read(read_openvino(good), str(good))
    assert settings.config.classes == ["컵", "plate", "fork"] and settings.threshold is not None


def test_half_of_the_weights(copy: Path) -> None:
    weights = copy.with_suffix(".bin").read_bytes()
    copy.with_suffix(".bin").write_bytes(weights[: len(weights) // 2])
    with pytest.raises(UserError, match=r"모델\.bin' is cut off"):
        read_openvino(copy)
    copy.with_suffix(".bin").unlink()
    with pytest.raises(UserError, match=r"모델\.bin' is missing"):
        read_openvino(copy)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('version="opset1"', 'version="extension"', "Only OpenVINO's own operators are run"),
        ("<dim>64</dim>", "<dim>9000000</dim>", "too large"),
        ("</net>", "", "cannot be read"),
        ("<yolact-kit>", "<someone-else>", "cannot be read"),
        ("net", "html", "no model in OpenVINO's format"),
    ],
)
def test_changed_files(old: str, new: str, words: str, copy: Path) -> None:
    copy.write_text(copy.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_openvino(copy)
    assert words in f"{caught.value} {caught.value.advice}"


def test_entities_are_not_expanded(copy: Path) -> None:
    copy.write_text(BOMB, encoding="utf-8")
    with pytest.raises(UserError, match="cannot be read"):
        read_openvino(copy)


def test_a_foreign_model_has_no_metadata_of_ours(copy: Path) -> None:
    text = copy.read_text(encoding="utf-8").replace("yolact-kit", "someone-else")
    copy.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="holds no model of yolact-kit"):
        ExportedSettings.read(read_openvino(copy), "foreign.xml")
