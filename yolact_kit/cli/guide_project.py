"""The guide's memory: ``project.yaml``, what was answered and which steps are done."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from yolact_kit.cli.guide_texts import Language, text
from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text

FILE = "project.yaml"
STEPS = ("convert", "validate", "config", "train", "evaluate", "predict")
_HEAD = "# Where `yolact-kit guide` keeps its place: run it again on the same folder to go on.\n"


@dataclass(slots=True)
class Project:
    """A project of the guide.

    Attributes:
        folder: The project folder, as the user gave it.
        source: Folder of the user's pictures and labels, absolute.
        answers: What was asked or found out, by name.
        commands: The command of each step that is done, in their order.
    """

    folder: Path
    source: Path
    answers: dict[str, Any] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)

    @property
    def done(self) -> list[str]:
        """Names of the steps that are done."""
        return [step for step in STEPS if step in self.commands]

    def save(self) -> None:
        """Writes ``project.yaml``, as a whole or not at all."""
        values = {"source": str(self.source), "answers": self.answers, "done": self.commands}
        written = yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=1 << 20)
        atomic_write_text(self.folder / FILE, _HEAD + written)

    def shown_source(self) -> Path:
        """The source as a user would write it: relative where it lies under the current folder."""
        return shown(self.source)


def open_project(folder: Path, source: Path | None, language: Language) -> Project | None:
    """The project in a folder.

    Args:
        folder: The project folder.
        source: The folder that was asked for, if one was.
        language: Language of the messages.

    Returns:
        The project; None where there is none yet.

    Raises:
        UserError: The folder holds something else, or another source's project.
    """
    file = folder / FILE
    if not file.is_file():
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise UserError(text("not_empty", language, folder=folder), text("other_project_advice", language))
        return None
    project = _read(file, language)
    if source is not None and source.resolve() != project.source:
        message = text("other_project", language, folder=folder, source=project.source)
        raise UserError(message, text("other_project_advice", language))
    return project


def find_project() -> Path | None:
    """The project folder if none is named: the current folder, or the only project in it."""
    here = Path()
    if (here / FILE).is_file():
        return here
    found = [file.parent for file in here.glob(f"*/{FILE}")]
    return found[0] if len(found) == 1 else None


def shown(path: Path) -> Path:
    """A path as a user would write it: relative where it lies under the current folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _read(file: Path, language: Language) -> Project:
    broken = UserError(text("broken_project", language, file=file), text("broken_project_advice", language))
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise broken from error
    if not isinstance(values, dict) or not isinstance(values.get("source"), str):
        raise broken
    answers, commands = values.get("answers") or {}, values.get("done") or {}
    if not isinstance(answers, dict) or not isinstance(commands, dict):
        raise broken
    return Project(file.parent, Path(values["source"]), answers, {str(key): str(commands[key]) for key in commands})
