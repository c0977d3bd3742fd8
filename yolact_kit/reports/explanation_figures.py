"""Figures that explain detections: prototypes, how coefficients add up to masks, anchors and suppression."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

import numpy as np
from numpy.typing import NDArray

from yolact_kit.inference.drawing import class_color, class_font, label_text, readable_on
from yolact_kit.inference.explanation import Box, Explanation
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
    """Draws some prototypes of pictures, like the paper's figure: one row per picture, one column per prototype.

    A prototype's colours mean the same in every picture.

    Args:
        explained: Explanations of one model; the first `SHOWN_PICTURES` are drawn.
        path: The PNG to write.
    """
    shown, chosen = explained[:SHOWN_PICTURES], choose_prototypes(explained)
    names = [PurePath(one.prediction.file).name for one in shown]
    font, digits = find_font(names), find_font(["v0"])
    heights = [_height(one, _TILE) for one in shown]
    step = _TILE + _GAP
    sheet = Sheet(2 * _MARGIN + step * (len(chosen) + 1) - _GAP, 3 * _MARGIN + sum(heights) + _GAP * len(shown))
    peaks = [max(float(one.prototypes[k].max()) for one in explained) or 1.0 for k in chosen]
    top = 2.0 * _MARGIN
    for column, k in enumerate(chosen, start=1):
        sheet.text(_MARGIN + step * column + _TILE / 2, top - 8, f"v{k + 1}", digits.path, 20)
    for one, name, height in zip(shown, names, heights, strict=True):
        sheet.put(_MARGIN, top, fit(one.view, _TILE, height))
        middle = top + height / 2
        sheet.upright_text(_MARGIN / 2, middle, _fitting(name, font), font.path, 13)
        for column, (k, peak) in enumerate(zip(chosen, peaks, strict=True), start=1):
            tile = colored(one.prototypes[k], "viridis", (0, peak), _TILE, height)
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
    left_out = len(explained.prediction) - count
    if left_out:
        words = f"{counted(left_out, 'more object')} on the page"
        sheet.text(_MARGIN, sheet.pixels.shape[0] - 12, words, plain.path, 17, anchor="ls")
    sheet.save(path)


def _draw_mask_row(
    sheet: Sheet, explained: Explanation, index: int, terms: Sequence[int], top: float, font: FontChoice
) -> None:
    found, height = explained.prediction, _height(explained, _TILE)
    label, score = int(found.labels[index]), float(found.scores[index])
    text = label_text(found.classes, label, score, font)
    sheet.put(_MARGIN, top, fit(explained.view, _TILE, height))
    sheet.box(_placed(explained, found.boxes[index].tolist(), _MARGIN, top, _TILE), class_color(label), 3)
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
    order, left = explained.order(index), _MARGIN + _TILE + 4 * _GAP
    half, step = _height(explained, _TILE) / 2, (_BARS - 3 * _GAP) / len(order)
    middle, size = top + half, min(13, max(6, round(0.7 * step)))
    for place, k in enumerate(order.tolist()):
        value = float(explained.coefficients[index, k])
        x1, x2, end = left + step * place, left + step * (place + 0.8), middle - half * value
        sheet.fill((x1, min(end, middle), x2, max(end, middle)), _PLUS if value > 0 else _MINUS)
        sheet.text((x1 + x2) / 2, top + 2 * half + 4, str(k + 1), font.path, size, anchor="ma")
    sheet.fill((left, middle, left + _BARS - 3 * _GAP, middle + 1), _GREY)
    for value in (-1, 0, 1):
        sheet.text(left - 6, middle - half * value, f"{value:+d}".replace("+0", "0"), font.path, 11, anchor="rm")


def draw_decisions(explained: Explanation, path: Path) -> None:
    """Draws the anchors that became detections, and the boxes that these suppressed.

    Args:
        explained: The explanation.
        path: The PNG to write.
    """
    font, plain = class_font(explained.prediction.classes), find_font(["a"])
    height, winners = _height(explained, _PANEL), _winners(explained)
    left, right, words = _MARGIN, 2 * _MARGIN + _PANEL, 3 * _MARGIN + 2 * _PANEL
    shown = list(winners.items())[: _LINES if len(winners) <= _LINES else _LINES - 1]
    stories = [_story(explained, source, losers, font) for source, losers in shown]
    wide = max([500.0, *(load_font(font.path, 15).getlength(story) for story in stories)])
    sheet, top = Sheet(words + 34 + wide + _MARGIN, max(height, 24 * _LINES) + 3 * _MARGIN), 2.0 * _MARGIN
    titles = {
        left: "anchors (dashed), and the boxes they became",
        right: "boxes that lost, in the colour of the winner",
        words: "which box suppressed which: scores of those that lost (IoU)",
    }
    for x, title in titles.items():
        sheet.text(x, top - 10, title, plain.path, 18, anchor="ls")
    for x in (left, right):
        sheet.put(x, top, fit(explained.view, _PANEL, height))
    for source, losers in reversed(shown):  # the best is on top
        one = explained.candidates[source]
        color = class_color(one.label)
        sheet.box(_placed(explained, one.anchor, left, top, _PANEL), _WHITE, 2, dash=9)
        sheet.box(_placed(explained, one.box, left, top, _PANEL), color, 3)
        for loser in losers:
            sheet.box(_placed(explained, explained.candidates[loser].box, right, top, _PANEL), color, 1)
        sheet.box(_placed(explained, one.box, right, top, _PANEL), color, 4)
    for number, (source, _) in reversed(list(enumerate(shown, start=1))):
        one, line = explained.candidates[source], top + 24 * number - 12
        x1, y1, _, _ = _placed(explained, one.box, left, top, _PANEL)
        for across, down in ((x1, y1), (words + 12, line)):
            sheet.fill((across - 12, down - 11, across + 12, down + 11), class_color(one.label))
            sheet.text(across, down, str(number), plain.path, 15, readable_on(class_color(one.label)), "mm")
        sheet.text(words + 34, line, stories[number - 1], font.path, 15, anchor="lm")
    rest = len(winners) - len(shown)
    if rest or not winners:
        told = f"... and {counted(rest, 'more object')} on the page" if rest else "No object was detected."
        sheet.text(words, top + 24 * len(shown) + 12, told, plain.path, 15, anchor="lm")
    sheet.save(path)


def _winners(explained: Explanation) -> dict[int, list[int]]:
    """The candidates that each detection suppressed, directly or through others that it suppressed; best first."""
    root: list[int] = []
    for place, one in enumerate(explained.candidates):
        root.append(place if one.rival is None else root[one.rival])
    winners: dict[int, list[int]] = {source: [] for source in explained.sources}
    for place, winner in enumerate(root):
        if winner in winners and winner != place:
            winners[winner].append(place)
    return winners


def _story(explained: Explanation, source: int, losers: Sequence[int], font: FontChoice) -> str:
    """Which boxes a detection suppressed, in words."""
    winner, some = explained.candidates[source], [explained.candidates[place] for place in losers[:3]]
    told = ", ".join(f"{one.score:.2f} ({one.iou:.2f})" for one in some) or "none"
    rest = f" and {len(losers) - 3} more" if len(losers) > 3 else ""
    name = label_text(explained.prediction.classes, winner.label, winner.score, font)
    return f"{name}, anchor of P{winner.level}, beat {told}{rest}"


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


def _placed(explained: Explanation, box: Box | list[float], left: float, top: float, width: float) -> Box:
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
    shown = font.drawable(text)
    return shown if len(shown) <= longest else f"...{shown[3 - longest :]}"
