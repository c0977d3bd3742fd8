"""Drawing detections over pictures: filled masks, outlines, and labels that do not overlap."""

from __future__ import annotations

import colorsys
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, product
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from yolact_kit.annotations.dataset import Instance
from yolact_kit.inference.fonts import FontChoice, find_font, load_font
from yolact_kit.shapes.crops import decode_crop
from yolact_kit.shapes.rle import Rle

Color = tuple[int, int, int]
Rectangle = tuple[int, int, int, int]

_FURTHEST = 12
"""A label may move away from its box by this many times its height."""

_MOST_LABELS = 1 / 3
"""Labels cover at most this share of a picture, so that the picture stays visible."""

_COLORS: tuple[Color, ...] = (
    (230, 57, 70), (29, 128, 229), (46, 175, 91), (255, 159, 28), (142, 68, 213), (0, 183, 195), (236, 72, 153),
    (163, 190, 12), (121, 85, 72), (94, 106, 255),
)  # fmt: skip


def class_color(index: int) -> Color:
    """The colour of a class: red, green, blue in 0..255, always the same for the same index.

    Args:
        index: 0-based index of the class.

    Returns:
        The colour; the first ten are chosen by hand, the others go around the colour circle.

    Example:
        >>> class_color(0)
        (230, 57, 70)
    """
    if index < len(_COLORS):
        return _COLORS[index]
    # Steps of the golden ratio keep the hues of neighbouring indices apart, however many classes there are.
    hue = (index * 0.618034) % 1
    red, green, blue = colorsys.hls_to_rgb(hue, 0.42 + 0.08 * (index % 3), 0.75)
    return round(red * 255), round(green * 255), round(blue * 255)


@dataclass(frozen=True, slots=True)
class Style:
    """How detections are drawn.

    Attributes:
        fill: Opacity of the masks, 0..1.
        outline: Width of the outlines in pixels; 0 to choose it by the size of the picture and the objects.
        text: Height of the labels in pixels; 0 to choose it by the size of the picture and the objects.
        boxes: Whether boxes are drawn.
        labels: Whether class names and scores are written.
        by_instance: Whether each object of a picture has a colour of its own, instead of that of its class.
    """

    fill: float = 0.42
    outline: int = 0
    text: int = 0
    boxes: bool = False
    labels: bool = True
    by_instance: bool = False


@dataclass(slots=True)
class DrawnObject:
    """One object to draw.

    Attributes:
        mask: Its mask, of the picture's size.
        box: x1 y1 x2 y2 in pixels.
        color: Red, green, blue.
        text: Its label; empty for none.
    """

    mask: Rle
    box: tuple[float, float, float, float]
    color: Color
    text: str = ""


