"""JSON text by orjson, or by Python's own module if orjson refuses."""

from __future__ import annotations

import json
from typing import Any

import orjson


def parse_json(text: str) -> Any:
    """The document of a JSON text, as `json.loads` reads it.

    Args:
        text: The text; NaN, infinity and half surrogate pairs, which orjson refuses, are read as well.

    Returns:
        The document.

    Raises:
        ValueError: It is not JSON; `json.JSONDecodeError` says where.
        RecursionError: It is nested too deeply.

    Example:
        >>> parse_json("[1, NaN]")
        [1, nan]
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def json_text(document: Any, indent: bool = False) -> str:
    r"""JSON text with the characters of every language; only what a file cannot hold is escaped.

    Args:
        document: What to write.
        indent: Whether to put each value on its own line, indented by two spaces per level.

    Returns:
        The text, ended by a newline.

    Example:
        >>> json_text({"label": "컵"})
        '{"label":"컵"}\n'
    """
    options = orjson.OPT_APPEND_NEWLINE | (orjson.OPT_INDENT_2 if indent else 0)
    try:
        return orjson.dumps(document, option=options).decode("utf-8")
    except orjson.JSONEncodeError:  # lone surrogates, as from file names that are not UTF-8; integers beyond 64 bits
        return json.dumps(document, indent=2 if indent else None) + "\n"
