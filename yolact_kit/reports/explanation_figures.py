"""Figures that explain detections: prototypes, how coefficients add up to masks, anchors and suppression."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from yolact_kit.inference.drawing import class_color, class_font, label_text, readable_on
from yolact_kit.inference.explanation import Corners, Explanation
from yolact_kit.inference.fonts import FontChoice, find_font, load_font
from yolact_kit.reports.sheets import Sheet, colored, fit
from yolact_kit.words import counted

SHOWN_PROTOTYPES, SHOWN_PICTURES, SHOWN_OBJECTS = 6, 8, 6
"""At most this many are in a figure; the page has all of them."""
_TERMS = (1, 2, 4, 8)
_PLUS, _MINUS, _GREY, _WHITE = (217, 72, 15), (25, 113, 194), (170, 170, 170), (255, 255, 255)
_LINES = 16
_TILE, _GAP, _MARGIN = 220, 10, 24
_BARS, _PANEL = 640, 620


def choose_prototypes(explained: Sequence[Explanation], count: int = SHOWN_PROTOTYPES) -> list[int]:
    """Prototypes that matter for the masks and differ from each other.

    Args:
        explained: Explanations of one model.
        count: How many.

    Returns:
        Their indices: first the one with the largest shares, then those with large shares that correlate least with the
            ones already chosen. Without detections, the variance is used instead of the shares.
    """
    maps = [picture.prototypes.reshape(len(picture.prototypes), -1) for picture in explained]
    flat = np.concatenate(maps, axis=1)
    shares = [np.abs(picture.shares(index)) for picture in explained for index in range(len(picture.prediction))]
    worth = np.sum(shares, axis=0) if shares else flat.var(axis=1)
    centred = flat - flat.mean(axis=1, keepdims=True)
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9)
    correlation = np.abs(centred @ centred.T)
    # Greedy: each time the prototype that is worth most, less what the chosen ones already show of it.
    chosen: list[int] = []
    for _ in range(min(count, len(flat))):
        remaining = worth * (1.001 - (correlation[chosen].max(axis=0) if chosen else 0.0))
        remaining[chosen] = -1
        chosen.append(int(remaining.argmax()))
    return chosen


def draw_prototypes(explained: Sequence[Explanation], path: Path) -> None:
    """Draws some prototypes of pictures, like the paper's figure: one row per picture, one column per prototype.

    A prototype's colours mean the same in every picture.

    Args:
        explained: Explanations of one model; the first `SHOWN_PICTURES` are drawn.
        path: The PNG to write.
    """
    pictures, chosen = explained[:SHOWN_PICTURES], choose_prototypes(explained)
    names = [PurePath(picture.prediction.file).name for picture in pictures]
    font, digits = find_font(names), find_font(["v0"])
    heights = [_height(picture, _TILE) for picture in pictures]
    step = _TILE + _GAP
    sheet = Sheet(2 * _MARGIN + step * (len(chosen) + 1) - _GAP, 3 * _MARGIN + sum(heights) + _GAP * len(pictures))
    peaks = [max(float(picture.prototypes[k].max()) for picture in explained) or 1.0 for k in chosen]
    top = 2.0 * _MARGIN
    for column, k in enumerate(chosen, start=1):
        sheet.text(_MARGIN + step * column + _TILE / 2, top - 8, f"v{k + 1}", digits.path, 20)
    for picture, name, height in zip(pictures, names, heights, strict=True):
        sheet.put(_MARGIN, top, fit(picture.view, _TILE, height))
        middle = top + height / 2
        sheet.upright_text(_MARGIN / 2, middle, _fitting(name, font), font.path, 13)
        for column, (k, peak) in enumerate(zip(chosen, peaks, strict=True), start=1):
            tile = colored(picture.prototypes[k], "viridis", (0, peak), _TILE, height)
            sheet.put(_MARGIN + step * column, top, tile)
        top += height + _GAP
    sheet.save(path)


def draw_masks(explained: Explanation, path: Path) -> None:
    """Draws how each detection's coefficients add up to its mask: signed bars, the running sum, sigmoid, crop.

    Args:
        explained: The explanation; the best `SHOWN_OBJECTS` detections are drawn.
        path: The PNG to write.
    """
    count, depth = min(len(explained.prediction), SHOWN_OBJECTS), len(explained.prototypes)
    terms = [number for number in _TERMS if number < depth] + [depth]
    titles = [*(f"sum of {number}" for number in terms), "sigmoid", "crop", "mask"]
    font, plain = class_font(explained.prediction.classes), find_font(["a"])
    step, row_height = _TILE + _GAP, _height(explained, _TILE) + 46
    first = _MARGIN + step + _BARS + 2 * _GAP
    sheet = Sheet(first + step * len(titles) + _MARGIN, 2 * _MARGIN + row_height * count + _MARGIN)
    for column, title in enumerate(titles):
        sheet.text(first + step * column + _TILE / 2, _MARGIN + 26, title, plain.path, 18)
    sheet.text(first - _BARS / 2 - 2 * _GAP, _MARGIN + 26, "coefficients, largest share first", plain.path, 18)
    for index in range(count):
        _draw_mask_row(sheet, explained, index, terms, _MARGIN + 34 + row_height * index, font)
    more = len(explained.prediction) - count
    if more:
        note = f"{counted(more, 'more object')} on the page"
        sheet.text(_MARGIN, sheet.pixels.shape[0] - 12, note, plain.path, 17, anchor="ls")
    sheet.save(path)


def _draw_mask_row(
    sheet: Sheet, explained: Explanation, index: int, terms: Sequence[int], top: float, font: FontChoice
) -> None:
    """Draws how the mask of one detection comes about, from its coefficients on the left to the mask on the right."""
    prediction, height = explained.prediction, _height(explained, _TILE)
    label, score = int(prediction.labels[index]), float(prediction.scores[index])
    text = label_text(prediction.classes, label, score, font)
    sheet.put(_MARGIN, top, fit(explained.view, _TILE, height))
    sheet.box(_on_sheet(explained, prediction.boxes[index].tolist(), _MARGIN, top, _TILE), class_color(label), 3)
    sheet.text(_MARGIN + _TILE / 2, top - 6, text, font.path, 18)
    _draw_bars(sheet, explained, index, top, font)
    sums = explained.running_sum(index)
    reach = max(1.0, float(np.percentile(np.abs(sums), 98)))
    maps = [(explained.running_sum(index, number), "RdBu_r", (-reach, reach)) for number in terms]
    maps += [(1 / (1 + np.exp(-sums.clip(-60, 60))), "gray", (0.0, 1.0)), (explained.soft_mask(index), "gray", (0, 1))]
    tiles = [*(colored(values, colors, span, _TILE, height) for values, colors, span in maps)]
    first = _MARGIN + _TILE + _BARS + 3 * _GAP
    for column, tile in enumerate([*tiles, fit(_tinted(explained, index), _TILE, height)]):
        sheet.put(first + (_TILE + _GAP) * column, top, tile)


def _draw_bars(sheet: Sheet, explained: Explanation, index: int, top: float, font: FontChoice) -> None:
    """Draws the coefficients of one detection as bars that go up and down, each with its prototype's number."""
    order, left = explained.order(index), _MARGIN + _TILE + 4 * _GAP
    half, step = _height(explained, _TILE) / 2, (_BARS - 3 * _GAP) / len(order)
    middle, size = top + half, min(13, max(6, round(0.7 * step)))
    for position, k in enumerate(order.tolist()):
        value = float(explained.coefficients[index, k])
        x1, x2, end = left + step * position, left + step * (position + 0.8), middle - half * value
        sheet.fill((x1, min(end, middle), x2, max(end, middle)), _PLUS if value > 0 else _MINUS)
        sheet.text((x1 + x2) / 2, top + 2 * half + 4, str(k + 1), font.path, size, anchor="ma")
    sheet.fill((left, middle, left + _BARS - 3 * _GAP, middle + 1), _GREY)
    for value in (-1, 0, 1):
        sheet.text(left - 6, middle - half * value, f"{value:+d}".replace("+0", "0"), font.path, 11, anchor="rm")


