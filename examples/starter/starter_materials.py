"""What things are made of: colours, patterns, relief, gloss and transparency, and how light falls on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from starter_noise import Dice, Field, blend, cells, colour, layered_noise, smooth_noise, turned_noise
from starter_rasters import Raster


@dataclass(frozen=True)
class Light:
    """Light that is the same for all things of a picture.

    Attributes:
        toward: Unit vector towards the lamp: x right, y down, z to the camera.
        ambient: Share of light that comes from all sides, 0..1.
        shadow: How dark shadows are, 0..1.
        reach: Length of shadows relative to the height of things.
        softness: Blur of shadows relative to their reach.
    """

    toward: tuple[float, float, float]
    ambient: float
    shadow: float
    reach: float
    softness: float


@dataclass(frozen=True)
class Material:
    """What a thing is made of.

    Attributes:
        colours: R G B of its body, of its pattern and of its second part, float32 [3, 3].
        pattern: One of `PATTERNS`.
        period: Size of the pattern relative to the thing.
        contrast: Strength of patterns that only shade the colour.
        round: How far from its edge the thing rises, relative to its half thickness; 0 for flat things.
        bumps: Height of small bumps, in pixels.
        gloss: Strength of highlights.
        sharpness: Exponent of highlights: large for small bright ones.
        opacity: Share of the background that it hides, 0..1.
    """

    colours: Field
    pattern: str
    period: float
    contrast: float
    round: float
    bumps: float
    gloss: float
    sharpness: float
    opacity: float = 1.0


def random_light(dice: Dice) -> Light:
    """A lamp somewhere above the picture."""
    angle, height = dice.uniform(0, 2 * np.pi), dice.uniform(0.35, 1.4)
    vector = np.array([np.cos(angle), np.sin(angle), height])
    x, y, z = (vector / np.linalg.norm(vector)).tolist()
    shadow = 0.0 if dice.random() < 0.2 else dice.uniform(0.15, 0.75)
    return Light((x, y, z), dice.uniform(0.25, 0.7), shadow, dice.uniform(0.1, 0.9), dice.uniform(0.15, 0.9))


def random_material(dice: Dice, patterns: tuple[str, ...], clear: bool = False) -> Material:
    """A material, whatever the class.

    Args:
        dice: Where randomness comes from.
        patterns: The patterns that are allowed.
        clear: Whether it is transparent.

    Returns:
        The material.
    """
    colours = np.stack([colour(dice), colour(dice), colour(dice)])
    if np.abs(colours[0] - colours[1]).max() < 0.25:
        colours[1] = (colours[0] + 0.5) % 1
    if dice.random() < 0.3:
        colours[2] = colours[0] * dice.uniform(0.5, 0.9)
    usual = dice.random() < 0.35 and "plain" in patterns
    glossy = clear or dice.random() < 0.4
    return Material(
        colours=colours.astype(np.float32),
        pattern="plain" if usual else str(dice.choice(patterns)),
        period=float(np.exp(dice.uniform(np.log(0.08), np.log(0.5)))),
        contrast=dice.uniform(0.1, 0.5),
        round=0.0 if dice.random() < 0.14 else dice.choice([dice.uniform(0.1, 0.4), 1.0, 1.0]),
        bumps=dice.choice([0.0, 0.0, dice.uniform(0.1, 0.8)]),
        gloss=dice.uniform(0.25, 1.0) if glossy else dice.uniform(0, 0.12),
        sharpness=float(np.exp(dice.uniform(np.log(6), np.log(90)))),
        opacity=dice.uniform(0.12, 0.45) if clear else 1.0,
    )


def alike(material: Material, dice: Dice, amount: float) -> Material:
    """The same material with other colours by a little, as fruit of a kind has."""
    shift = dice.normal(0, amount, 3) * 0.5 + dice.normal(0, amount)
    return replace(material, colours=np.clip(material.colours + shift, 0.01, 0.99).astype(np.float32))


def towards(material: Material, target: Field, share: float) -> Material:
    """The same material with colours nearer to a colour, for things that hardly differ from what lies behind them."""
    colours = material.colours + (target - material.colours) * np.float32(share)
    return replace(material, colours=colours.astype(np.float32))


def _along(raster: Raster, turn: float) -> tuple[Field, Field]:
    """Coordinates of pixels along and across the thing, in thing lengths, around its centre."""
    height, width = raster.cover.shape
    c, s = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    x = (np.arange(width, dtype=np.float32) - width / 2)[None, :] / np.float32(max(height, width))
    y = (np.arange(height, dtype=np.float32) - height / 2)[:, None] / np.float32(max(height, width))
    return np.asarray(c * x + s * y, np.float32), np.asarray(c * y - s * x, np.float32)


def _stripes(raster: Raster, period: float, dice: Dice) -> Field:
    x, y = _along(raster, raster.turn + dice.choice([0.0, np.pi / 2, dice.uniform(0, np.pi)]))
    period = max(period * 0.8, 4.5 / max(raster.cover.shape))
    bend = dice.choice([0.0, dice.uniform(-0.6, 0.6)])
    wave = np.sin((x + bend * y * y) * (2 * np.pi / period) + dice.uniform(0, 6))
    return np.asarray(np.clip((wave + dice.uniform(-0.5, 0.5)) * dice.uniform(1.5, 6) + 0.5, 0, 1), np.float32)


def _dots(raster: Raster, period: float, dice: Dice) -> Field:
    height, width = raster.cover.shape
    size = max(height, width)
    period = max(period, 5.0 / size)
    if dice.random() < 0.5:
        x, y = _along(raster, raster.turn)
        grid = np.sin(x * (2 * np.pi / period)) * np.sin(y * (2 * np.pi / period))
        return np.asarray(np.clip((np.abs(grid) - dice.uniform(0.3, 0.6)) * 5, 0, 1), np.float32)
    count = max(4, int(1.6 / period**2))
    _, distance = cells(dice, height, width, count)
    return np.asarray(np.clip(dice.uniform(0.2, 0.38) * period * size - distance + 0.5, 0, 1), np.float32)


def _checks(raster: Raster, period: float, dice: Dice) -> Field:
    x, y = _along(raster, raster.turn + dice.uniform(0, 1))
    period = max(period, 6.0 / max(raster.cover.shape))
    grid = np.sin(x * (2 * np.pi / period)) * np.sin(y * (2 * np.pi / period))
    return np.asarray(np.clip(grid * 6 + 0.5, 0, 1), np.float32)


def _gradient(raster: Raster, period: float, dice: Dice) -> Field:
    x, _ = _along(raster, dice.uniform(0, 2 * np.pi))
    return np.asarray(np.clip(x * dice.uniform(0.8, 2) + 0.5, 0, 1), np.float32)


def _mottled(raster: Raster, period: float, dice: Dice) -> Field:
    noise = layered_noise(dice, *raster.cover.shape, max(3.0, period * max(raster.cover.shape)), 4)
    return np.clip(0.35 + 0.6 * noise, 0, 1)


def _speckled(raster: Raster, period: float, dice: Dice) -> Field:
    noise = smooth_noise(dice, *raster.cover.shape, dice.uniform(1, 2.5))
    return np.clip((noise - dice.uniform(0.4, 1.0)) * 2, 0, 1)


def _grain(raster: Raster, period: float, dice: Dice) -> Field:
    size = max(raster.cover.shape)
    noise = turned_noise(dice, *raster.cover.shape, max(2.0, 0.35 * period * size), 8, raster.turn)
    return np.clip(0.45 + 0.7 * noise, 0, 1)


def _fur(raster: Raster, period: float, dice: Dice) -> Field:
    noise = turned_noise(dice, *raster.cover.shape, 1.6, 5, raster.turn + dice.uniform(-0.5, 0.5))
    return np.clip(0.4 + 0.6 * noise + 0.3 * smooth_noise(dice, *raster.cover.shape, 12), 0, 1)


def _marble(raster: Raster, period: float, dice: Dice) -> Field:
    noise = layered_noise(dice, *raster.cover.shape, max(4.0, period * max(raster.cover.shape)), 5, 0.6)
    return np.clip(1.1 - 2.2 * np.abs(noise), 0, 1)


def _patches(raster: Raster, period: float, dice: Dice) -> Field:
    noise = layered_noise(dice, *raster.cover.shape, max(4.0, 1.3 * period * max(raster.cover.shape)), 3)
    return np.clip((noise - dice.uniform(-0.2, 0.35)) * 7, 0, 1)


PATTERNS: dict[str, Callable[[Raster, float, Dice], Field]] = {
    "stripes": _stripes,
    "dots": _dots,
    "checks": _checks,
    "gradient": _gradient,
    "mottled": _mottled,
    "speckled": _speckled,
    "grain": _grain,
    "fur": _fur,
    "marble": _marble,
    "patches": _patches,
}
_BOLD = {"stripes", "dots", "checks", "patches"}
"""Patterns in two colours; the others shade one colour as well."""


def paint(raster: Raster, material: Material, light: Light, behind: Field, dice: Dice) -> Field:
    """The colours of a thing's pixels; its edge is left to the raster's ``cover``.

    Args:
        raster: The thing.
        material: What it is made of.
        light: How light falls.
        behind: What lies behind it, float32 [height, width, 3].
        dice: Where the details of patterns come from.

    Returns:
        float32 [height, width, 3] of about 0..1.
    """
    body = _colours(raster, material, dice)
    slope_x, slope_y = _slopes(raster, material, dice)
    lx, ly, lz = light.toward
    steep = 1 / np.sqrt(slope_x**2 + slope_y**2 + 1)
    facing = np.maximum((lz - lx * slope_x - ly * slope_y) * steep, 0)
    shade = light.ambient + (1 - light.ambient) * np.minimum(facing / max(lz, 0.45), 1.7)
    colours = body * shade[..., None]
    if material.opacity < 1:
        colours = _through(raster, material, behind, colours, (slope_x, slope_y))
    if material.gloss > 0.02:
        half = np.array([lx, ly, lz + 1])
        hx, hy, hz = half / np.linalg.norm(half)
        mirror = np.maximum((hz - hx * slope_x - hy * slope_y) * steep, 0) ** material.sharpness
        colours += (material.gloss * mirror)[..., None]
    return np.asarray(colours, np.float32)


def _colours(raster: Raster, material: Material, dice: Dice) -> Field:
    """The colours of a thing in even light."""
    first, second, other = material.colours
    if material.pattern in PATTERNS:
        share = PATTERNS[material.pattern](raster, material.period, dice)
        if material.pattern not in _BOLD and material.pattern != "gradient":
            second = first + (second - first) * np.float32(material.contrast)
        body = blend(share, first, second)
    else:
        body = np.broadcast_to(first, (*raster.cover.shape, 3)).astype(np.float32)
    return blend(np.minimum(raster.part, 1), body, other)


def _slopes(raster: Raster, material: Material, dice: Dice) -> tuple[Field, Field]:
    """How steeply the thing's surface rises along x and along y."""
    radius = float(raster.depth.max())
    height = np.zeros_like(raster.cover)
    if material.round and radius > 0.7:
        rise = max(1.0, material.round * radius)
        t = np.minimum(raster.depth / rise, 1)
        height = rise * np.sqrt(np.maximum(1 - (1 - t) ** 2, 0)) * np.float32(0.9)
        blur = 0.09 * rise + 0.5
        height = np.asarray(cv2.GaussianBlur(height, (0, 0), blur))
    if material.bumps:
        height = height + material.bumps * layered_noise(dice, *height.shape, max(3.0, radius * 0.6), 3)
    height = np.asarray(height, np.float32)
    slope_x = cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=0.125)
    slope_y = cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=0.125)
    return np.asarray(slope_x), np.asarray(slope_y)


def _through(raster: Raster, material: Material, behind: Field, colours: Field, slopes: tuple[Field, Field]) -> Field:
    """A transparent thing: what lies behind it is bent, tinted and darker towards the rim."""
    height, width = raster.cover.shape
    bend = np.float32(0.12 * max(height, width))
    xs = np.arange(width, dtype=np.float32)[None, :] + np.clip(slopes[0], -1, 1) * bend
    ys = np.arange(height, dtype=np.float32)[:, None] + np.clip(slopes[1], -1, 1) * bend
    seen = cv2.remap(behind, xs, ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    rim = np.clip(1 - raster.depth / max(2.0, 0.22 * float(raster.depth.max())), 0, 1)
    tinted = seen * (0.72 + 0.28 * material.colours[0])
    return blend(np.clip(material.opacity + 0.45 * rim, 0, 1), np.asarray(tinted, np.float32), colours)
