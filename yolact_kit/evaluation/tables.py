"""COCO's metrics as a table: on a terminal, as plain text, and in a notebook."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape as escape_html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from yolact_kit.evaluation.coco import Metrics, Scores

COLUMNS = ("AP", "AP50", "AP75")
"""The metrics of masks and of boxes that a table shows."""
_HEADER = ("class", "objects", *(f"mask {name}" for name in COLUMNS), *(f"box {name}" for name in COLUMNS))


@dataclass(frozen=True, slots=True)
class MetricsTable:
    """A table of metrics, ready to be shown.

    Attributes:
        title: What was measured.
        classes: A row of cells for each class.
        totals: Rows over all classes.
    """

    title: str
    classes: list[list[str]]
    totals: list[list[str]]

    def to_rich(self) -> Table:
        """The table for a terminal, by rich."""
        from rich.markup import escape
        from rich.table import Table

        table = Table(title=escape(self.title), title_justify="left")
        table.add_column(_HEADER[0], overflow="fold")
        for column in _HEADER[1:]:
            table.add_column(column, justify="right")
        for row in self.classes:
            table.add_row(escape(row[0]), *row[1:])
        table.add_section()
        for row in self.totals:
            table.add_row(escape(row[0]), *row[1:], style="bold")
        return table

    def to_text(self, width: int = 100) -> str:
        """The table as plain text.

        Args:
            width: Characters in a line.
        """
        from rich.console import Console

        console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
        with console.capture() as captured:
            console.print(self.to_rich())
        return "\n".join(line.rstrip() for line in captured.get().splitlines())

    def to_html(self) -> str:
        """The table for a notebook."""
        header = _html_row(_HEADER, "th")
        rows = "".join(_html_row(row, "td") for row in self.classes)
        totals = "".join(_html_row(row, "th") for row in self.totals)
        caption = f"<caption>{escape_html(self.title)}</caption>"
        return f"<table>{caption}<thead>{header}</thead><tbody>{rows}</tbody><tfoot>{totals}</tfoot></table>"


def metrics_table(
    metrics: Metrics, title: str = "", classes: Sequence[str] | None = None, other: Metrics | None = None
) -> MetricsTable:
    """The table of a model's metrics.

    Args:
        metrics: The metrics.
        title: What was measured; the number of objects by default.
        classes: Class names in the order of the rows; the metrics' order by default.
        other: The metrics of another model on the same pictures, which get a row of their own below.

    Returns:
        The table: a row for each class, and one for all of them.
    """
    mask, box = metrics.mask, metrics.box
    objects = sum(mask.objects.values())
    rows = []
    for name in mask.by_class if classes is None else classes:
        cells = [*_cells(mask.by_class[name]), *_cells(box.by_class[name])]
        rows.append([name, str(mask.objects[name]), *cells])
    totals = [_total("all", objects, mask, box)]
    if other is not None:
        totals.append(_total("all, against", objects, other.mask, other.box))
    return MetricsTable(title or f"COCO metrics, {objects} objects", rows, totals)


def number_text(value: float | None) -> str:
    """A metric with three digits, or a dash if it is undefined.

    Example:
        >>> number_text(0.5), number_text(None)
        ('0.500', '-')
    """
    return "-" if value is None else f"{value:.3f}"


def _total(name: str, objects: int, mask: Scores, box: Scores) -> list[str]:
    """The row over all classes."""
    return [name, str(objects), *_cells(mask.values), *_cells(box.values)]


def _cells(values: dict[str, float | None]) -> list[str]:
    return [number_text(values[column]) for column in COLUMNS]


def _html_row(cells: Sequence[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape_html(cell)}</{tag}>" for cell in cells) + "</tr>"
