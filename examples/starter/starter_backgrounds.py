"""What lies behind things: surfaces, walls, scenery out of focus, and clutter that is no thing."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from starter_noise import Dice, Field, blend, cells, colour, layered_noise, smooth_noise, turned_noise
from starter_outlines import TURN, curve, polar, wobble
from starter_photos import photo


def _two(dice: Dice, apart: float) -> tuple[Field, Field]:
    """A colour, mostly a quiet one, and a similar one."""
    first = colour(dice, 0.25)
    second = np.clip(first + dice.uniform(-apart, apart) + dice.uniform(-0.3, 0.3, 3) * apart, 0, 1)
    return first, second.astype(np.float32)


def _smooth(dice: Dice, height: int, width: int) -> Field:
    first, second = _two(dice, 0.3)
    angle = dice.uniform(0, TURN)
    x = np.linspace(0, 1, width, dtype=np.float32)[None, :] * np.float32(np.cos(angle))
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None] * np.float32(np.sin(angle))
    return blend(np.clip(x + y, -1, 1) / 2 + np.float32(0.5), first, second)


def _clouds(dice: Dice, height: int, width: int) -> Field:
    first, second = _two(dice, 0.6)
    noise = layered_noise(dice, height, width, dice.uniform(10, 160), 6, dice.uniform(0.4, 0.8))
    return blend(np.clip(0.5 + 0.5 * noise, 0, 1), first, second)


def _concrete(dice: Dice, height: int, width: int) -> Field:
    base = np.float32(dice.uniform(0.25, 0.8)) * (1 + dice.uniform(-0.08, 0.08, 3).astype(np.float32))
    noise = 0.06 * layered_noise(dice, height, width, 90, 4) + 0.05 * layered_noise(dice, height, width, 4, 2)
    pits = np.clip(smooth_noise(dice, height, width, dice.uniform(1.5, 4)) - 1.3, 0, 1) * dice.uniform(0, 0.4)
    return np.asarray(base * (1 + noise - pits)[..., None], np.float32)


def _wood(dice: Dice, height: int, width: int) -> Field:
    light = np.array([dice.uniform(0.45, 0.9), 0, 0], np.float32)
    light[1:] = light[0] * dice.uniform(0.68, 0.88), light[0] * dice.uniform(0.4, 0.7)
    dark = light * np.float32(dice.uniform(0.5, 0.85))
    angle = dice.choice([0.0, TURN / 4, dice.uniform(0, TURN)])
    warp = turned_noise(dice, height, width, dice.uniform(14, 50), 12, angle)
    rings = 0.5 + 0.5 * np.sin(warp * dice.uniform(8, 25))
    fine = turned_noise(dice, height, width, 2.5, 14, angle)
    field = blend(np.clip(0.55 * rings + 0.35 * fine + 0.1, 0, 1), light, dark)
    return field * _planks(dice, height, width, angle) if dice.random() < 0.35 else field


def _planks(dice: Dice, height: int, width: int, angle: float) -> Field:
    """Shades of boards beside each other, with dark joints."""
    across = np.arange(width)[None, :] * -np.sin(angle) + np.arange(height)[:, None] * np.cos(angle)
    board = dice.uniform(45, 130)
    number = np.floor(across / board + dice.uniform(0, 1)).astype(int)
    shades = dice.uniform(0.8, 1.1, 64)[number % 64]
    joint = np.abs((across / board) % 1 - 0.5) > 0.5 - 1.2 / board
    return np.asarray(np.where(joint, 0.55, shades)[..., None], np.float32)


def _cloth(dice: Dice, height: int, width: int) -> Field:
    first, second = _two(dice, 0.35)
    x, y = np.arange(width, dtype=np.float32)[None, :], np.arange(height, dtype=np.float32)[:, None]
    thread = np.float32(TURN / dice.uniform(2.5, 7))
    angle = np.float32(dice.uniform(-0.6, 0.6))
    u, v = (x + angle * y) * thread, (y - angle * x) * thread
    weave = np.sin(u) * np.sin(v) if dice.random() < 0.6 else np.sin(u + v)
    folds = layered_noise(dice, height, width, dice.uniform(60, 200), 2) * np.float32(dice.uniform(0, 0.3))
    field = blend(0.5 + 0.5 * weave, first, second)
    if dice.random() < 0.3:  # a printed check
        wide = np.float32(TURN / dice.uniform(20, 90))
        squares = (np.sin(x * wide) > 0).astype(np.float32) + (np.sin(y * wide) > 0)
        field = blend(np.asarray(squares * 0.3, np.float32), field, colour(dice))
    return np.asarray(field * (1 + folds)[..., None], np.float32)


def _grass(dice: Dice, height: int, width: int) -> Field:
    first, second = _two(dice, 0.5)
    if dice.random() < 0.7:
        first = np.array([dice.uniform(0.15, 0.5), dice.uniform(0.3, 0.65), dice.uniform(0.05, 0.25)], np.float32)
        second = first * np.float32(0.4)
    field = blend(np.clip(0.5 + layered_noise(dice, height, width, 24, 4, 0.8), 0, 1), first, second)
    count = int(dice.integers(150, 600))
    starts = dice.uniform(0, [width, height], (count, 2))
    headings = dice.normal(dice.uniform(0, TURN), dice.uniform(0.2, 1.5), count)
    ends = starts + np.stack([np.cos(headings), np.sin(headings)], 1) * dice.uniform(6, 30, (count, 1))
    shades = dice.uniform(0.5, 1.5, count)
    for start, end, shade in zip(starts.astype(int).tolist(), ends.astype(int).tolist(), shades.tolist(), strict=True):
        cv2.line(field, start, end, (first * shade).tolist(), 1, cv2.LINE_AA)
    return field


def _gravel(dice: Dice, height: int, width: int) -> Field:
    size = dice.uniform(4, 12)
    count = int(height * width / size**2)
    numbers, distances = cells(dice, height, width, count)
    first, second = _two(dice, 0.4)
    tones = blend(dice.random((1, count + 1), dtype=np.float32), first, second)[0]
    shade = np.clip(1.15 - distances / np.float32(size) * np.float32(dice.uniform(0.5, 1.1)), 0.15, 1.2)
    return np.asarray(tones[numbers] * shade[..., None], np.float32)


def _tiles(dice: Dice, height: int, width: int) -> Field:
    first, second = _two(dice, 0.12)
    joint = np.clip(first * np.float32(dice.choice([0.5, 1.5])), 0, 1)
    wide = dice.uniform(25, 150)
    high = wide * dice.choice([1.0, 1.0, 0.5])
    angle = dice.choice([0.0, dice.uniform(-0.8, 0.8)])
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    row = np.floor(v / high)
    u = u / wide + 0.5 * (row % 2) * (dice.random() < 0.5)
    tone = dice.random(997, dtype=np.float32)[(np.floor(u) * 31 + row * 17).astype(int) % 997]
    field = blend(tone, first, second) * (1 + 0.08 * layered_noise(dice, height, width, 40, 4))[..., None]
    gap = dice.uniform(0.6, 2.5)
    near = np.minimum((0.5 - np.abs(u % 1 - 0.5)) * wide, (0.5 - np.abs(v / high % 1 - 0.5)) * high)
    return blend(np.clip(gap + 0.5 - near, 0, 1).astype(np.float32), field.astype(np.float32), joint)


def _paper(dice: Dice, height: int, width: int) -> Field:
    white = np.float32(dice.uniform(0.7, 0.98)) * (1 - dice.uniform(0, 0.12, 3).astype(np.float32))
    field = (
        np.broadcast_to(white, (height, width, 3)) * (1 + 0.03 * layered_noise(dice, height, width, 30, 5))[..., None]
    )
    field = np.ascontiguousarray(field, np.float32)
    ink = colour(dice, 0.3) * np.float32(0.6)
    kind = dice.random()
    if kind < 0.35:
        _print_lines(field, dice, ink)
    elif kind < 0.6:
        step = int(dice.integers(8, 34))
        mixed = white + (ink - white) * np.float32(dice.uniform(0.15, 0.6))
        field[int(dice.integers(step)) :: step] = mixed
        if dice.random() < 0.6:
            field[:, int(dice.integers(step)) :: step] = mixed
    return field


def _print_lines(field: Field, dice: Dice, ink: Field) -> None:
    """Rows of small strokes, like print that is too small to read."""
    height, width = field.shape[:2]
    size = int(dice.integers(4, 11))
    left, right = int(dice.integers(0, width // 3)), int(dice.integers(width // 2, width))
    for y in range(int(dice.integers(0, 20)), height - size, int(size * 1.9) + 1):
        if dice.random() < 0.15:
            continue
        row = smooth_noise(dice, size, right - left, 1.7) + 0.9 * smooth_noise(dice, 1, right - left, 5)
        share = np.clip(row - 0.2, 0, 1) * np.float32(0.8)
        field[y : y + size, left:right] = blend(share, field[y : y + size, left:right], ink)


def _scenery(dice: Dice, height: int, width: int) -> Field:
    """Large shapes far out of focus."""
    small_height, small_width = height // 4, width // 4
    field = _clouds(dice, small_height, small_width)
    for _ in range(int(dice.integers(4, 16))):
        ring = polar(wobble(dice, 0.25)) * dice.uniform(3, 30) * dice.uniform(0.5, 1, 2)
        ring += dice.uniform(0, [small_width, small_height])
        cv2.fillPoly(field, [ring.astype(np.int32)], colour(dice, 0.4).tolist())
    field = np.asarray(cv2.GaussianBlur(field, (0, 0), dice.uniform(2.2, 6)))
    return np.asarray(cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR))


SURFACES: dict[str, Callable[[Dice, int, int], Field]] = {
    "smooth": _smooth,
    "clouds": _clouds,
    "concrete": _concrete,
    "wood": _wood,
    "cloth": _cloth,
    "grass": _grass,
    "gravel": _gravel,
    "tiles": _tiles,
    "paper": _paper,
    "scenery": _scenery,
}


def background(dice: Dice, height: int, width: int, photos: bool, clutter: float) -> Field:
    """A random background.

    Args:
        dice: Where randomness comes from.
        height: Height in pixels.
        width: Width in pixels.
        photos: Whether parts of photographs may be used; they must be `available`.
        clutter: How much lies on it, 0..1.

    Returns:
        float32 [height, width, 3] of about 0..1.
    """
    field = _surface(dice, height, width, photos)
    if dice.random() < 0.22:
        field = _edge_between(dice, field, _surface(dice, height, width, photos))
    for _ in range(int(dice.integers(0, 1 + round(8 * clutter)))):
        _CLUTTER[int(dice.integers(len(_CLUTTER)))](field, dice)
    if dice.random() < 0.25:
        field = np.asarray(cv2.GaussianBlur(field, (0, 0), dice.uniform(0.8, 4)))
    contrast = np.float32(dice.uniform(0.35, 1))
    mean = field.mean(axis=(0, 1))
    return np.asarray(mean + (field - mean) * contrast, np.float32)


def _surface(dice: Dice, height: int, width: int, photos: bool) -> Field:
    if photos and dice.random() < 0.2:
        return photo(dice, height, width)
    return SURFACES[str(dice.choice(list(SURFACES)))](dice, height, width)


def _edge_between(dice: Dice, first: Field, second: Field) -> Field:
    """One surface beside another, such as a table before a wall."""
    height, width = first.shape[:2]
    angle = dice.choice([TURN / 4, dice.uniform(0, TURN)])
    side = np.arange(width)[None, :] * np.cos(angle) + np.arange(height)[:, None] * np.sin(angle)
    border = dice.uniform(0.2, 0.8) * (side.max() - side.min()) + side.min()
    share = np.clip((side - border) / dice.choice([1.0, 1.5, 12.0]) + 0.5, 0, 1).astype(np.float32)
    shade = 1 - np.float32(dice.uniform(0, 0.4)) * np.exp(-np.maximum(side - border, 0) / 14).astype(np.float32)
    return blend(share, first, second * shade[..., None])


def _lines(field: Field, dice: Dice) -> None:
    """A scratch, a joint or a cable."""
    height, width = field.shape[:2]
    knots = dice.uniform(-0.1, 1.1, (int(dice.integers(2, 5)), 2)) * [width, height]
    line = np.round(curve(knots, 40) * 16).astype(np.int32)
    layer = field.copy()
    shade = colour(dice, 0.3).tolist()
    cv2.polylines(layer, [line], False, shade, int(dice.integers(1, 3)), cv2.LINE_AA, 4)
    field += (layer - field) * np.float32(dice.uniform(0.2, 0.8))


def _stain(field: Field, dice: Dice) -> None:
    """A soft shadow or a stain without an edge."""
    height, width = field.shape[:2]
    small = np.zeros((height // 4, width // 4), np.float32)
    ring = polar(wobble(dice, 0.3)) * dice.uniform(4, 0.25 * len(small)) * dice.uniform(0.3, 1, 2)
    cv2.fillPoly(small, [(ring + dice.uniform(0, small.shape[::-1])).astype(np.int32)], 1.0)
    small = cv2.GaussianBlur(small, (0, 0), dice.uniform(1.5, 6))
    share = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR) * np.float32(dice.uniform(-0.35, 0.5))
    field *= 1 - share[..., None]


def _specks(field: Field, dice: Dice) -> None:
    """Dust and crumbs, too small to be things."""
    height, width = field.shape[:2]
    count = int(dice.integers(5, 80))
    ys, xs = dice.integers(0, height - 2, count), dice.integers(0, width - 2, count)
    shade = colour(dice)
    for dy, dx, share in ((0, 0, 0.8), (0, 1, 0.5), (1, 0, 0.4)):
        field[ys + dy, xs + dx] += (shade - field[ys + dy, xs + dx]) * np.float32(share * dice.uniform(0.3, 1))


def _patch(field: Field, dice: Dice) -> None:
    """An area of another texture that leaves the picture: a mat, a shadow's edge, a worn part."""
    height, width = field.shape[:2]
    noise = layered_noise(dice, height, width, dice.uniform(2, 30), 3) * np.float32(dice.uniform(0, 0.3))
    angle, border = dice.uniform(0, TURN), dice.uniform(0.15, 0.45)
    x = np.linspace(-0.5, 0.5, width)[None, :] * np.cos(angle)
    y = np.linspace(-0.5, 0.5, height)[:, None] * np.sin(angle)
    share = np.clip((x + y - border) * dice.choice([300.0, 20.0]) + 0.5, 0, 1).astype(np.float32)
    tone = np.float32(dice.uniform(-0.3, 0.3))
    field *= 1 + (share * (noise + tone))[..., None]


_CLUTTER = (_lines, _stain, _stain, _specks, _patch)
