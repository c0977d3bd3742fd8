"""The look of a picture: benches, metal under light, shadows, and the camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from parts_shapes import Field, Ring, Shape, relief

FINE = 3
"""Parts are drawn at this multiple of the picture's resolution and then averaged."""

Colour = tuple[float, float, float]

# Colour (linear RGB), how much it mirrors rather than scatters, sharpness of its highlights; shared by all classes.
FINISHES: dict[str, tuple[Colour, float, float]] = {
    "steel": ((0.56, 0.57, 0.58), 0.85, 18.0),
    "zinc": ((0.50, 0.56, 0.62), 0.7, 10.0),
    "brass": ((0.66, 0.46, 0.17), 0.8, 16.0),
    "copper": ((0.62, 0.33, 0.21), 0.75, 14.0),
    "black": ((0.05, 0.05, 0.055), 0.5, 12.0),
    "chromate": ((0.58, 0.48, 0.24), 0.7, 12.0),
    "stainless": ((0.42, 0.42, 0.41), 0.6, 7.0),
    "rusty": ((0.26, 0.13, 0.07), 0.15, 5.0),
    "blue": ((0.06, 0.13, 0.42), 0.6, 14.0),
    "red": ((0.45, 0.05, 0.05), 0.5, 14.0),
}


@dataclass
class Light:
    """The lamp of a picture.

    Attributes:
        turn: Direction that it comes from, in radians.
        height: Its angle above the bench, in radians.
        colour: RGB, linear.
        soft: Width of the shadows' edges in pixels.
        fill: Share of light that reaches the shadows.
    """

    turn: float
    height: float
    colour: Colour
    soft: float
    fill: float

    def vector(self) -> NDArray[np.float32]:
        """Unit vector towards the lamp: x right, y down, z up from the bench."""
        flat = math.cos(self.height)
        return np.array([flat * math.cos(self.turn), flat * math.sin(self.turn), math.sin(self.height)], np.float32)


@dataclass
class Pose:
    """Position of a part: centre in pixels, rotation and camera tilt in radians, pixels per millimetre."""

    x: float
    y: float
    turn: float
    scale: float
    tilt: float

    def project(self, ring: Ring, lift: float, fine: int) -> NDArray[np.int32]:
        """A ring of mm as points [P, 1, 2] in sixteenths of a pixel of a picture ``fine`` times finer."""
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        squash, rise = math.cos(self.tilt), math.sin(self.tilt) * lift * self.scale
        points = [
            (self.x + self.scale * (u * cos - v * sin), self.y + self.scale * squash * (u * sin + v * cos) - rise)
            for u, v in ring
        ]
        return np.array([[[round((fine * c - 0.5) * 16) for c in point]] for point in points], np.int32)


def silhouette(
    shape: Shape, pose: Pose, fine: int, size: tuple[int, int], top_only: bool = False, holes: bool = True
) -> NDArray[np.uint8]:
    """The part's mask: its top face, and with it the side walls that a tilted camera sees.

    Args:
        shape: The part.
        pose: Where it lies.
        fine: Pixels a picture pixel.
        size: Height and width of the picture in pixels.
        top_only: Leaves the side walls out.
        holes: Cuts the holes out.

    Returns:
        uint8 [height * fine, width * fine] of 0 and 255.
    """
    top = shape.thickness if shape.swept else 0.0
    reach = top * pose.scale * math.sin(pose.tilt) * fine
    steps = 1 if top_only or reach < 1 else math.ceil(reach) + 1
    union = np.zeros((size[0] * fine, size[1] * fine), np.uint8)
    for step in range(steps):
        lift = top * (1 - step / max(1, steps - 1)) if steps > 1 else top
        layer = np.zeros_like(union)
        for ring in shape.outer:
            cv2.fillPoly(layer, [pose.project(ring, lift, fine)], 255, shift=4)
        for ring in shape.holes if holes else ():
            cv2.fillPoly(layer, [pose.project(ring, lift, fine)], 0, shift=4)
        union |= layer
    return union