class _SheetLayout(NamedTuple):
    """Where the parts of the figure of decisions are on the sheet, in pixels.

    Attributes:
        top: Upper edge of all parts.
        anchors: Left edge of the picture with the anchors.
        losers: Left edge of the picture with the boxes that lost.
        words: Left edge of the lines of text.
    """

    top: float = 2.0 * _MARGIN
    anchors: float = _MARGIN
    losers: float = 2 * _MARGIN + _PANEL
    words: float = 3 * _MARGIN + 2 * _PANEL


def draw_decisions(explained: Explanation, path: Path) -> None:
    """Draws the anchors that became detections, and the boxes that these suppressed.

    Args:
        explained: The explanation.
        path: The PNG to write.
    """
    font, plain = class_font(explained.prediction.classes), find_font(["a"])
    height, winners, layout = _height(explained, _PANEL), _winners(explained), _SheetLayout()
    lines = _LINES if len(winners) <= _LINES else _LINES - 1
    drawn_winners = dict(list(winners.items())[:lines])
    stories = [_story(explained, source, losers, font) for source, losers in drawn_winners.items()]
    text_width = max([500.0, *(load_font(font.path, 15).getlength(story) for story in stories)])
    sheet = Sheet(layout.words + 34 + text_width + _MARGIN, max(height, 24 * _LINES) + 3 * _MARGIN)
    titles = {
        layout.anchors: "anchors (dashed), and the boxes they became",
        layout.losers: "boxes that lost, in the colour of the winner",
        layout.words: "which box suppressed which: scores of those that lost (IoU)",
    }
    for x, title in titles.items():
        sheet.text(x, layout.top - 10, title, plain.path, 18, anchor="ls")
    for x in (layout.anchors, layout.losers):
        sheet.put(x, layout.top, fit(explained.view, _PANEL, height))
    _draw_boxes(sheet, layout, explained, drawn_winners)
    _draw_stories(sheet, layout, explained, list(drawn_winners), stories)
    more = len(winners) - len(drawn_winners)
    if more or not winners:
        note = f"... and {counted(more, 'more object')} on the page" if more else "No object was detected."
        sheet.text(layout.words, layout.top + 24 * len(drawn_winners) + 12, note, plain.path, 15, anchor="lm")
    sheet.save(path)


