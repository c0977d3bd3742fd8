"""A format is one file and one line of the registry."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

import yolact_kit.annotations.readers as readers
from yolact_kit.annotations.readers.contract import LabelFormat
from yolact_kit.annotations.readers.registry import (
    FORMAT_NAMES,
    FormatName,
    SourceFormat,
    format_titles,
    label_format,
    label_formats,
)
from yolact_kit.annotations.sniffing import sniff

FOLDER = Path(readers.__path__[0])
SAMPLES = {
    "labelme": ("a.json", '{"version": "5.5.0", "shapes": []}'),
    "voc": ("a.xml", "<annotation><filename>a.jpg</filename></annotation>"),
    "coco": ("a.json", '{"images": [], "annotations": [], "categories": []}'),
    "yolo": ("a.txt", "0 0.5 0.5 0.2 0.2\n"),
}


def test_every_reader_is_listed_under_its_own_name() -> None:
    modules = (import_module(f"{readers.__name__}.{path.stem}") for path in FOLDER.glob("[!_]*.py"))
    formats = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    assert sorted(format.name for format in formats) == sorted(FORMAT_NAMES)
    assert [format.name for format in label_formats()] == list(FORMAT_NAMES)
    assert get_args(SourceFormat) == ("auto", *FORMAT_NAMES)


@pytest.mark.parametrize("name", FORMAT_NAMES)
def test_what_a_format_says_of_itself(name: FormatName) -> None:
    format = label_format(name)
    assert isinstance(format, LabelFormat)
    assert format.title
    assert format.sign
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in format.suffixes)
    assert "--box-as-mask" in format.boxes_advice
    assert format_titles(", ").count(format.title) >= 1


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_is_of_its_own_format_alone(tmp_path: Path, name: str) -> None:
    file, text = SAMPLES[name]
    (tmp_path / file).write_text(text, encoding="utf-8")
    assert sniff(tmp_path / file) == name
    others = [other for other in label_formats() if other.name != name and Path(file).suffix in other.suffixes]
    assert not any(other.recognises(text) for other in others)


def test_the_names_load_no_reader() -> None:
    code = (
        "import sys\n"
        "from yolact_kit.annotations.readers.registry import FORMAT_NAMES\n"
        "assert 'labelme' in FORMAT_NAMES\n"
        "loaded = {'numpy', 'yaml', 'yolact_kit.annotations.readers.labelme'} & set(sys.modules)\n"
        "assert not loaded, loaded"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8")
    assert ran.returncode == 0, ran.stderr
