"""Figures of how detections came about: prototypes, how coefficients add up to masks, anchors and suppression."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from yolact_kit.files import atomic_write_bytes
from yolact_kit.inference.drawing import class_color, class_font
from yolact_kit.inference.explanation import Box, Explanation
from yolact_kit.inference.fonts import FontChoice, find_font

SHOWN_PROTOTYPES, SHOWN_PICTURES, SHOWN_OBJECTS = 6, 8, 6
"""At most so many are in a figure; the page has all of them."""
_TERMS = (1, 2, 4, 8)
_PLUS, _MINUS = "#d9480f", "#1971c2"
_NAMED = 14


def choose_prototypes(explained: Sequence[Explanation], count: int = SHOWN_PROTOTYPES) -> list[int]:
    """Prototypes that matter for the masks and are unlike each other.

    Args:
        explained: Explanations of one model.
        count: How many.

    Returns:
        Their indices: the one with the largest shares first, then whatever has large shares and correlates least with
        those already taken. Without detections, variance stands for the shares.
    """
    flat = np.concatenate([one.prototypes.reshape(len(one.prototypes), -1) for one in explained], axis=1)
    shares = [np.abs(one.shares(index)) for one in explained for index in range(len(one.prediction))]
    worth = np.sum(shares, axis=0) if shares else flat.var(axis=1)
    centred = flat - flat.mean(axis=1, keepdims=True)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    alike = np.abs(centred @ centred.T)
    chosen: list[int] = []
    for _ in range(min(count, len(flat))):
        left = worth * (1.001 - (alike[chosen].max(axis=0) if chosen else 0.0))
        left[chosen] = -1
        chosen.append(int(left.argmax()))
    return chosen


def draw_prototypes(explained: Sequence[Explanation], path: Path) -> None:
    """Draws some prototypes across pictures, as the paper's figure does: a row a picture, a column a prototype.

    Args:
        explained: Explanations of one model; the first `SHOWN_PICTURES` are drawn.
        path: The PNG to write.
    """
    shown = explained[:SHOWN_PICTURES]
    chosen = choose_prototypes(explained)
    font = find_font([PurePath(one.prediction.file).name for one in shown])
    heights = [_height(one, 2.0) for one in shown]
    figure = Figure(figsize=(2 * (len(chosen) + 1), 0.5 + sum(heights)), layout="constrained")
    grid: Any = figure.subplots(len(shown), len(chosen) + 1, squeeze=False, height_ratios=heights)
    peaks = [max(float(one.prototypes[k].max()) for one in explained) or 1.0 for k in chosen]
    for row, one in zip(grid, shown, strict=True):
        _picture(row[0], one.view)
        row[0].set_ylabel(_fitting(PurePath(one.prediction.file).name, font, 18), fontproperties=_properties(font, 8))
        for axes, k, peak in zip(row[1:], chosen, peaks, strict=True):
            _map(axes, one, one.prototypes[k], "viridis", (0.0, peak))
    for axes, k in zip(grid[0, 1:], chosen, strict=True):
        axes.set_title(f"$v_{{{k + 1}}}$", fontsize=13)
    _save(figure, path)


def draw_masks(explained: Explanation, path: Path) -> None:
    """Draws how each detection's coefficients add up to its mask: signed bars, the running sum, sigmoid, crop.

    Args:
        explained: The explanation; the best `SHOWN_OBJECTS` detections are drawn.
        path: The PNG to write.
    """
    count, depth = min(len(explained.prediction), SHOWN_OBJECTS), len(explained.prototypes)
    terms = [number for number in _TERMS if number < depth] + [depth]
    tall = _height(explained, 1.7) + 0.35
    figure = Figure(figsize=(1.7 * (len(terms) + 4) + 3.2, 0.6 + tall * count), layout="constrained")
    widths = [1.0, 2.1, *([1.0] * (len(terms) + 3))]
    grid: Any = figure.subplots(count, len(terms) + 5, squeeze=False, width_ratios=widths)
    for index, row in enumerate(grid):
        _draw_mask_row(explained, index, row, terms)
    sums = [f"sum of {number}" for number in terms]
    titles = ["coefficients, largest share first", *sums, "sigmoid", "crop", "mask"]
    for axes, title in zip(grid[0, 1:], titles, strict=True):
        axes.set_title(title, fontsize=9)
    left_out = len(explained.prediction) - count
    if left_out:
        figure.supxlabel(f"{left_out} more object{'' if left_out == 1 else 's'} on the page", fontsize=9)
    _save(figure, path)


def _draw_mask_row(explained: Explanation, index: int, row: Sequence[Axes], terms: Sequence[int]) -> None:
    found, font = explained.prediction, class_font(explained.prediction.classes)
    color = _color(int(found.labels[index]))
    _picture(row[0], explained.view)
    row[0].add_patch(_frame(_in_view(explained, found.boxes[index].tolist()), color, 1.6))
    row[0].set_title(_label(explained, int(found.labels[index]), float(found.scores[index])), **_text(font, 9))
    _draw_bars(row[1], explained, index)
    sums = explained.running_sum(index)
    reach = max(1.0, float(np.percentile(np.abs(sums), 98)))
    for axes, number in zip(row[2:], terms, strict=False):
        _map(axes, explained, explained.running_sum(index, number), "RdBu_r", (-reach, reach))
    sigmoid, crop, mask = row[2 + len(terms) :]
    _map(sigmoid, explained, 1 / (1 + np.exp(-np.clip(sums, -60, 60))), "gray", (0, 1))
    _map(crop, explained, explained.soft_mask(index), "gray", (0, 1))
    _picture(mask, _tinted(explained, index))


def _draw_bars(axes: Axes, explained: Explanation, index: int) -> None:
    order = explained.order(index)
    values = explained.coefficients[index][order]
    axes.bar(range(len(order)), values, color=np.where(values < 0, _MINUS, _PLUS), width=0.8)
    axes.axhline(0, color="0.4", linewidth=0.6)
    axes.set(ylim=(-1.05, 1.05), xlim=(-0.7, len(order) - 0.3), yticks=[-1, 0, 1])
    axes.set_xticks(range(len(order)), [f"{k + 1}" for k in order.tolist()], fontsize=4.5)
    axes.tick_params(axis="y", labelsize=6)
    axes.tick_params(length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)


def draw_decisions(explained: Explanation, path: Path) -> None:
    """Draws the anchors that became detections, and the boxes that these suppressed.

    Args:
        explained: The explanation.
        path: The PNG to write.
    """
    font = class_font(explained.prediction.classes)
    tall = _height(explained, 5.2)
    figure = Figure(figsize=(15.5, max(tall, 3.4) + 0.5), layout="constrained")
    anchors, boxes, words = figure.subplots(1, 3, width_ratios=[5.2, 5.2, 4.6])
    winners = _winners(explained)
    for axes in (anchors, boxes):
        _picture(axes, explained.view)
    anchors.set_title("anchors (dashed) and the boxes they became", fontsize=11)
    boxes.set_title("boxes that lost, in the colour of the winner", fontsize=11)
    for number, source in enumerate(explained.sources, start=1):
        one = explained.candidates[source]
        color = _color(one.label)
        anchor, box = _in_view(explained, one.anchor), _in_view(explained, one.box)
        anchors.add_patch(_frame(anchor, "white", 1.2, linestyle="--"))
        anchors.add_patch(_frame(box, color, 2))
        frame = {"boxstyle": "round,pad=0.2", "facecolor": color, "edgecolor": "none"}
        anchors.text(box[0], box[1], str(number), color="white", fontsize=8, ha="center", va="center", bbox=frame)
        for loser in winners[source]:
            boxes.add_patch(_frame(_in_view(explained, explained.candidates[loser].box), color, 0.6, alpha=0.7))
        boxes.add_patch(_frame(box, color, 2.4))
    words.set_axis_off()
    words.set_title("who suppressed whom: scores of those that lost (and IoU)", fontsize=11, loc="left")
    for line, (text, color) in enumerate(_story(explained, winners)):
        words.text(0, 0.97 - line / (_NAMED + 1), text, color=color, va="top", **_text(font, 9))
    _save(figure, path)


def _winners(explained: Explanation) -> dict[int, list[int]]:
    """The candidates that lost to each detection's, directly or through others that lost to it; best first."""
    root = list(range(len(explained.candidates)))
    for place, one in enumerate(explained.candidates):
        root[place] = place if one.rival is None else root[one.rival]
    winners: dict[int, list[int]] = {source: [] for source in explained.sources}
    for place, winner in enumerate(root):
        if winner in winners and winner != place:
            winners[winner].append(place)
    return winners


