"""The guide's memory: ``project.yaml``, with the user's answers and the completed steps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from yolact_kit.cli.guide_texts import Language, text
from yolact_kit.cli.steps import short_path
from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text
from yolact_kit.moved import find_moved

FILE = "project.yaml"
STEPS = ("convert", "validate", "config", "train", "evaluate", "predict")
_HEAD = "# The answers and completed steps of `yolact-kit guide`: run it again on the same folder to continue.\n"


@dataclass(slots=True)
class Project:
    """A project of the guide.

    Attributes:
        folder: The project folder, as the user gave it.
        source: Folder of the user's pictures and labels, absolute.
        answers: What the user answered and what the guide found out, by name.
        commands: The command of each completed step, in their order.
    """

    folder: Path
    source: Path
    answers: dict[str, Any] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)

    @property
    def completed(self) -> list[str]:
        """Names of the completed steps, in their order."""
        return [step for step in STEPS if step in self.commands]

    def save(self) -> None:
        """Writes ``project.yaml``, as a whole or not at all."""
        values = {"source": str(self.source), "answers": self.answers, "done": self.commands}
        document = yaml.safe_dump(values, allow_unicode=True, sort_keys=False, width=1 << 20)
        atomic_write_text(self.folder / FILE, _HEAD + document)

    def short_source(self) -> Path:
        """The source as a user would write it: relative where it lies under the current folder."""
        return short_path(self.source)


def open_project(folder: Path, source: Path | None, language: Language) -> Project | None:
    """The project in a folder.

    Args:
        folder: The project folder.
        source: The folder of pictures that the user named, if any.
        language: Language of the messages.

    Returns:
        The project; None if there is none yet.

    Raises:
        UserError: The folder holds something else, or another source's project.
    """
    file = folder / FILE
    if not file.is_file():
        if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
            raise UserError(text("not_empty", language, folder=folder), text("other_project_advice", language))
        return None
    project = _read_project(file, language)
    if not project.source.is_dir():
        project.source = _moved_source(project, source)
    if source is not None and source.resolve() != project.source:
        message = text("other_project", language, folder=folder, source=project.source)
        raise UserError(message, text("other_project_advice", language))
    return project


def _moved_source(project: Project, named: Path | None) -> Path:
    """Where the source is now that is not where it was: as the user says, or where it was moved to with the project."""
    name = re.split(r"[\\/]", str(project.source))[-1]
    if named is not None and named.is_dir() and named.resolve().name == name:
        return named.resolve()
    return find_moved(str(project.source), project.folder, Path.is_dir) or project.source


def find_project() -> Path | None:
    """The project folder if none is named: the current folder, or the only project in it."""
    current = Path()
    if (current / FILE).is_file():
        return current
    projects = [file.parent for file in current.glob(f"*/{FILE}")]
    return projects[0] if len(projects) == 1 else None


def _read_project(file: Path, language: Language) -> Project:
    """The project that a ``project.yaml`` describes; `UserError` where it is not one."""
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
