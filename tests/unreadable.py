"""Folders that cannot be read, also where tests run with all rights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest


def make_unreadable(folder: Path, monkeypatch: pytest.MonkeyPatch, how: str = "listing") -> None:
    """Denies the right to list a folder, or only that to open the files in it."""
    scandir, stat = os.scandir, Path.stat

    def denied(path: Any) -> None:
        raise PermissionError(13, "Permission denied", os.fspath(path))

    def scandir_with_rights(path: Any = ".") -> Any:
        return denied(path) if Path(path) == folder else scandir(path)

    def stat_with_rights(path: Path, **options: Any) -> Any:
        return denied(path) if path.parent == folder else stat(path, **options)

    if how == "listing":
        monkeypatch.setattr(os, "scandir", scandir_with_rights)
    else:
        monkeypatch.setattr(Path, "stat", stat_with_rights)