def _story(explained: Explanation, winners: dict[int, list[int]]) -> list[tuple[str, Any]]:
    """A line for each detection, with its colour: which boxes it suppressed."""
    lines: list[tuple[str, Any]] = []
    for number, (source, losers) in enumerate(winners.items(), start=1):
        winner = explained.candidates[source]
        some = [explained.candidates[place] for place in losers[:3]]
        told = ", ".join(f"{one.score:.2f} ({one.iou:.2f})" for one in some) or "nobody"
        rest = f" and {len(losers) - 3} more" if len(losers) > 3 else ""
        text = (
            f"{number}  {_label(explained, winner.label, winner.score)}, anchor of P{winner.level}, beat {told}{rest}"
        )
        lines.append((text, _color(winner.label)))
    if len(lines) > _NAMED:
        lines = [*lines[: _NAMED - 1], (f"... and {len(lines) - _NAMED + 1} more objects", "0.3")]
    return lines or [("Nothing was given out.", "0.3")]


def _label(explained: Explanation, label: int, score: float) -> str:
    classes = explained.prediction.classes
    font = class_font(classes)
    return f"{f'#{label + 1}' if set(classes[label]) & set(font.missing) else classes[label]} {score:.2f}"


def _tinted(explained: Explanation, index: int) -> NDArray[np.uint8]:
    """The view with the mask of one detection over it."""
    height, width = explained.view.shape[:2]
    rows = np.arange(height) * explained.prediction.height // height
    columns = np.arange(width) * explained.prediction.width // width
    inside = explained.prediction.mask(index)[rows[:, None], columns].astype(np.bool_)
    color = np.array(class_color(int(explained.prediction.labels[index])))
    tinted: NDArray[np.uint8] = explained.view.copy()
    tinted[inside] = (0.4 * tinted[inside] + 0.6 * color).astype(np.uint8)
    return tinted


