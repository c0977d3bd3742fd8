"""Plots of a training run: its losses and its metrics over the steps."""

from __future__ import annotations

import csv
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from yolact_kit.files import replacing

LOSSES = ("loss/box", "loss/mask", "loss/classification", "loss/semantic")
METRICS = ("val/mask_AP", "val/mask_AP50", "val/box_AP", "val/box_AP50")


def plot_training(run: Path) -> Path | None:
    """Draws ``training.png`` of a run folder from its ``metrics.csv``.

    Args:
        run: The run folder.

    Returns:
        The picture; None if nothing was logged.
    """
    file = run / "metrics.csv"
    if not file.is_file():
        return None
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    # A figure made without pyplot needs no display and does not change a notebook's backend.
    figure = Figure(figsize=(11, 4), layout="constrained")
    losses, metrics = figure.subplots(1, 2)
    _draw(losses, rows, LOSSES, "losses of training batches", marker="")
    _draw(metrics, rows, METRICS, "metrics of the val pictures", marker="o")
    metrics.set_ylim(0, 1)
    target = run / "training.png"
    with replacing(target) as beside:
        figure.savefig(beside, dpi=110, format="png")
    return target


def _draw(axes: Axes, rows: list[dict[str, str]], names: tuple[str, ...], title: str, marker: str) -> None:
    """Draws a line for each column of the metrics file that has values."""
    for name in names:
        points = [(int(row["step"]) + 1, float(row[name])) for row in rows if row.get(name)]
        if points:
            axes.plot(*zip(*points, strict=True), marker=marker, linewidth=1.2, label=name.split("/")[1])
    axes.set_title(title)
    axes.set_xlabel("step")
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend()