def _draw_boxes(sheet: Sheet, layout: _SheetLayout, explained: Explanation, winners: dict[int, list[int]]) -> None:
    """Draws the anchor and the box of each winner, and beside them the boxes that lost to it."""
    for source, losers in reversed(winners.items()):  # the best is on top
        winner = explained.candidates[source]
        color = class_color(winner.label)
        sheet.box(_on_sheet(explained, winner.anchor, layout.anchors, layout.top, _PANEL), _WHITE, 2, dash=9)
        sheet.box(_on_sheet(explained, winner.box, layout.anchors, layout.top, _PANEL), color, 3)
        for loser in losers:
            box = explained.candidates[loser].box
            sheet.box(_on_sheet(explained, box, layout.losers, layout.top, _PANEL), color, 1)
        sheet.box(_on_sheet(explained, winner.box, layout.losers, layout.top, _PANEL), color, 4)


def _draw_stories(
    sheet: Sheet, layout: _SheetLayout, explained: Explanation, sources: list[int], stories: list[str]
) -> None:
    """Writes a numbered line for each winner, and its number at its box."""
    font, plain = class_font(explained.prediction.classes), find_font(["a"])
    for index in reversed(range(len(sources))):
        winner, line = explained.candidates[sources[index]], layout.top + 24 * index + 12
        color = class_color(winner.label)
        x1, y1, _, _ = _on_sheet(explained, winner.box, layout.anchors, layout.top, _PANEL)
        for x, y in ((x1, y1), (layout.words + 12, line)):
            sheet.fill((x - 12, y - 11, x + 12, y + 11), color)
            sheet.text(x, y, str(index + 1), plain.path, 15, readable_on(color), "mm")
        sheet.text(layout.words + 34, line, stories[index], font.path, 15, anchor="lm")


def _winners(explained: Explanation) -> dict[int, list[int]]:
    """The candidates that each detection suppressed, directly or through others that it suppressed; best first."""
    # Candidates stand best first, so that a rival's own winner is known before those that lost to it come.
    roots: list[int] = []
    for index, candidate in enumerate(explained.candidates):
        roots.append(index if candidate.rival is None else roots[candidate.rival])
    winners: dict[int, list[int]] = {source: [] for source in explained.sources}
    for index, winner in enumerate(roots):
        if winner in winners and winner != index:
            winners[winner].append(index)
    return winners


def _story(explained: Explanation, source: int, losers: Sequence[int], font: FontChoice) -> str:
    """Which boxes a detection suppressed, in words."""
    winner, best_losers = explained.candidates[source], [explained.candidates[index] for index in losers[:3]]
    scores = ", ".join(f"{loser.score:.2f} ({loser.iou:.2f})" for loser in best_losers) or "none"
    more = f" and {len(losers) - 3} more" if len(losers) > 3 else ""
    name = label_text(explained.prediction.classes, winner.label, winner.score, font)
    return f"{name}, anchor of P{winner.level}, beat {scores}{more}"


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


def _on_sheet(explained: Explanation, box: Corners | list[float], left: float, top: float, width: float) -> Corners:
    """A box of the picture in the sheet's coordinates, clipped to the picture, which is ``width`` pixels wide."""
    height = _height(explained, width)
    across, down = width / explained.prediction.width, height / explained.prediction.height
    x1, x2 = (left + min(max(value * across, 0.0), width) for value in (box[0], box[2]))
    y1, y2 = (top + min(max(value * down, 0.0), height) for value in (box[1], box[3]))
    return x1, y1, x2, y2


def _height(explained: Explanation, width: float) -> float:
    """Height of a tile of a given width that shows the picture; limited for very long pictures."""
    tall, wide = explained.view.shape[:2]
    return width * float(min(max(tall / wide, 0.4), 1.6))


def _fitting(text: str, font: FontChoice, longest: int = 22) -> str:
    """A text that ``font`` can draw, without its beginning where it is too long."""
    name = font.drawable(text)
    return name if len(name) <= longest else f"...{name[3 - longest :]}"
