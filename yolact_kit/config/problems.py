"""Pydantic's errors in words that someone who edits a configuration understands."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from yolact_kit.config.keys import key_names, nearest, sections_of, walk_location

_ALLOWED = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "above {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "below {lt}",
    "literal_error": "{expected}",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "text (write it in quotes)",
    "list_type": "a list, such as [1, 2]",
    "model_type": "a section with keys below it",
    "dict_type": "a section with keys below it",
    "too_short": "at least {min_length} entries",
    "too_long": "at most {max_length} entries",
}


def explain(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """One line for each key that is wrong: the key's path, its value, and what is allowed.

    Args:
        error: What pydantic raised when it read the values.
        model: The schema that it read them with.

    Returns:
        The lines, in the order of the errors.
    """
    unknown: list[str] = []
    wrong: dict[str, tuple[Any, list[str]]] = {}
    for detail in error.errors():
        key = walk_location(model, detail["loc"])
        if detail["type"] == "extra_forbidden":
            unknown.append(_explain_unknown(key, model))
        else:
            allowed = wrong.setdefault(key, (detail["input"], []))[1]
            allowed.append(_allowed(detail))
    return unknown + [_explain_wrong(key, value, allowed) for key, (value, allowed) in wrong.items()]


def _explain_unknown(key: str, model: type[BaseModel]) -> str:
    """A key that the schema does not have, and the one that was probably meant."""
    names = key_names(model) + list(sections_of(model))
    close = nearest(key, names)
    return f"unknown key '{key}'" + (f", did you mean '{close}'?" if close else ".")


def _explain_wrong(key: str, value: Any, allowed: list[str]) -> str:
    """A value that is not allowed, and the values that are."""
    choices = " or ".join(dict.fromkeys(allowed))
    if not key:
        return choices
    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > 80:
        text = text[:77] + "..."
    return f"{key} is {text}, allowed is: {choices}."


def _allowed(detail: ErrorDetails) -> str:
    """What pydantic would have accepted, in plain words."""
    context = {key: _plain(value) for key, value in (detail.get("ctx") or {}).items()}
    if detail["type"] in _ALLOWED:
        return _ALLOWED[detail["type"]].format(**context)
    return detail["msg"].removeprefix("Value error, ")


def _plain(value: Any) -> Any:
    """Whole numbers without a decimal point, so that 0.0 reads as 0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
