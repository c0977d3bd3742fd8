"""Draws the example data set `parts`: pictures of workshop parts on benches, labelled in labelme's own format.

    python make.py [--out FOLDER] [--seed 7] [--count 45]

The same seed gives exactly the same labels, and the same pictures up to the JPEG codec's rounding.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from parts_benches import BENCHES, make_bench
from parts_render import FINISHES, Light, Pose, expose, paint, silhouette
from parts_shapes import CLASSES, MAKERS, Dice, Shape, make_bolt, make_hinge
from PIL import Image

SEED = 7
COUNT = 45
HEIGHT, WIDTH = 480, 640
EMPTY = (12, 30)
"""Pictures without objects."""
CROSSED = (3, 9, 18, 24, 31, 37)
"""Pictures in which one part lies across another, so that two pieces of the lower one are visible."""
STRAIGHT = (1, 6, 14, 20, 27, 35)
"""Pictures with a hinge along an axis, which people label as a rectangle."""
COMMON = (*FINISHES, "steel", "zinc", "stainless", "steel", "zinc", "brass")
"""Plain metals are more frequent than anodised ones."""
LABEL_FINE = 2
CARE = 1.2
"""How far a polygon may be from the outline, in pixels."""
VISIBLE = 0.68
"""Smallest share of a part that must be visible."""


@dataclass
class Item:
    """A part in a picture: what it is, where it lies and its finish."""

    shape: Shape
    pose: Pose
    finish: str


@dataclass
class Scene:
    """Everything in a picture except its pixels; items from the lowest to the topmost."""

    index: int
    seed: int
    bench: str
    light: Light
    stops: float
    noise: float
    blur: float
    quality: int
    items: list[Item]


def make_scene(index: int, seed: int = SEED) -> Scene:
    """The scene of picture ``index`` (from 0)."""
    dice = Dice(seed, index)
    bench = tuple(BENCHES)[index % len(BENCHES)]
    warm = dice.between(-0.16, 0.16)
    power = dice.between(0.9, 1.25)
    light = Light(
        turn=dice.between(0, 2 * math.pi),
        height=math.radians(dice.between(35, 65)),
        colour=(power * (1 + warm), power, power * (1 - warm)),
        soft=dice.between(1.5, 6.0),
        fill=dice.between(0.3, 0.55),
    )
    camera = {"stops": dice.between(-0.35, 0.4), "noise": dice.between(0.006, 0.03), "blur": dice.between(0.45, 0.85)}
    scene = Scene(index, seed, bench, light, quality=dice.whole(78, 90), items=[], **camera)
    if index not in EMPTY:
        _fill(scene, dice)
    return scene


def _fill(scene: Scene, dice: Dice) -> None:
    scale = dice.between(4.0, 4.8)
    tilt = 0.0 if dice.chance(0.6) or scene.index in STRAIGHT else math.radians(dice.between(6, 16))
    wanted = dice.whole(7, 10)
    masks: list[NDArray[np.bool_]] = []
    if scene.index in CROSSED:
        _cross(scene, dice, scale, tilt, masks)
    if scene.index in STRAIGHT:
        turn = math.pi / 2 * dice.whole(0, 3) + dice.between(-0.015, 0.015)
        _try_to_place(scene, dice, make_hinge(dice), (scale, tilt), masks, turn)
    offset = dice.whole(0, len(CLASSES) - 1)
    for attempt in range(200):
        if len(scene.items) >= wanted:
            return
        label = CLASSES[(len(scene.items) + offset) % len(CLASSES)] if attempt < 60 else dice.pick(CLASSES)
        _try_to_place(scene, dice, MAKERS[label](dice), (scale, tilt), masks)


def _cross(scene: Scene, dice: Dice, scale: float, tilt: float, masks: list[NDArray[np.bool_]]) -> None:
    """A bolt and another across its shank."""
    x, y = dice.between(200, WIDTH - 200), dice.between(170, HEIGHT - 170)
    turn = dice.between(0, 2 * math.pi)
    under, over = make_bolt(dice), make_bolt(dice)
    over_turn = turn + math.pi / 2 + dice.between(-0.35, 0.35)
    shift = dice.between(6.0, 10.0) * scale
    over_x, over_y = x + shift * math.cos(turn), y + shift * math.sin(turn)
    back = -dice.between(4.0, 7.0) * scale
    over_x, over_y = over_x + back * math.cos(over_turn), over_y + back * math.sin(over_turn)
    scene.items.append(Item(under, Pose(x, y, turn, scale, tilt), dice.pick(COMMON)))
    scene.items.append(Item(over, Pose(over_x, over_y, over_turn, scale, tilt), dice.pick(COMMON)))
    masks += [_mask(item, 1) for item in scene.items]


def _try_to_place(
    scene: Scene,
    dice: Dice,
    shape: Shape,
    view: tuple[float, float],
    masks: list[NDArray[np.bool_]],
    turn: float | None = None,
) -> None:
    """Finds a position where enough of every part stays visible; most parts lie apart, some overlap."""
    free = dice.between(0.0, 1.0) < 0.85
    finish = dice.pick(COMMON)
    for _ in range(25):
        angle = dice.between(0, 2 * math.pi) if turn is None else turn
        scale = view[0] * dice.between(0.94, 1.06)
        item = Item(
            shape, Pose(dice.between(10, WIDTH - 10), dice.between(10, HEIGHT - 10), angle, scale, view[1]), finish
        )
        mask = _mask(item, 1)
        whole = _mask(item, 1, margin=200).sum()
        covered = sum(int((mask & other).sum()) for other in masks)
        inside = mask.sum() >= (1.0 if turn is not None else 0.9) * whole
        if inside and _fits(mask, masks, covered, free or turn is not None):
            scene.items.append(item)
            masks.append(mask)
            return


def _fits(mask: NDArray[np.bool_], masks: list[NDArray[np.bool_]], covered: int, free: bool) -> bool:
    if free or covered == 0:
        return covered == 0
    layers = [*masks, mask]
    for index, layer in enumerate(layers[:-1]):
        above = np.logical_or.reduce(layers[index + 1 :])
        if (layer & ~above).sum() < VISIBLE * layer.sum() and (layer & mask).any():
            return False
    return True


def _mask(item: Item, fine: int, margin: int = 0) -> NDArray[np.bool_]:
    """The part's mask, with its holes filled: labelme users draw the outer contour."""
    pose = item.pose
    moved = Pose(pose.x + margin, pose.y + margin, pose.turn, pose.scale, pose.tilt)
    return silhouette(item.shape, moved, fine, (HEIGHT + 2 * margin, WIDTH + 2 * margin), holes=False) > 0


