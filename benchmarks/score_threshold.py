"""Which rule chooses the best score threshold from a few pictures?

Detections are drawn from a seed: in each picture some objects, a score for each one that is found, and scores of wrong
detections; some pictures have higher scores than others. Each rule chooses a threshold on a few of 2,000 pictures, 100
times over. The F1 of all pictures at that threshold tells how good the choice was. Prints a table and writes JSON.

Example: python benchmarks/score_threshold.py --pictures 1 3 5 9 30
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from yolact_kit.config.score_threshold import DEFAULT_SCORE
from yolact_kit.evaluation.chosen_threshold import choose_threshold
from yolact_kit.evaluation.coco import Scores
from yolact_kit.evaluation.matches import ClassMatches
from yolact_kit.evaluation.thresholds import Ranking

ALL, REPEATS = 2000, 100


@dataclass(frozen=True)
class Model:
    """A kind of model: the logit of the scores (mean, spread) of right and wrong detections, and how many there are."""

    right: tuple[float, float]
    wrong: tuple[float, float]
    wrong_per_object: float
    missed: float
    objects: int


MODELS = {
    "too sure: doubles score high": Model((2.5, 1.2), (-0.3, 1.3), 1.2, 0.05, 8),
    "unsure": Model((-0.5, 1.0), (-2.3, 0.8), 1.5, 0.15, 8),
    "0.3 is right": Model((0.8, 1.5), (-1.5, 1.2), 1.0, 0.15, 8),
    "right and wrong far apart": Model((3.5, 0.8), (-2.0, 0.8), 1.0, 0.02, 8),
    "few objects": Model((1.5, 1.5), (-1.0, 1.3), 1.0, 0.15, 2),
}


def draw(model: Model, random: np.random.Generator) -> ClassMatches:
    """The detections of all pictures."""
    scores, right, pictures = [], [], []
    objects = 1 + random.poisson(model.objects - 1, ALL)
    for picture, count in enumerate(objects):
        mood = random.normal(0, 0.5)
        hits = random.binomial(count, 1 - model.missed)
        misses = random.poisson(model.wrong_per_object * count * np.exp(random.normal(0, 0.5)))
        logits = np.r_[random.normal(*model.right, hits) + mood, random.normal(*model.wrong, misses) + mood / 2]
        scores.append(1 / (1 + np.exp(-logits)))
        right.append(np.arange(hits + misses) < hits)
        pictures.append(np.full(hits + misses, picture))
    every = np.concatenate(scores)
    order = np.argsort(-every)
    matched = np.where(np.concatenate(right), 0, -1)[order]
    index = np.arange(len(every))
    return ClassMatches(
        every[order], np.concatenate(pictures)[order], index, matched[None], np.zeros((1, len(every)), bool), objects
    )


def part(matches: ClassMatches, chosen: np.ndarray) -> ClassMatches:
    """The detections of some pictures."""
    position = np.full(len(matches.objects), -1)
    position[chosen] = np.arange(len(chosen))
    rows = position[matches.pictures] >= 0
    return ClassMatches(
        matches.scores[rows], position[matches.pictures[rows]], matches.results[rows], matches.matched[:, rows],
        matches.ignored[:, rows], matches.objects[chosen],
    )  # fmt: skip


def measure(name: str, count: int) -> dict[str, object]:
    """Mean and worst F1 of each rule, after choosing on so many pictures."""
    random = np.random.default_rng(1)
    matches = draw(MODELS[name], random)
    whole = Ranking.of([matches])
    f1: dict[str, list[float]] = {"0.3": [], "best F1": [], "ours": []}
    for _ in range(REPEATS):
        few = part(matches, random.choice(ALL, count, replace=False))
        best, ours = Ranking.of([few]).best(), choose_threshold(Scores({}, {}, {}, matches=[few]))
        f1["0.3"].append(whole.at(DEFAULT_SCORE).f1 or 0.0)
        f1["best F1"].append(whole.at(best.score if best else DEFAULT_SCORE).f1 or 0.0)
        f1["ours"].append(whole.at(ours.score if ours else DEFAULT_SCORE).f1 or 0.0)
    possible = whole.best()
    row: dict[str, object] = {"model": name, "pictures": count, "possible": possible.f1 if possible else None}
    for rule, values in f1.items():
        row[rule] = {"mean": float(np.mean(values)), "low": float(np.quantile(values, 0.05))}
    return row


def main() -> None:
    """Reads the command line, measures and prints."""
    parser = argparse.ArgumentParser(description="Rules that choose a score threshold from a few pictures.")
    parser.add_argument("--pictures", type=int, nargs="+", default=[1, 3, 5, 9, 30])
    parser.add_argument("--out", type=Path, default=Path("runs/score_threshold.json"))
    arguments = parser.parse_args()
    rows = [measure(name, count) for name in MODELS for count in arguments.pictures]
    table = Table("model", "pictures", "possible F1", "0.3", "best F1", "ours")
    for row in rows:
        cells = [f"{row[rule]['mean']:.3f} ({row[rule]['low']:.3f})" for rule in ("0.3", "best F1", "ours")]  # type: ignore[index]
        table.add_row(str(row["model"]), str(row["pictures"]), f"{row['possible']:.3f}", *cells)
    Console().print(table)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
