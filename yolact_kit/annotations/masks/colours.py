"""Colours of mask pictures, and the files that say which colour stands for which class."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.textfiles import read_text
from yolact_kit.errors import UserError

Colour = tuple[int, ...]
"""What stands for a class: R, G, B; or one number, the index in a palette or the grey value."""

_BACKGROUND_NAMES = {"background", "_background_", "__background__", "bg"}
_FILES = ("labelmap.txt", "class_names.txt", "_classes.csv", "class_dict.csv", "label_colors.txt")
"""Files of colours that programs write: CVAT, labelme's converter, Roboflow, and sets for semantic segmentation."""

_NAME = r"""["']?(?P<name>.+?)["']?"""
_RGB = r"[\[(]?\s*(?P<r>\d{1,3})\s*[,;\s]\s*(?P<g>\d{1,3})\s*[,;\s]\s*(?P<b>\d{1,3})\s*[\])]?"
_NUMBER = r"(?P<number>\d{1,9})"
_BETWEEN = r"\s*[:,;=\s]\s*"
_LINES = [
    re.compile(rf"\s*{_NAME}{_BETWEEN}{_RGB}\s*(::?.*)?"),
    re.compile(rf"\s*{_RGB}{_BETWEEN}{_NAME}\s*"),
    re.compile(rf"\s*{_NUMBER}{_BETWEEN}{_NAME}\s*"),
    re.compile(rf"\s*{_NAME}{_BETWEEN}{_NUMBER}\s*"),
]
"""A line of a file of colours: ``cup,0,0,230``, ``0 0 230 cup``, ``1, cup`` or ``cup, 1``; the first that fits."""


def colour_names(files: list[Path], options: ReadOptions) -> dict[Colour, str | None]:
    """Class name by colour, from the file of ``--colors`` or from those that the exporting program wrote.

    Args:
        files: All files of the source; each split may have a file of its own.
        options: ``colors`` names a file.

    Returns:
        Class name by colour, None for background; empty where no file says it.

    Raises:
        UserError: A file cannot be read, or two contradict each other.
    """
    if options.colors is not None:
        return read_colours(options.colors)
    names: dict[Colour, str | None] = {}
    named = [path for path in files if path.name.lower() in _FILES]
    for path in (path for path in named if path.name.lower() == named[0].name.lower()):
        own = _numbered_lines(path) if path.name.lower() == "class_names.txt" else read_colours(path)
        for colour, name in own.items():
            if names.setdefault(colour, name) != name:
                raise UserError(
                    f"'{path}' says that {colour_text(colour)} is '{name}', another file that it is '{names[colour]}'.",
                    "Give the right file with --colors FILE.",
                )
    return names


def colour_text(colour: Colour) -> str:
    """A colour as people write it.

    Example:
        >>> colour_text((7,)), colour_text((0, 0, 230))
        ('7', '(0, 0, 230)')
    """
    return str(colour[0]) if len(colour) == 1 else str(colour)


def _numbered_lines(path: Path) -> dict[Colour, str | None]:
    """Class name by the number of its line, as labelme's converter lists them: the background is 0."""
    text = read_text(path, Problems()) or ""
    names = [_name(line) for line in text.split("\n") if line.strip()]
    first = 0 if None in names[:1] else 1
    return {(index,): name for index, name in enumerate(names, start=first)}


def _name(text: str) -> str | None:
    """The name of a class; None if it means background."""
    return None if text.strip().lower() in _BACKGROUND_NAMES else text.strip()


def read_colours(path: Path) -> dict[Colour, str | None]:
    """Reads which colour stands for which class.

    Args:
        path: A file of lines ``name,r,g,b`` or ``name:r,g,b`` (as CVAT's ``labelmap.txt``), ``number,name`` (as
            Roboflow's ``_classes.csv``), or YAML or JSON with ``name: [r, g, b]``, ``name: "#rrggbb"`` or
            ``name: number``.

    Returns:
        Class name by colour; None for background.

    Raises:
        UserError: It cannot be read.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "colors.txt"
        >>> _ = file.write_text("cup,0,0,230", encoding="utf-8")
        >>> read_colours(file)
        {(0, 0, 230): 'cup'}
    """
    problems = Problems()
    text = read_text(path, problems) if path.is_file() else None
    if text is None:
        raise UserError(f"The file of colours '{path}' cannot be read.", "Give lines such as `cup,0,0,230`.")
    try:
        names = _colour_lines(text)
        if names is not None:
            return names
        document = yaml.safe_load(text)
        return {_colour(value): _name(str(name)) for name, value in document.items()}
    except (yaml.YAMLError, AttributeError, ValueError, TypeError) as error:
        raise UserError(
            f"The file of colours '{path}' cannot be understood.", "Give one line per class, such as `cup,0,0,230`."
        ) from error


def _colour_lines(text: str) -> dict[Colour, str | None] | None:
    """Class name by colour from lines such as ``cup,0,0,230`` or ``1,cup``; None if any line is something else."""
    names: dict[Colour, str | None] = {}
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) > 1 and not re.search(r"[\d\[{]", lines[0]):
        lines = lines[1:]  # the header of a table
    for line in lines:
        match = next(filter(None, (pattern.fullmatch(line) for pattern in _LINES)), None)
        if match is None:
            return None
        groups = match.groupdict()
        parts = [groups["number"]] if "number" in groups else [groups["r"], groups["g"], groups["b"]]
        names[_colour([int(part) for part in parts])] = _name(groups["name"])
    return names or None


def _colour(value: Any) -> Colour:
    """A colour as YAML has it: ``"#rrggbb"``, a list of R, G and B, or one number.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(value, str):
        digits = re.fullmatch(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", value.strip())
        if digits is None:
            raise ValueError(value)
        return tuple(int(part, 16) for part in digits.groups())
    parts = value if isinstance(value, list) else [value]
    colour = tuple(int(part) for part in parts)
    if list(colour) != parts:
        raise ValueError(value)
    if len(colour) not in (1, 3) or min(colour) < 0 or (len(colour) == 3 and max(colour) > 255):
        raise ValueError(value)
    return colour
