"""Reading the JSON files of users."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.textfiles import read_text
from yolact_kit.json_text import parse_json


def read_json(path: Path, problems: Problems) -> Any:
    """Reads a JSON file in any known encoding.

    Args:
        path: The file.
        problems: Where problems are added.

    Returns:
        The document; None with a problem if it cannot be read.
    """
    text = read_text(path, problems)
    if text is None:
        return None
    try:
        return parse_json(text)
    except json.JSONDecodeError as error:
        problems.add("file-unreadable", f"Broken JSON: {error.msg} at line {error.lineno}, column {error.colno}.")
    except (RecursionError, ValueError) as error:
        problems.add("file-unreadable", f"Broken JSON: {type(error).__name__}.")
    return None
