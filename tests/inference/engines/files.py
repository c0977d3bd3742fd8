"""Small exported models, for tests that damage them."""

from __future__ import annotations

from pathlib import Path

from tests.tiny_model import THRESHOLD, tiny_config, tiny_model
from yolact_kit.inference.export.formats import FORMATS
from yolact_kit.models.exported_settings import ExportedSettings


def exported_tiny(folder: Path, format: str) -> Path:
    """A tiny model in a format, without any check of it."""
    config = tiny_config()
    file = folder / f"모델{FORMATS[format].suffix}"
    FORMATS[format].write(tiny_model(config).eval(), ExportedSettings(config, THRESHOLD), file)
    return file
