"""Outlines of things that consist of several pieces: plants, vessels, animals, tools, signs."""

from __future__ import annotations

import numpy as np
from starter_noise import Dice
from starter_outlines import TURN, Piece, Points, band, curve, disc, polar, rounded_box, wobble


def tree(dice: Dice) -> list[Piece]:
    """A stem with branches that branch."""
    lines: list[Points] = []
    widths: list[float] = []
    spread, shrink, forks = dice.uniform(0.35, 0.8), dice.uniform(0.6, 0.8), int(dice.integers(2, 4))
    ends = [(np.zeros(2), -TURN / 4, 1.0, dice.uniform(0.12, 0.24))]
    for _ in range(3 if forks == 2 else 2):
        grown = []
        for start, heading, length, width in ends:
            end = start + length * np.array([np.cos(heading), np.sin(heading)])
            lines.append(curve(np.stack([start, (start + end) / 2 + dice.uniform(-0.06, 0.06, 2), end]), 8))
            widths.append(width)
            for turn in np.linspace(-spread, spread, forks):
                bent = heading + turn * 1.2 + dice.uniform(-0.2, 0.2)
                grown.append((end, bent, length * shrink * dice.uniform(0.7, 1.1), max(0.07, width * 0.7)))
        ends = grown
    for start, heading, length, width in ends:
        lines.append(np.stack([start, start + length * np.array([np.cos(heading), np.sin(heading)])]))
        widths.append(width)
    pieces = [Piece(lines, tuple(widths))]
    if dice.random() < 0.35:
        pieces += [Piece([disc(*line[-1], dice.uniform(0.12, 0.25))], part=1) for line in lines[-len(ends) :]]
    return pieces


def leaf(dice: Dice) -> list[Piece]:
    """A blade with a tip, mostly with a rib and a stalk."""
    t = np.linspace(0, 1, 60)
    spine = np.stack([2 * t - 1, dice.uniform(-0.25, 0.25) * (2 * t - 1) ** 2], axis=1)
    widths = dice.uniform(0.25, 0.6) * np.sin(np.pi * t ** dice.uniform(0.55, 1)) ** dice.uniform(0.8, 1.4)
    if dice.random() < 0.4:
        widths *= 1 + dice.uniform(0.04, 0.12) * np.sin(t * TURN * dice.integers(6, 14))
    pieces = [Piece([band(spine, np.maximum(widths, 0.0))])]
    if dice.random() < 0.8:
        stalk = np.concatenate([[[-1 - dice.uniform(0.1, 0.5), dice.uniform(-0.2, 0.2)]], spine[:1]])
        pieces.insert(0, Piece([stalk], (0.07,), part=1))
    if dice.random() < 0.7:
        ribs, thick = [spine[:54]], [0.04]
        for k in range(8, 46, int(dice.integers(6, 12))):
            for side in (-1, 1):
                ribs.append(np.stack([spine[k], spine[k] + [0.22, side * widths[k] * 0.75]]))
                thick.append(0.025)
        pieces.append(Piece(ribs, tuple(thick), part=1))
    return pieces


def vase(dice: Dice) -> list[Piece]:
    """A silhouette from a lathe: a random profile, the same on both sides."""
    count = int(dice.integers(4, 7))
    knots = np.stack([np.linspace(-1, 1, count), dice.uniform(0.18, 0.75, count)], axis=1)
    knots[0, 1] = dice.uniform(0.15, 0.45)
    profile = curve(knots, 50)
    low = np.maximum(profile[:, 1], 0.12)
    ring = np.concatenate([np.stack([low, profile[:, 0]], 1), np.stack([-low, profile[:, 0]], 1)[::-1]])
    pieces = [Piece([ring])]
    if dice.random() < 0.5:
        cut = slice(0, int(dice.integers(4, 14)))
        if dice.random() < 0.4:
            cut = slice(20, 20 + int(dice.integers(6, 20)))
        lid = np.stack([low[cut], profile[cut, 0]], 1)
        pieces.append(Piece([np.concatenate([lid, (lid * [-1, 1])[::-1]])], part=1))
    return pieces


def bunch(dice: Dice) -> list[Piece]:
    """Balls that lie on one another, as grapes do."""
    count = int(dice.integers(4, 20))
    size = dice.uniform(0.75, 1.1) * count**-0.5
    pieces: list[Piece] = []
    centres = [np.zeros(2)]
    while len(centres) < count:
        angle, base = dice.uniform(0, TURN), centres[int(dice.integers(len(centres)))]
        spot = base + 1.35 * size * np.array([np.cos(angle), np.sin(angle)])
        if min(np.linalg.norm(spot - other) for other in centres) > 1.1 * size:
            centres.append(spot)
    for x, y in centres:
        pieces.append(Piece([disc(x, y, size * dice.uniform(0.85, 1.1))], part=int(dice.random() < 0.1)))
    return pieces


