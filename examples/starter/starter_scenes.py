"""Scenes: which things lie where, what hides what, and the picture with its labels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from starter_backgrounds import background
from starter_camera import expose
from starter_classes import CLASSES, FAMILIES
from starter_layouts import Layout, random_layout
from starter_materials import Light, Material, alike, paint, random_light, random_material, towards
from starter_noise import Dice, Field
from starter_rasters import Raster, pose, rasterise

_FEWEST_PIXELS = 25
_LEAST_VISIBLE = 0.25


@dataclass(frozen=True)
class Kind:
    """Things that look alike: a class, a material, and how much they differ."""

    label: str
    material: Material
    seed: int
    same_outline: bool
    differ: float


@dataclass(frozen=True)
class Thing:
    """A thing in a scene.

    Attributes:
        label: Its class.
        material: What it is made of.
        raster: Its pixels.
        x: Column of the raster's left edge in the picture.
        y: Row of the raster's upper edge.
        seed: Where the details of its pattern come from.
    """

    label: str
    material: Material
    raster: Raster
    x: int
    y: int
    seed: int


@dataclass(frozen=True)
class Scene:
    """Everything that a picture is drawn from; things from the lowest to the topmost."""

    seed: tuple[int, int]
    side: int
    light: Light
    behind: Field
    things: list[Thing]


def make_scene(seed: int, number: int, side: int, photos: bool) -> Scene:
    """Plans a picture.

    Args:
        seed: The data set's seed.
        number: The picture's number; with the seed it decides everything.
        side: Height and width in pixels.
        photos: Whether parts of photographs may be backgrounds.

    Returns:
        The scene, without things that are hidden too much.
    """
    dice = np.random.default_rng([seed, number, 0])
    layout = random_layout(dice, side)
    light = random_light(dice)
    behind = background(dice, side, side, photos, layout.clutter)
    kinds = [_random_kind(dice, behind, layout.faint) for _ in range(layout.kinds)]
    things: list[Thing] = []
    occupied = np.zeros((side, side), np.float32)
    for _ in range(layout.count):
        kind = kinds[int(dice.integers(len(kinds)))]
        thing = _place(dice, kind, layout, occupied, things)
        if thing is not None:
            things.append(thing)
    return Scene((seed, number), side, light, behind, _visible_things(things, side))


def _random_kind(dice: Dice, behind: Field, faint: bool) -> Kind:
    label = CLASSES[int(dice.integers(len(CLASSES)))]
    family = FAMILIES[label]
    material = random_material(dice, family.patterns, family.clear)
    if faint:
        material = towards(material, behind.mean(axis=(0, 1)), dice.uniform(0.4, 0.75))
    differ = dice.choice([0.0, 0.02, 0.06])
    return Kind(label, material, int(dice.integers(2**31)), bool(dice.random() < 0.4), differ)


def _draw_thing(dice: Dice, kind: Kind, layout: Layout, length: float) -> Raster:
    family = FAMILIES[kind.label]
    shape_dice = np.random.default_rng(kind.seed) if kind.same_outline else dice
    outline = family.outlines[int(shape_dice.integers(len(family.outlines)))]
    turn = dice.normal(0, 0.12) if layout.upright and family.stands else dice.uniform(0, 2 * np.pi)
    squash = 1 - abs(dice.normal(0, 0.14)) if dice.random() < 0.6 else 1.0
    pieces = pose(outline(shape_dice), turn, max(0.6, squash), dice.uniform(0, np.pi))
    return rasterise(pieces, max(length, family.smallest), turn)


def _place(dice: Dice, kind: Kind, layout: Layout, occupied: Field, things: list[Thing]) -> Thing | None:
    """Draws a thing of a kind and finds a place for it; None where there is no room."""
    side = len(occupied)
    raster = _draw_thing(dice, kind, layout, layout.length(dice))
    height, width = raster.cover.shape
    area = float(raster.cover.sum())
    for _ in range(8):
        x, y = layout.spot(dice, width, height, [(t.x, t.y, *t.raster.cover.shape[::-1]) for t in things])
        rows, columns, inner = _overlap(x, y, raster.cover, side)
        inside = float(raster.cover[inner].sum())
        hidden = float((occupied[rows, columns] * raster.cover[inner]).sum())
        if inside > layout.inside * area and hidden <= layout.overlap * area:
            occupied[rows, columns] = np.maximum(occupied[rows, columns], raster.cover[inner])
            material = alike(kind.material, dice, kind.differ)
            return Thing(kind.label, material, raster, x, y, int(dice.integers(2**31)))
    return None


def _overlap(x: int, y: int, cover: Field, side: int) -> tuple[slice, slice, tuple[slice, slice]]:
    """The rows and columns of the picture that a raster covers, and the part of the raster that lies there."""
    height, width = cover.shape
    top, left = min(max(y, 0), side), min(max(x, 0), side)
    low, right = max(min(y + height, side), top), max(min(x + width, side), left)
    return slice(top, low), slice(left, right), (slice(top - y, low - y), slice(left - x, right - x))


def visible_shares(things: list[Thing], side: int) -> list[Field]:
    """How much of each pixel shows each thing, for the rows and columns of its raster within the picture."""
    free = np.ones((side, side), np.float32)
    shares: list[Field] = []
    for thing in reversed(things):
        rows, columns, inner = _overlap(thing.x, thing.y, thing.raster.cover, side)
        cover = thing.raster.cover[inner]
        shares.append(free[rows, columns] * cover)
        free[rows, columns] *= 1 - cover
    return shares[::-1]


def _visible_things(things: list[Thing], side: int) -> list[Thing]:
    """Leaves out what is nearly hidden, nearly outside or nearly nothing; what lies below it shows all the more."""
    visible = []
    for thing, share in zip(things, visible_shares(things, side), strict=True):
        pixels = int((share >= 0.5).sum())
        whole = int((thing.raster.cover >= 0.5).sum())
        if pixels >= _FEWEST_PIXELS and pixels >= _LEAST_VISIBLE * whole:
            visible.append(thing)
    return visible


def masks(scene: Scene) -> list[NDArray[np.bool_]]:
    """The visible pixels of each thing: those of which it fills at least half; bool [height, width]."""
    # Where two things fill half a pixel each, it belongs to the upper one.
    result = []
    taken = np.zeros((scene.side, scene.side), np.bool_)
    for thing, share in list(zip(scene.things, visible_shares(scene.things, scene.side), strict=True))[::-1]:
        mask = np.zeros((scene.side, scene.side), np.bool_)
        rows, columns, _ = _overlap(thing.x, thing.y, thing.raster.cover, scene.side)
        mask[rows, columns] = (share >= 0.5) & ~taken[rows, columns]
        taken |= mask
        result.append(mask)
    return result[::-1]


def render(scene: Scene) -> NDArray[np.uint8]:
    """The picture of a scene.

    Args:
        scene: The scene.

    Returns:
        uint8 [height, width, 3], R G B.
    """
    pixels = scene.behind.copy()
    for thing in scene.things:
        if scene.light.shadow:
            _cast_shadow(pixels, thing, scene.light)
        rows, columns, inner = _overlap(thing.x, thing.y, thing.raster.cover, scene.side)
        behind = _framed(pixels, thing, scene.side)
        colours = paint(thing.raster, thing.material, scene.light, behind, np.random.default_rng(thing.seed))[inner]
        pixels[rows, columns] += (colours - pixels[rows, columns]) * thing.raster.cover[inner][..., None]
    return expose(pixels, np.random.default_rng([*scene.seed, 1]))


def _framed(pixels: Field, thing: Thing, side: int) -> Field:
    """The picture within the frame of a thing's raster, its rim repeated beyond; empty for what is not transparent."""
    if thing.material.opacity >= 1:
        return pixels[:0]
    height, width = thing.raster.cover.shape
    rows = np.clip(np.arange(thing.y, thing.y + height), 0, side - 1)
    columns = np.clip(np.arange(thing.x, thing.x + width), 0, side - 1)
    return np.ascontiguousarray(pixels[rows[:, None], columns])


def _cast_shadow(pixels: Field, thing: Thing, light: Light) -> None:
    """Darkens what lies below a thing, on the side away from the lamp."""
    # The height of a thing is about half of its narrower side; its shadow is its outline, moved and blurred.
    rise = min(2.2 * float(thing.raster.depth.max()), 40.0) * light.reach
    dx, dy = -light.toward[0] * rise, -light.toward[1] * rise
    blur = max(0.8, light.softness * rise * 0.5 + 0.6)
    margin = int(2 * blur) + 2
    padded = cv2.copyMakeBorder(thing.raster.cover, margin, margin, margin, margin, cv2.BORDER_CONSTANT)
    padded = cv2.blur(cv2.blur(padded, (2 * int(blur) + 1,) * 2), (2 * int(blur * 0.6) + 1,) * 2)
    x, y = thing.x - margin + round(dx), thing.y - margin + round(dy)
    rows, columns, inner = _overlap(x, y, np.asarray(padded), len(pixels))
    strength = np.float32(light.shadow * (0.45 if thing.material.opacity < 1 else 1.0))
    pixels[rows, columns] *= 1 - strength * padded[inner][..., None]
