"""What holds for every page."""

from __future__ import annotations

import re
from pathlib import Path


def assert_needs_nothing_but_itself(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"', text) == []
    assert not re.search(r"https?://|@import|url\(", text)