def glyph(dice: Dice) -> list[Piece]:
    """Strokes between the points of a grid, as in letters."""
    spots = np.array([[x, y] for y in (-1.0, 0.0, 1.0) for x in (-0.7, 0.0, 0.7)])
    width = dice.uniform(0.2, 0.34)
    lines: list[Points] = []
    here = int(dice.choice([0, 2, 6, 8]))
    for _ in range(int(dice.integers(3, 6))):
        there = int(dice.choice([n for n in range(9) if n != here and np.abs(spots[n] - spots[here]).sum() > 0.9]))
        line = np.stack([spots[here], spots[there]])
        if dice.random() < 0.4:
            bulge = (line[1] - line[0])[::-1] * [1, -1] * dice.uniform(0.25, 0.5)
            line = curve(np.stack([line[0], line.mean(axis=0) + bulge, line[1]]), 14)
        lines.append(line)
        here = there if dice.random() < 0.75 else here
    return [Piece(lines, (width,) * len(lines))]


def sieve(dice: Dice) -> list[Piece]:
    """A disc or a plate with several holes."""
    if dice.random() < 0.5:
        outer, tall = polar(wobble(dice, 0.01)), 1.0
    else:
        tall = dice.uniform(0.6, 1)
        outer = rounded_box(2, 2 * tall, dice.uniform(0.05, 0.4) * tall)
    if dice.random() < 0.6:
        count = int(dice.integers(3, 8))
        hole = min(0.24, 0.95 / count) * dice.uniform(0.8, 1.15)
        spots = polar(np.full(count, dice.uniform(0.48, 0.6))) * [1, tall]
    else:
        spots = np.array([[x, y * tall] for x in (-0.55, 0.0, 0.55) for y in (-0.5, 0.0, 0.5)])
        spots = spots[dice.permutation(9)[: int(dice.integers(4, 10))]]
        hole = dice.uniform(0.13, 0.2)
    return [Piece([outer, *(disc(x, y, hole) for x, y in spots)])]


def paddle(dice: Dice) -> list[Piece]:
    """A long handle and a broad head of another material."""
    long, thick = dice.uniform(1.2, 2.6), dice.uniform(0.14, 0.3)
    handle = Piece(
        [band(np.array([[0, 0], [0, long * 0.7], [0, long]]), np.array([1, 1, dice.uniform(1, 1.5)]) * thick / 2)]
    )
    choice = dice.random()
    if choice < 0.4:
        head = disc(0, 0, dice.uniform(0.4, 0.7), dice.uniform(0.8, 1.5))
    elif choice < 0.75:
        head = rounded_box(dice.uniform(0.9, 1.6), dice.uniform(0.35, 0.6), dice.uniform(0.03, 0.15))
    else:
        head = polar(wobble(dice, 0.15)) * 0.55
    head[:, 0] += dice.uniform(-0.1, 0.1)
    return [handle, Piece([head], part=1)]


def cup(dice: Dice) -> list[Piece]:
    """A vessel with a handle at its side."""
    top, foot, tall = dice.uniform(0.55, 0.9), dice.uniform(0.4, 0.85), dice.uniform(0.6, 1.1)
    t = np.linspace(0, 1, 20)
    half = top + (foot - top) * t ** dice.uniform(0.8, 3)
    ring = np.concatenate([np.stack([half, 2 * tall * t - tall], 1), np.stack([-half, 2 * tall * t - tall], 1)[::-1]])
    size = tall * dice.uniform(0.4, 0.65)
    angles = np.linspace(-1.5, 1.5, 20)
    x = min(top, foot) * 0.9
    ear = np.stack([x + size * np.cos(angles), dice.uniform(-0.2, 0.1) + size * np.sin(angles)], axis=1)
    pieces = [Piece([ear], (dice.uniform(0.13, 0.22),)), Piece([ring])]
    if dice.random() < 0.6:
        pieces.append(Piece([disc(0, -tall, top, dice.uniform(0.15, 0.35))], part=int(dice.random() < 0.7)))
    return pieces


