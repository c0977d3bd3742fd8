"""Writes the table of keys in docs/configuration.md from the schema, so that the two cannot differ.

Example: python docs/make_configuration.py
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel

from yolact_kit.config.keys import field_of, key_names
from yolact_kit.config.schema import Config

PAGE = Path(__file__).parent / "configuration.md"
START, END = "<!-- keys: written by docs/make_configuration.py -->", "<!-- end of keys -->"


def table(schema: type[BaseModel] = Config) -> str:
    """The keys of a schema as a Markdown table: key, default, explanation."""
    rows = ["| key | default | |", "| --- | --- | --- |"]
    for key in key_names(schema):
        field = field_of(schema, key)
        default = json.dumps(field.get_default(call_default_factory=True))
        explanation = " ".join((field.description or "").split())
        rows.append(f"| `{key}` | `{default.strip(chr(34))}` | {explanation} |")
    return "\n".join(rows)


def updated(page: str) -> str:
    """The page with its table as the schema has it now."""
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