class DrawableDetections(Protocol):
    """What is drawn of detections, as a `Prediction` has it."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: NDArray[np.int64]
    masks: list[Rle]
    classes: list[str]
    ids: NDArray[np.int64] | None


def label_text(classes: Sequence[str], label: int, score: float | None, font: FontChoice) -> str:
    """The label of an object: its class and score, or the number of its class if the font lacks letters of the name.

    Args:
        classes: Class names.
        label: 0-based index into ``classes``.
        score: 0..1, None for none.
        font: The font of the label.

    Returns:
        The text.

    Example:
        >>> label_text(["cup"], 0, 0.873, find_font(["cup"]))
        'cup 0.87'
    """
    name = font.class_label(classes[label], label)
    return name if score is None else f"{name} {score:.2f}"


def draw(
    pixels: NDArray[np.uint8],
    objects: Sequence[DrawnObject],
    font: FontChoice,
    style: Style | None = None,
    keep_clear: Sequence[Rectangle] = (),
) -> NDArray[np.uint8]:
    """Draws objects over a picture.

    Args:
        pixels: uint8 [H, W, 3], red, green, blue; not changed.
        objects: The objects, the most important one first: it is drawn on top, and its label gets the best position. A
            label without room is left out.
        font: The font of the labels.
        style: How.
        keep_clear: Rectangles that labels keep clear of, x1 y1 x2 y2 in pixels.

    Returns:
        uint8 [H, W, 3].
    """
    style = style or Style()
    canvas: NDArray[np.uint8] = pixels.copy()
    unit = _unit(pixels, objects)
    width = style.outline or max(1, round(unit / 300))
    for item in reversed(objects):
        _draw_mask(canvas, item, style.fill, width)
        if style.boxes:
            x1, y1, x2, y2 = (round(value) for value in item.box)
            cv2.rectangle(canvas, (x1, y1), (x2 - 1, y2 - 1), item.color, width)
    if not style.labels:
        return canvas
    return _draw_labels(canvas, objects, font, style.text or max(11, round(unit / 32)), keep_clear)


def _unit(pixels: NDArray[np.uint8], objects: Sequence[DrawnObject]) -> float:
    """The length in pixels that widths of lines and heights of text are shares of.

    It is the picture's shorter side, so that lines and text look the same on a screen that shows all of the picture.
    Among small objects, which people look at enlarged, it is five times the side of a typical object.
    """
    boxes = np.array([item.box for item in objects], dtype=np.float64).reshape(-1, 4)
    sides = np.sqrt((boxes[:, 2:] - boxes[:, :2]).clip(min=1).prod(axis=1))
    whole = float(min(pixels.shape[:2]))
    return min(whole, 5 * float(np.median(sides))) if len(sides) else whole


def _draw_mask(canvas: NDArray[np.uint8], item: DrawnObject, fill: float, width: int) -> None:
    """Fills and outlines one mask in place, touching only the part of the picture that it covers."""
    x, y, inside = decode_crop(item.mask)
    if inside.size == 0:
        return
    part = canvas[y : y + inside.shape[0], x : x + inside.shape[1]]
    # A table of the new brightness for each old one, by channel: floats for all pixels of a large object would take
    # hundreds of megabytes.
    mixed = np.arange(256)[:, None] * (1 - fill) + np.array(item.color) * fill
    mask = inside.view(np.uint8)
    part[:] = cv2.copyTo(cv2.LUT(part, np.rint(mixed).astype(np.uint8)[None]), mask, part.copy())
    # Without the points that lie on a straight line between others: the line is the same, drawn in fewer strokes.
    outlines, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE, offset=(x, y))
    cv2.polylines(canvas, outlines, True, item.color, width, cv2.LINE_AA)


def _draw_labels(
    canvas: NDArray[np.uint8],
    objects: Sequence[DrawnObject],
    font: FontChoice,
    size: int,
    keep_clear: Sequence[Rectangle],
) -> NDArray[np.uint8]:
    """Writes the labels that there is room for, the most important first, joined with their objects by lines."""
    # Two rounds: first each label gets its position, clear of the ones before, and the lines to objects are drawn; then
    # all labels are written over the lines. Their total area is limited, so that they do not hide the picture.
    letters = load_font(font.path, size)
    margin = max(1, size // 5)
    ascent, descent = letters.getmetrics()
    room = _MOST_LABELS * canvas.shape[0] * canvas.shape[1]
    labelled: list[DrawnObject] = []
    rectangles: list[Rectangle] = []
    occupied = np.zeros(canvas.shape[:2], np.bool_)
    for note in keep_clear:
        occupy(occupied, note)
    for item in objects:
        wide, tall = math.ceil(letters.getlength(item.text)) + 2 * margin, ascent + descent + margin
        if not item.text or wide * tall > room:
            continue
        rectangle = place_label(item.box, (wide, tall), occupied)
        if rectangle is not None:
            occupy(occupied, rectangle)
            _join(canvas, item, rectangle, max(1, size // 12))
            labelled.append(item)
            rectangles.append(rectangle)
            room -= wide * tall
    image = Image.fromarray(canvas)
    brush = ImageDraw.Draw(image, "RGBA")
    for item, (left, top, right, bottom) in zip(labelled, rectangles, strict=True):
        brush.rounded_rectangle((left, top, right - 1, bottom - 1), radius=margin, fill=(*item.color, 235))
        brush.text(
            (left + margin, top + margin // 2), item.text, font=letters, fill=readable_on(item.color), anchor="la"
        )
    return np.array(image, dtype=np.uint8)


def _join(canvas: NDArray[np.uint8], item: DrawnObject, label: Rectangle, width: int) -> None:
    """Draws a line from a label that is away from its box to the middle of its object."""
    left, top, right, bottom = item.box
    if label[0] > right or label[2] < left or label[1] > bottom + 1 or label[3] < top - 1:
        middle = round((left + right) / 2), round((top + bottom) / 2)
        start = (label[0] + label[2]) // 2, (label[1] + label[3]) // 2
        cv2.line(canvas, start, middle, item.color, width, cv2.LINE_AA)
        cv2.circle(canvas, middle, 2 * width, item.color, -1, cv2.LINE_AA)


def occupy(occupied: NDArray[np.bool_], rectangle: Rectangle) -> None:
    """Marks the pixels of a rectangle as covered, in place.

    Args:
        occupied: bool [H, W], the pixels of the picture that something covers.
        rectangle: x1 y1 x2 y2 in pixels.
    """
    left, top, right, bottom = (max(0, value) for value in rectangle)
    occupied[top:bottom, left:right] = True


def place_label(
    box: tuple[float, float, float, float], size: tuple[int, int], occupied: NDArray[np.bool_]
) -> Rectangle | None:
    """Finds the position of a label: at its box if possible, inside the picture, clear of the other labels.

    Args:
        box: The object's box, x1 y1 x2 y2 in pixels.
        size: Width and height of the label in pixels.
        occupied: bool [H, W], the pixels of the picture that other labels and notes cover.

    Returns:
        x1 y1 x2 y2 of the label; None if there is no room.

    Example:
        >>> place_label((20, 30, 60, 80), (30, 10), np.zeros((100, 100), np.bool_))
        (20, 20, 50, 30)
    """
    height, width = occupied.shape
    for left, top, right, bottom in _positions(box, size, (width, height)):
        if not occupied[top:bottom, left:right].any():
            return left, top, right, bottom
    return None


def _positions(
    box: tuple[float, float, float, float], size: tuple[int, int], picture: tuple[int, int]
) -> Iterator[Rectangle]:
    """Positions for a label, best first: above the box, inside it at the top, below it, down its height, around it."""
    wide, tall = size
    left, top, right, bottom = (round(value) for value in box)
    aside = (left - wide, right)
    across = (left, (left + right - wide) // 2, right - wide)
    heights = [top - tall, top, bottom, bottom - tall, *range(top + tall, bottom - tall, tall)]
    near = product(heights, across)
    # Positions away from the box come last: they are still better than covering another label.
    beside = product(range(top, max(bottom - tall, top) + 1, tall), aside)
    rows_away: list[int] = []
    for step in range(2, _FURTHEST + 1):
        rows_away += [top - step * tall, bottom + (step - 1) * tall]
    away = product(rows_away, (*across, *aside))
    for y, x in chain(near, beside, away):
        inside_x = max(0, min(x, picture[0] - wide))
        inside_y = max(0, min(y, picture[1] - tall))
        yield inside_x, inside_y, inside_x + wide, inside_y + tall


def readable_on(color: Color) -> Color:
    """The colour of text on a background: black or white, whichever stands out more.

    Args:
        color: The background, red, green, blue in 0..255.

    Returns:
        Red, green, blue.
    """
    # The luma of ITU-R BT.601: how bright a colour looks to the eye.
    luma = 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
    return (0, 0, 0) if luma > 150 else (255, 255, 255)


def draw_prediction(
    pixels: NDArray[np.uint8],
    prediction: DrawableDetections,
    style: Style | None = None,
    keep_clear: Sequence[Rectangle] = (),
) -> NDArray[np.uint8]:
    """Draws the detections of a picture over it.

    Args:
        pixels: uint8 [H, W, 3], red, green, blue; not changed.
        prediction: The detections.
        style: How.
        keep_clear: Rectangles that labels keep clear of, x1 y1 x2 y2 in pixels.

    Returns:
        uint8 [H, W, 3].
    """
    style = style or Style()
    font = class_font(prediction.classes)
    objects = []
    for index, label in enumerate(prediction.labels.tolist()):
        x1, y1, x2, y2 = prediction.boxes[index].tolist()
        text = label_text(prediction.classes, label, float(prediction.scores[index]), font)
        track_id = -1 if prediction.ids is None else int(prediction.ids[index])
        if track_id >= 0:
            text = f"{text} #{track_id}"
        color = label
        if style.by_instance:
            # A tracked object keeps its colour through a video.
            color = index if prediction.ids is None else max(track_id, 0)
        objects.append(DrawnObject(prediction.masks[index], (x1, y1, x2, y2), class_color(color), text))
    return draw(pixels, objects, font, style, keep_clear)


def draw_instances(
    pixels: NDArray[np.uint8], instances: Sequence[Instance], classes: Sequence[str], style: Style | None = None
) -> NDArray[np.uint8]:
    """Draws labelled objects over a picture, in the colours that predictions of the same classes have.

    Args:
        pixels: uint8 [H, W, 3], red, green, blue; not changed.
        instances: The objects; crowds are left out.
        classes: Class names.
        style: How.

    Returns:
        uint8 [H, W, 3].
    """
    height, width = pixels.shape[:2]
    font = class_font(classes)
    objects = []
    for instance in instances:
        if not instance.crowd:
            x, y, wide, tall = instance.box()
            label = classes.index(instance.label)
            text = label_text(classes, label, None, font)
            objects.append(
                DrawnObject(instance.encode(height, width), (x, y, x + wide, y + tall), class_color(label), text)
            )
    return draw(pixels, objects, font, style)


def class_font(classes: Sequence[str]) -> FontChoice:
    """The font for labels of these classes; its ``hint`` says which letters it lacks."""
    return find_font([*classes, "#0123456789. "])