def clouds(
    rng: np.random.Generator, size: tuple[int, int], cell: float, octaves: int = 3, stretch: float = 1.0
) -> Field:
    """Smooth noise of about -1..1, float32 [H, W]; ``cell`` is its grain in pixels, longer along x by ``stretch``."""
    total = np.zeros(size, np.float32)
    for octave in range(octaves):
        grain = max(1.0, cell / 2**octave)
        grid = (max(2, round(size[0] / grain) + 2), max(2, round(size[1] / grain / stretch) + 2))
        noise = rng.standard_normal(grid).astype(np.float32)
        total += cv2.resize(noise, size[::-1], interpolation=cv2.INTER_CUBIC) * 0.5**octave
    return total / 1.6


def shade(normal: NDArray[np.float32], finish: str, light: Light, speck: Field) -> NDArray[np.float32]:
    """Colour of a surface, linear RGB float32 [H, W, 3].

    Args:
        normal: Unit normals, float32 [H, W, 3].
        finish: A name of `FINISHES`.
        light: The lamp.
        speck: Small differences of the surface, float32 [H, W], about -1..1.
    """
    colour, mirror, sharp = FINISHES[finish]
    lamp = light.vector()
    upright = normal[..., 2]
    mirrored = 2 * upright[..., None] * normal - np.array([0, 0, 1], np.float32)
    glint = np.exp(sharp * (mirrored @ lamp - 1))
    window = np.exp(5 * (mirrored @ np.array([-0.7 * lamp[0], -0.7 * lamp[1], 0.7], np.float32) - 1))
    room = 0.05 + 0.6 * np.clip(mirrored[..., 2], 0, 1) ** 1.3
    scatter = light.fill + (1 - light.fill) * np.clip(normal @ lamp, 0, 1) / 0.8
    strength = mirror * (room + 1.7 * glint + 0.6 * window) + (1 - mirror) * scatter
    base = np.array(colour, np.float32)
    lit = base * (strength * (1 + 0.14 * speck))[..., None] + (0.05 + 0.12 * (1 - mirror)) * glint[..., None]
    return (lit * np.array(light.colour, np.float32)).astype(np.float32)


def paint(
    canvas: NDArray[np.float32], shape: Shape, pose: Pose, finish: str, light: Light, rng: np.random.Generator
) -> None:
    """Draws a part and its shadow into ``canvas``, linear RGB float32 [H, W, 3], in place."""
    left, top, right, bottom = _extent(shape, pose, canvas.shape[1], canvas.shape[0])
    local = Pose(pose.x - left, pose.y - top, pose.turn, pose.scale, pose.tilt)
    size = (bottom - top, right - left)
    body = silhouette(shape, local, FINE, size)
    face = silhouette(shape, local, FINE, size, top_only=True)
    canvas *= _shadow(shape, pose, light, canvas.shape[:2])[..., None]
    part = canvas[top:bottom, left:right]
    normal = _normals(shape, local, face, rng)
    speck = clouds(rng, face.shape, 3.0, 2, 6.0) + 0.6 * clouds(rng, face.shape, 60.0, 3)
    colour = shade(normal, finish, light, speck)
    if (body != face).any():
        colour = np.where(face[..., None] > 0, colour, _walls(body, finish, light, speck))
    covered = (body > 0).astype(np.float32)[..., None]
    small = cv2.resize(np.concatenate([colour * covered, covered], axis=2), size[::-1], interpolation=cv2.INTER_AREA)
    part *= 1 - small[..., 3:]
    part += small[..., :3]


def _extent(shape: Shape, pose: Pose, width: int, height: int) -> tuple[int, int, int, int]:
    """The part's box in whole pixels, clipped to the picture: left, top, right, bottom."""
    lifts = (0.0, shape.thickness)
    points = np.concatenate([pose.project(ring, lift, 1)[:, 0] for ring in shape.outer for lift in lifts]) / 16
    (left, top), (right, bottom) = np.floor(points.min(axis=0)) - 3, np.ceil(points.max(axis=0)) + 4
    return max(0, int(left)), max(0, int(top)), min(width, int(right)), min(height, int(bottom))