def beetle(dice: Dice) -> list[Piece]:
    """A body, a head and six or eight legs."""
    tall, reach = dice.uniform(0.45, 0.75), dice.uniform(0.45, 0.7)
    legs = []
    count = int(dice.integers(3, 5))
    for x in np.linspace(-0.55, 0.55, count):
        for side in (-1, 1):
            knee = [x * 1.25, side * (tall + reach * 0.55)]
            foot = [x * 1.25 + np.sign(x + 0.01) * dice.uniform(0.05, 0.35), side * (tall + reach)]
            legs.append(np.array([[x, 0], knee, foot]))
    pieces = [Piece(legs, (dice.uniform(0.09, 0.14),) * len(legs))]
    pieces.append(Piece([disc(1.0, 0, dice.uniform(0.28, 0.42))], part=int(dice.random() < 0.5)))
    if dice.random() < 0.5:
        halves = disc(0, 0, 1, tall)
        pieces.append(Piece([halves], part=1))
        pieces += [Piece([np.clip(halves, [-9, low], [9, high])], part=1) for low, high in ((-9, -0.01), (0.01, 9))]
    else:
        pieces.append(Piece([disc(0, 0, 1, tall)], part=1))
    return pieces


def fish(dice: Dice) -> list[Piece]:
    """A spindle with a tail, fins and an eye."""
    t = np.linspace(0, 1, 40)
    body = band(np.stack([2 * t - 1, np.zeros(40)], 1), dice.uniform(0.28, 0.6) * np.sin(np.pi * t**0.75) ** 0.9 + 0.02)
    size = dice.uniform(0.3, 0.55)
    tail = np.array([[0.85, 0], [1 + size, -size], [1 + size * dice.uniform(0.5, 0.9), 0], [1 + size, size]])
    high = body[:40, 1].max()
    fins = [np.array([[-0.3, -high * 0.7], [0.1, -high - dice.uniform(0.1, 0.35)], [0.4, -high * 0.5]])]
    if dice.random() < 0.6:
        fins.append(fins[0] * [1, -1])
    pieces = [Piece([fin], part=1) for fin in [tail, *fins]] + [Piece([body])]
    if dice.random() < 0.8:
        pieces.append(Piece([disc(-0.68, -0.06, 0.07)], part=1))
    return pieces


def figure(dice: Dice) -> list[Piece]:
    """A head, a trunk, two arms and two legs."""
    shoulder, hip, thick = dice.uniform(0.28, 0.42), dice.uniform(0.16, 0.28), dice.uniform(0.16, 0.24)
    trunk = np.array([[-shoulder, -0.5], [shoulder, -0.5], [hip, 0.3], [-hip, 0.3]])
    arms, legs = [], []
    for side in (-1, 1):
        lift = dice.uniform(-1.2, 1.2)
        elbow = np.array([side * (shoulder + 0.35 * np.cos(lift)), -0.42 + 0.35 * np.sin(lift)])
        bend = lift + dice.uniform(-0.9, 0.9)
        hand = elbow + 0.4 * np.array([side * np.cos(bend), np.sin(bend)])
        arms.append(np.array([[side * shoulder * 0.8, -0.42], elbow, hand]))
        stride = dice.uniform(0, 0.45)
        foot = [side * hip * 0.6 + side * stride * 1.3, 1.2 + dice.uniform(-0.1, 0.1)]
        legs.append(np.array([[side * hip * 0.6, 0.25], [side * (hip * 0.6 + stride * 0.8), 0.75], foot]))
    pieces = [Piece(legs, (thick,) * 2, part=1), Piece(arms, (thick * 0.8,) * 2), Piece([trunk])]
    pieces.append(
        Piece([disc(dice.uniform(-0.06, 0.06), -0.8, dice.uniform(0.2, 0.3), 1.15)], part=int(dice.random() < 0.6))
    )
    return pieces


def mushroom(dice: Dice) -> list[Piece]:
    """A cap on a stem."""
    tall, thick = dice.uniform(0.5, 1.4), dice.uniform(0.2, 0.45)
    stem = band(np.array([[0, -0.1], [dice.uniform(-0.1, 0.1), tall / 2], [0, tall]]), thick * np.array([0.8, 0.8, 1]))
    angles = np.linspace(np.pi, 2 * np.pi, 30)
    high = dice.uniform(0.5, 1.1)
    dome = np.stack([np.cos(angles), high * np.sin(angles)], 1)
    rim = np.stack([np.cos(angles)[::-1], dice.uniform(-0.05, 0.25) * -np.sin(angles)], 1)
    return [Piece([stem]), Piece([np.concatenate([dome, rim])], part=1)]
