"""Paths in pages and documents that are passed on: they do not tell where on whose machine they were made."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any


def shown_path(path: Path | str) -> str:
    """A path as a page or a document names it.

    Args:
        path: The path of a file or folder, or a name that is no path, such as ``coco:yolact_base``.

    Returns:
        A relative path as it is; an absolute one from the current folder on where it lies in there, otherwise its name
        alone, of weights with the run folder's name.

    Example:
        >>> shown_path("/home/me/photos"), shown_path("runs/first"), shown_path("/runs/first/weights/best.safetensors")
        ('photos', 'runs/first', 'first/weights/best.safetensors')
    """
    file = Path(path)
    if not file.is_absolute():
        return str(path)
    current = Path.cwd()
    if file != current and file.is_relative_to(current):
        return file.relative_to(current).as_posix()
    first = -3 if file.parent.name == "weights" else -1
    return Path(*file.parts[first:]).as_posix() if file.name else str(path)


def without_folders(value: Any, folders: Iterable[Path | str]) -> Any:
    """A text, or a document of them, in which files in some folders have paths from these folders on.

    Args:
        value: A text, or lists and dictionaries with texts.
        folders: The folders. A folder itself becomes its name. Relative ones are looked for by their absolute path.

    Returns:
        The same with shorter paths.

    Example:
        >>> without_folders(["'/home/me/photos/a.jpg' is no picture."], ["/home/me/photos"])
        ["'a.jpg' is no picture."]
    """
    patterns = _patterns(folders)
    return _replaced(value, patterns) if patterns else value


def _patterns(folders: Iterable[Path | str]) -> list[tuple[re.Pattern[str], str]]:
    """What is replaced by what; longer paths come first, since they may begin with shorter ones."""
    names: dict[str, str] = {}
    for folder in folders:
        for path in (Path(folder).absolute(), Path(folder).resolve()):
            if len(path.parts) > 1:  # not the root
                for text in (str(path), path.as_posix()):
                    names[text] = names[escape(text)] = path.name
    patterns = []
    for text in sorted(names, key=len, reverse=True):
        # Not within a longer path or name on either side.
        start = rf"(?<![\w/\\.~-]){re.escape(text)}"
        patterns += [(re.compile(rf"{start}[/\\]+(?=[^\s'\"<])"), ""), (re.compile(rf"{start}(?![\w.-])"), names[text])]
    return patterns


def _replaced(value: Any, patterns: list[tuple[re.Pattern[str], str]]) -> Any:
    if isinstance(value, str):
        for pattern, name in patterns:
            value = pattern.sub(name.replace("\\", r"\\"), value)
        return value
    if isinstance(value, dict):
        return {key: _replaced(item, patterns) for key, item in value.items()}
    if isinstance(value, list):
        return [_replaced(item, patterns) for item in value]
    return value
