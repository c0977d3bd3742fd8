"""Plots of an evaluation: precision-recall curves and the confusion matrix."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from numpy.typing import NDArray

from yolact_kit.evaluation.coco import Scores
from yolact_kit.files import atomic_write_bytes
from yolact_kit.inference.drawing import class_color
from yolact_kit.inference.fonts import FontChoice, find_font

_CURVES = 20
_DASHES = ("-", "--", "-.", ":")
"""Line styles of the classes, for readers who cannot tell two colours apart."""


def plot_precision_recall(scores: Scores, path: Path, title: str = "") -> None:
    """Draws precision against recall of each class, at IoU 0.50 and 0.75.

    Args:
        scores: The metrics of masks or boxes.
        path: The PNG to write.
        title: Title above the plot.
    """
    classes = list(scores.by_class)
    font = find_font([*classes, title])
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    for axes, threshold, iou in zip(figure.subplots(1, 2, sharey=True), (0, 5), ("0.50", "0.75"), strict=True):
        _draw_curves(axes, scores, threshold, classes, font)
        axes.set(title=f"IoU {iou}", xlabel="recall", xlim=(0, 1), ylim=(0, 1.02))
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("precision")
    figure.suptitle(font.drawable(title), fontproperties=_properties(font, 12))
    _save(figure, path)


def _draw_curves(axes: Axes, scores: Scores, threshold: int, classes: Sequence[str], font: FontChoice) -> None:
    """Draws the curve of each class and their mean, at one of COCO's IoU thresholds: 0 for 0.50, 5 for 0.75."""
    if scores.precision is None:
        return
    recall = np.linspace(0, 1, scores.precision.shape[1])
    key = {0: "AP50", 5: "AP75"}[threshold]
    for index, name in enumerate(classes):
        value = scores.by_class[name][key]
        if value is not None and index < _CURVES:
            color = [part / 255 for part in class_color(index)]
            axes.plot(
                recall,
                scores.precision[threshold, :, index],
                color=color,
                linestyle=_DASHES[index % len(_DASHES)],
                label=f"{font.class_label(name, index)} {value:.2f}",
            )
    curves = scores.precision[threshold]
    defined = curves[:, (curves > -1).all(axis=0)]
    if defined.shape[1]:
        mean = defined.mean(axis=1)
        axes.plot(recall, mean, color="black", linewidth=2.5, label=f"mean {mean.mean():.2f}")
        axes.legend(prop=_properties(font, 9), loc="upper left", bbox_to_anchor=(1, 1), frameon=False, handlelength=3)


def plot_confusion(counts: NDArray[np.int64], classes: Sequence[str], path: Path, title: str = "") -> None:
    """Draws a confusion matrix.

    Args:
        counts: int64 [C + 1, C + 1], see `confusion_matrix`.
        classes: Class names.
        path: The PNG to write.
        title: Title above the plot.
    """
    font = find_font([*classes, title])
    names = [font.class_label(name, index) for index, name in enumerate(classes)]
    side, size = min(30.0, 3.5 + 0.5 * len(counts)), max(8, 14 - len(counts) // 2)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > 0.6 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=size)
    marks = range(len(counts))
    axes.set_xticks(marks, [*names, "missed"], rotation=45, ha="right", fontproperties=_properties(font, size))
    axes.set_yticks(marks, [*names, "nothing there"], fontproperties=_properties(font, size))
    axes.set(xlabel="detected", ylabel="labelled")
    axes.set_title(font.drawable(title), fontproperties=_properties(font, 11))
    _save(figure, path)


def _properties(font: FontChoice, size: float) -> FontProperties:
    return FontProperties(fname=str(font.path), size=size)


def _save(figure: Figure, path: Path) -> None:
    # A figure made without pyplot is drawn by Agg: it needs no display and does not change pyplot's state.
    coded = io.BytesIO()
    figure.savefig(coded, format="png", dpi=120)
    atomic_write_bytes(path, coded.getvalue())
