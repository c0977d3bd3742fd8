"""``metrics.csv`` of a resumed run: Lightning's logger starts a new file, so the earlier rows are kept beside it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from yolact_kit.files import atomic_write_text

Row = dict[str, str]

NAME = "metrics.csv"
EARLIER = "metrics.earlier.csv"


def set_earlier_aside(run: Path, steps: int) -> None:
    """Moves the rows of the first ``steps`` steps to where the logger does not overwrite them.

    Args:
        run: The run folder.
        steps: Steps of the checkpoint; rows of later steps will be written again.
    """
    rows = [row for row in _rows(run / EARLIER) + _rows(run / NAME) if int(row["step"]) < steps]
    if rows:
        _write(run / EARLIER, rows)


def join_earlier(run: Path) -> None:
    """Brings the rows that were set aside back to the front of ``metrics.csv``."""
    earlier = run / EARLIER
    if earlier.is_file():
        _write(run / NAME, _rows(earlier) + _rows(run / NAME))
        earlier.unlink()


def _rows(file: Path) -> list[Row]:
    """The rows of a file; none where it is missing."""
    if not file.is_file():
        return []
    with file.open(encoding="utf-8", newline="") as stream:
        # A run that was killed can leave half a line at the end.
        return [row for row in csv.DictReader(stream) if (row.get("step") or "").isdigit()]


def _write(file: Path, rows: list[Row]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    atomic_write_text(file, text.getvalue())
