"""The pages say what the program does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from tests.programs import yolact_kit
from yolact_kit.cli.app import COMMANDS

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def commands(page: Path) -> set[tuple[str, tuple[str, ...]]]:
    """Every command line of yolact-kit in a page: the command and the options that it is given."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"```\n(.*?)```", text, re.DOTALL)
    lines = re.findall(r"^(?:\S*/)?yolact-kit ([a-z]+)([^#\n]*)", "\n".join(blocks), re.MULTILINE)
    inline = re.findall(rf"`(?:yolact-kit )?({'|'.join(COMMANDS)})( [^`]*)`", text)
    return {(name, tuple(sorted(set(re.findall(r"--[a-z-]+", rest))))) for name, rest in lines + inline}


CALLS = sorted({call for page in PAGES for call in commands(page)})


def test_the_pages_show_the_whole_way() -> None:
    shown = {name for name, _ in commands(ROOT / "README.md")}
    assert {"guide", "annotate", "convert", "validate", "config", "train", "evaluate", "predict"} <= shown


@pytest.mark.parametrize(
    ("name", "options"), CALLS, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_what_the_pages_type_exists(name: str, options: tuple[str, ...]) -> None:
    done = yolact_kit(name, "--help")
    assert done.returncode == 0, f"there is no command {name}"
    for option in options:
        assert re.search(rf"{option}\b", done.stdout), f"{name} has no {option}"


def test_every_key_of_the_configuration_is_explained_as_the_schema_has_it() -> None:
    page = ROOT / "docs" / "configuration.md"
    text = page.read_text(encoding="utf-8")
    updated = runpy.run_path(str(ROOT / "docs" / "make_configuration.py"))["updated"](text)
    assert updated == text, "run `python docs/make_configuration.py`"