def _shadow(shape: Shape, pose: Pose, light: Light, size: tuple[int, int]) -> Field:
    mask = silhouette(shape, pose, 1, size).astype(np.float32) / 255
    length = min(shape.thickness * pose.scale / math.tan(light.height), 45.0)
    cast = np.zeros_like(mask)
    steps = max(2, int(length / 2))
    for step in range(steps + 1):
        way = length * step / steps
        move = np.array([[1, 0, -way * math.cos(light.turn)], [0, 1, -way * math.sin(light.turn)]], np.float32)
        cast = np.maximum(cast, cv2.warpAffine(mask, move, mask.shape[::-1]))
    cast = cv2.GaussianBlur(cast, (0, 0), light.soft)
    contact = cv2.GaussianBlur(mask, (0, 0), 1.5 + 0.25 * shape.thickness * pose.scale)
    return (1 - (1 - light.fill) * 0.8 * cast) * (1 - 0.4 * contact)


def _local(shape: Shape, pose: Pose, size: tuple[int, ...]) -> tuple[Field, Field]:
    lift = shape.thickness if shape.swept else 0.0
    ys, xs = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    x = ((xs + 0.5) / FINE - pose.x) / pose.scale
    y = ((ys + 0.5) / FINE - pose.y + lift * pose.scale * math.sin(pose.tilt)) / (pose.scale * math.cos(pose.tilt))
    cos, sin = math.cos(pose.turn), math.sin(pose.turn)
    return (x * cos + y * sin).astype(np.float32), (y * cos - x * sin).astype(np.float32)


def _normals(shape: Shape, pose: Pose, face: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    u, v = _local(shape, pose, face.shape)
    edge = cv2.distanceTransform(face, cv2.DIST_L2, 5) / (pose.scale * FINE)
    height = cv2.GaussianBlur(relief(shape, u, v, edge.astype(np.float32)), (0, 0), 1.2) * pose.scale * FINE
    down, right = np.gradient(height)
    lean = rng.normal(0, 0.09, 2)
    waves = clouds(rng, face.shape, 90.0, 2) * 0.05
    normal = np.stack(
        [-right + lean[0] + waves, -down + lean[1] - waves - math.tan(pose.tilt) * 0.3, np.ones_like(down)], axis=2
    )
    return (normal / np.sqrt((normal**2).sum(axis=2, keepdims=True))).astype(np.float32)


def _walls(body: NDArray[np.uint8], finish: str, light: Light, speck: Field) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(body.astype(np.float32) / 255, (0, 0), 5)
    down, right = np.gradient(soft)
    normal = np.stack([-right * 9, np.maximum(-down * 9, 0.05), np.full_like(down, 0.18)], axis=2)
    normal /= np.sqrt((normal**2).sum(axis=2, keepdims=True))
    return shade(normal.astype(np.float32), finish, light, speck) * 0.8


def expose(
    canvas: NDArray[np.float32], rng: np.random.Generator, stops: float, noise: float, blur: float
) -> NDArray[np.uint8]:
    """The camera's picture of the scene: blur, fall-off, sensor noise and gamma.

    Args:
        canvas: Linear RGB float32 [H, W, 3].
        rng: Source of the noise.
        stops: Exposure in stops.
        noise: Spread of the sensor noise at full scale, about 0.01.
        blur: Spread of the lens blur in pixels.

    Returns:
        sRGB uint8 [H, W, 3].
    """
    height, width = canvas.shape[:2]
    light = cv2.GaussianBlur(canvas * 2.0**stops, (0, 0), blur)
    ys, xs = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    light = light * (1 - 0.14 * (xs**2 + ys**2))[..., None]
    grain = rng.standard_normal((height, width, 3)).astype(np.float32)
    grain = 0.6 * grain + 0.8 * grain.mean(axis=2, keepdims=True)
    light = light + grain * noise * np.sqrt(np.clip(light, 0.01, 1))
    curve = np.clip(light, 0, None)
    curve = np.where(curve > 0.7, 0.7 + 0.3 * np.tanh((curve - 0.7) / 0.3), curve)
    return np.round(255 * np.clip(curve, 0, 1) ** (1 / 2.2)).astype(np.uint8)