def render(scene: Scene) -> NDArray[np.uint8]:
    """The picture of a scene, RGB uint8 [480, 640, 3]."""
    rng = np.random.default_rng([scene.seed, scene.index])
    canvas = make_bench(rng, scene.bench, (HEIGHT, WIDTH), scene.light.colour, scene.light.turn)
    for item in scene.items:
        paint(canvas, item.shape, item.pose, item.finish, scene.light, rng)
    return expose(canvas, rng, scene.stops, scene.noise, scene.blur)


def label(scene: Scene) -> dict[str, Any]:
    """The scene's labels as labelme writes them."""
    dice = Dice(scene.seed, scene.index, 1)
    masks = [_mask(item, LABEL_FINE) for item in scene.items]
    shapes: list[dict[str, Any]] = []
    groups = 0
    for index, item in enumerate(scene.items):
        above = np.logical_or.reduce(masks[index + 1 :]) if masks[index + 1 :] else np.zeros_like(masks[index])
        visible = masks[index] & ~above
        free = not (masks[index] & above).any() and _is_inside(item, masks[index])
        simple = _simple_shape(item, dice) if free else None
        if simple is not None:
            shapes.append(_shape(item.shape.label, simple[0], simple[1], None))
            continue
        rings = _outlines(visible, dice)
        groups += len(rings) > 1
        shapes += [_shape(item.shape.label, "polygon", ring, groups if len(rings) > 1 else None) for ring in rings]
    return {
        "version": "6.3.1",
        "flags": {},
        "shapes": shapes,
        "imagePath": f"parts-{scene.index + 1:03d}.jpg",
        "imageData": None,
        "imageHeight": HEIGHT,
        "imageWidth": WIDTH,
    }