def _in_view(explained: Explanation, box: Box | list[float]) -> Box:
    height, width = explained.view.shape[:2]
    across, down = width / explained.prediction.width, height / explained.prediction.height
    return box[0] * across, box[1] * down, box[2] * across, box[3] * down


def _height(explained: Explanation, width: float) -> float:
    """Height of a tile of some width that shows the picture, in inches; within reason for very long pictures."""
    tall, wide = explained.view.shape[:2]
    return width * float(min(max(tall / wide, 0.4), 1.6))


def _frame(box: Box, color: Any, width: float, **options: Any) -> Rectangle:
    x1, y1, x2, y2 = box
    return Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=color, linewidth=width, **options)


def _picture(axes: Axes, pixels: NDArray[np.uint8]) -> None:
    axes.imshow(pixels)
    axes.set(xticks=[], yticks=[], xlim=(-0.5, pixels.shape[1] - 0.5), ylim=(pixels.shape[0] - 0.5, -0.5))


def _map(axes: Axes, explained: Explanation, values: NDArray[Any], colors: str, span: tuple[float, float]) -> None:
    """Draws values at the size of the prototypes in the picture's proportions."""
    height, width = explained.view.shape[:2]
    axes.imshow(values, cmap=colors, vmin=span[0], vmax=span[1], extent=(0, width, height, 0), interpolation="nearest")
    axes.set(xticks=[], yticks=[])


def _color(label: int) -> tuple[float, float, float]:
    red, green, blue = class_color(label)
    return red / 255, green / 255, blue / 255


def _text(font: FontChoice, size: float) -> dict[str, Any]:
    return {"fontproperties": _properties(font, size)}


def _properties(font: FontChoice, size: float) -> FontProperties:
    return FontProperties(fname=str(font.path), size=size)


def _fitting(text: str, font: FontChoice, longest: int) -> str:
    shown = "".join("?" if character in font.missing else character for character in text)
    return shown if len(shown) <= longest else f"...{shown[3 - longest :]}"


def _save(figure: Figure, path: Path) -> None:
    coded = io.BytesIO()
    figure.savefig(coded, format="png", dpi=120)
    atomic_write_bytes(path, coded.getvalue())
