"""The dotted keys of a configuration, read from its schema: names, fields, the nearest to a misspelt one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def sections_of(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """The fields of ``model`` that are sections of their own, with their models.

    Example:
        >>> from yolact_kit.config.schema import Config
        >>> list(sections_of(Config))[:2]
        ['model', 'loss']
    """
    sections: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            sections[name] = field.annotation
    return sections


def key_names(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Every key that has a value, with its dotted path, in the schema's order.

    Example:
        >>> from yolact_kit.config.schema import Config
        >>> "model.anchors.scales" in key_names(Config)
        True
    """
    sections = sections_of(model)
    names: list[str] = []
    for name in model.model_fields:
        inner = sections.get(name)
        names += key_names(inner, f"{prefix}{name}.") if inner else [prefix + name]
    return names


def field_of(model: type[BaseModel], key: str) -> FieldInfo:
    """The schema's entry of a dotted key.

    Args:
        model: The schema that the key starts from.
        key: Such as ``"train.epochs"``.

    Returns:
        Pydantic's description of the field.

    Raises:
        KeyError: There is no such key.
    """
    *parents, last = key.split(".")
    for parent in parents:
        model = sections_of(model)[parent]
    return model.model_fields[last]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name most similar to ``word``: by all of it, or by its last part after a dot.

    Args:
        word: What was written.
        known: The known names.

    Returns:
        The nearest, or None if nothing is similar.

    Example:
        >>> nearest("train.epoch", ["train.epochs", "train.seed"])
        'train.epochs'
    """
    names = list(known)
    lowered = {name.lower(): name for name in reversed(names)}
    close = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.75)
    if close:
        return lowered[close[0]]
    by_last = {name.rpartition(".")[2].lower(): name for name in reversed(names)}
    last = difflib.get_close_matches(word.rpartition(".")[2].lower(), by_last, n=1, cutoff=0.7)
    if last:
        return by_last[last[0]]
    far = difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.5)
    return lowered[far[0]] if far else None


def walk_location(model: type[BaseModel], location: tuple[Any, ...]) -> str:
    """The dotted key of a pydantic error's location, without the names that pydantic gives to parts of a union.

    Example:
        >>> from yolact_kit.config.schema import Config
        >>> walk_location(Config, ("train", "workers", "constrained-int"))
        'train.workers'
    """
    parts: list[str] = []
    inside: type[BaseModel] | None = model
    for part in location:
        if inside is not None:
            parts.append(str(part))
            inside = sections_of(inside).get(str(part))
        elif isinstance(part, int):
            parts.append(str(part))
    return ".".join(parts)