def _is_inside(item: Item, mask: NDArray[np.bool_]) -> bool:
    return not (mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def _shape(name: str, kind: str, points: list[list[float]], group: int | None) -> dict[str, Any]:
    return {
        "label": name,
        "points": points,
        "group_id": group,
        "description": "",
        "shape_type": kind,
        "flags": {},
        "mask": None,
    }


def _simple_shape(item: Item, dice: Dice) -> tuple[str, list[list[float]]] | None:
    """A circle or a rectangle, if a person would use one."""
    pose, size = item.pose, item.shape.size
    if item.shape.label == "washer" and pose.tilt == 0.0 and dice.chance(0.6):
        turn = dice.between(0, 2 * math.pi)
        centre = (pose.x + dice.between(-0.6, 0.6), pose.y + dice.between(-0.6, 0.6))
        radius = size["radius"] * pose.scale + dice.between(-0.4, 0.8)
        edge = (centre[0] + radius * math.cos(turn), centre[1] + radius * math.sin(turn))
        return "circle", [_rounded(centre), _rounded(edge)]
    if item.shape.label == "hinge" and pose.tilt == 0.0 and _along_axis(pose.turn):
        ring = np.argwhere(_mask(item, LABEL_FINE)) / LABEL_FINE
        (top, left), (bottom, right) = ring.min(axis=0), ring.max(axis=0) + 1 / LABEL_FINE
        corners = [(float(left), float(top)), (float(right), float(bottom))]
        return "rectangle", [_rounded((x + dice.between(-0.8, 0.8), y + dice.between(-0.8, 0.8))) for x, y in corners]
    return None


def _along_axis(turn: float) -> bool:
    return abs(math.remainder(turn, math.pi / 2)) < 0.02


def _outlines(visible: NDArray[np.bool_], dice: Dice) -> list[list[list[float]]]:
    """Polygons as a person clicks them: corners, points along the curves, and a slightly unsteady hand."""
    rings, _ = cv2.findContours(visible.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    least = max(40 * LABEL_FINE**2, 0.06 * visible.sum())
    kept = sorted((ring for ring in rings if cv2.contourArea(ring) >= least), key=cv2.contourArea, reverse=True)
    outlines = []
    for ring in kept:
        corners = cv2.approxPolyDP(ring, LABEL_FINE * CARE * dice.between(0.75, 1.25), closed=True)[:, 0, :].tolist()
        clicks: list[list[float]] = []
        for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
            parts = 1 + int(math.hypot(x2 - x1, y2 - y1) / (60 * LABEL_FINE))
            for part in range(parts):
                share = part / parts
                x, y = (x1 + share * (x2 - x1) + 0.5) / LABEL_FINE, (y1 + share * (y2 - y1) + 0.5) / LABEL_FINE
                clicks.append(_rounded((x + dice.between(-0.6, 0.6), y + dice.between(-0.6, 0.6))))
        outlines.append(clicks)
    return outlines


def _rounded(point: tuple[float, float]) -> list[float]:
    return [round(min(max(point[0], 0.0), float(WIDTH)), 2), round(min(max(point[1], 0.0), float(HEIGHT)), 2)]


def write(out: Path, seed: int = SEED, count: int = COUNT) -> None:
    """Writes ``count`` pictures with their labels into ``out``, and creates the folder if it is missing."""
    out.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        scene = make_scene(index, seed)
        labels = label(scene)
        picture = out / labels["imagePath"]
        Image.fromarray(render(scene)).save(picture, quality=scene.quality, optimize=True)
        picture.with_suffix(".json").write_text(json.dumps(labels, indent=2) + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Reads the command line and draws the data set."""
    parser = argparse.ArgumentParser(description="Makes the example data set `parts`.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "pictures")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    arguments = parser.parse_args()
    write(arguments.out, arguments.seed, arguments.count)


if __name__ == "__main__":
    main()
