"""Lists of classes and maps between labels, as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from yolact_kit.annotations.objects import NO_LABELS, plain_label
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.textfiles import read_text, yaml_words
from yolact_kit.errors import UserError

_FILES = (".txt", ".yaml", ".yml", ".json", ".names")


def read_classes(text: str) -> tuple[str, ...]:
    """Reads class names in their order.

    Args:
        text: Names separated by commas, or a file: one name per line as for labelme's ``--labels``, or YAML or JSON
            with a list, which may be under ``names`` or ``classes``.

    Returns:
        The names, without ``__ignore__`` and ``_background_``, which are not classes.

    Raises:
        UserError: The file cannot be read, or there are no names, or one is given twice.

    Example:
        >>> read_classes("nut, bolt")
        ('nut', 'bolt')
    """
    path = Path(text)
    if _is_file(path):
        names = _names_in(path)
    elif path.suffix.lower() in _FILES:
        raise UserError(f"The file of classes '{text}' does not exist.", "Check the spelling of --classes.")
    else:
        names = [name.strip() for name in text.split(",")]
    classes = [name for name in names if name not in NO_LABELS]
    if not classes:
        raise UserError(
            f"There are no class names in '{text}'.", "Give names separated by commas, or a file with one per line."
        )
    repeated = sorted({name for name in classes if classes.count(name) > 1})
    if repeated:
        raise UserError(f"The class '{repeated[0]}' is given twice.", "Give each class once.")
    return tuple(classes)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a list too long for a file name
        return False


def _names_in(path: Path) -> list[str]:
    """The names in a file: one per line, or a list or mapping in YAML or JSON."""
    text = _text(path)
    if path.suffix.lower() in (".yaml", ".yml", ".json"):
        document = _yaml(path, text)
        if isinstance(document, dict):
            document = document.get("names", document.get("classes"))
        if isinstance(document, dict):
            document = list(document.values())
        if not isinstance(document, list):
            raise UserError(f"'{path}' holds no list of classes.", "Give a list, or one under 'names'.")
        return [str(name) for name in document]
    return [line.strip() for line in text.splitlines() if line.strip()]


def read_label_map(path: Path) -> dict[str, str | None]:
    """Reads a file that renames labels.

    Args:
        path: YAML or JSON of ``old: new``, or lines ``old,new``; if ``new`` is empty, the label's objects are dropped.

    Returns:
        New label by old label.

    Raises:
        UserError: The file cannot be read.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "map.yaml"
        >>> _ = file.write_text("Cup: cup", encoding="utf-8")
        >>> read_label_map(file)
        {'Cup': 'cup'}
    """
    if not path.is_file():
        raise UserError(f"The map '{path}' does not exist.", "Check the spelling of --map.")
    document = _map_document(path)
    if not isinstance(document, dict) or any(isinstance(new, list | dict) for new in document.values()):
        raise UserError(f"'{path}' is not a map from one label to another.", "Give lines such as `Cup: cup`.")
    label_map: dict[str, str | None] = {}
    for old, new in document.items():
        word = "" if new is None else str(new).strip()
        label_map[str(old).strip()] = word or None
    # A label that the map has in another Unicode form is found as well; the form in the file counts more.
    return {**{plain_label(old): new for old, new in label_map.items()}, **label_map}


def _map_document(path: Path) -> Any:
    """The content of a map: YAML, or ``old,new`` in every line."""
    text = _text(path)
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if lines and all(line.count(",") == 1 and ":" not in line for line in lines):
        return dict(line.split(",") for line in lines)
    return _yaml(path, text)


def _text(path: Path) -> str:
    problems = Problems()
    text = read_text(path, problems)
    if text is None:
        raise UserError(f"'{path}' cannot be read: {problems.found[0].message}", "Save it as UTF-8.")
    return text


def _yaml(path: Path, text: str) -> Any:
    try:
        return yaml_words(text)
    except yaml.YAMLError as error:
        raise UserError(f"'{path}' is broken YAML: {error}", "Give lines such as `Cup: cup`.") from error
