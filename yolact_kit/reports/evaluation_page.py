"""The page that `yolact-kit evaluate` writes: what a model is good and bad at, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from yolact_kit import __version__
from yolact_kit.config.score_threshold import DEFAULT_SCORE, ScoreThreshold
from yolact_kit.evaluation.analysis import Analysis
from yolact_kit.evaluation.bootstrap import Comparison, Difference
from yolact_kit.evaluation.coco import PRECISIONS, Scores
from yolact_kit.evaluation.split import LabelledSplit
from yolact_kit.evaluation.split_evaluation import Evaluation
from yolact_kit.evaluation.thresholds import Ranking
from yolact_kit.files import atomic_write_text
from yolact_kit.progress import Progress
from yolact_kit.reports.pages import css_color, data_url, render_page
from yolact_kit.reports.worst_pictures import draw_worst
from yolact_kit.shown_paths import shown_path

CURVES = 20
"""At most this many classes, those with most objects, have a curve of their own."""
_DASHES = ("", "9 4", "9 4 2 4", "2 4")
"""Line styles of the classes, for readers who cannot tell two colours apart."""
_MATRIX = 30
"""At most this many classes are in the confusion matrix."""


def write_evaluation_report(
    file: Path | str,
    split: LabelledSplit,
    evaluation: Evaluation,
    analysis: Analysis,
    weights: str,
    against: tuple[str, Comparison] | None = None,
    progress: Progress | None = None,
    threshold: ScoreThreshold | None = None,
) -> Path:
    """Writes a page about an evaluation that needs nothing but itself: no network, no other file.

    Args:
        file: The HTML file.
        split: The split that was evaluated on.
        evaluation: The results of the model.
        analysis: What the model is good and bad at.
        weights: What the user calls the model.
        against: What the user calls another model, and the comparison with it.
        progress: Wraps the worst pictures as they are drawn; also given how many there are.
        threshold: The score threshold that is stored with the weights; None where they have none.

    Returns:
        The file.

    Example:
        >>> analysis = analyse(evaluation)  # doctest: +SKIP
        >>> write_evaluation_report("report.html", split, evaluation, analysis, "runs/first")  # doctest: +SKIP
    """
    drawing = draw_worst(analysis.worst, split.folder, evaluation.truth, evaluation.results)
    pictures = []
    for errors, pixels in progress(drawing, len(analysis.worst)) if progress else drawing:
        url = data_url(pixels, quality=75, optimize=True)
        pictures.append({"file": errors.image["file_name"], "url": url, **errors.to_dict()})
    colors = {name: css_color(label) for label, name in enumerate(analysis.categories)}
    page = render_page(
        "evaluation.html",
        version=__version__,
        split=split.name,
        undefined=evaluation.why_undefined(split.name),
        weights=shown_path(weights),
        score=analysis.score,
        stored=threshold,
        default_score=DEFAULT_SCORE,
        tiles=_tiles(evaluation, analysis, threshold),
        classes=_classes(evaluation, colors),
        thresholds=_thresholds(analysis, colors),
        curves=_curves(evaluation.metrics.mask, colors),
        matrix=_matrix(analysis),
        errors=_errors(analysis),
        calibration=analysis.calibration,
        boundary=analysis.boundary,
        worst=pictures,
        against=None if against is None else _against(*against),
    )
    file = Path(file)
    atomic_write_text(file, page)
    return file


def _tiles(evaluation: Evaluation, analysis: Analysis, threshold: ScoreThreshold | None) -> list[tuple[str, str]]:
    """The figures at the top of the page, each with its name."""
    mask, box = evaluation.metrics.mask, evaluation.metrics.box
    best = analysis.all.best()
    stored = []
    if threshold is not None:
        f1 = analysis.all.at(threshold.score).f1
        stored.append((f"F1 from score {threshold.score:.2f}, chosen in training", _number(f1)))
    return [
        ("mask AP", _number(mask.values["AP"])),
        ("mask AP50", _number(mask.values["AP50"])),
        ("mask AP75", _number(mask.values["AP75"])),
        ("box AP", _number(box.values["AP"])),
        ("boundary AP", _number(analysis.boundary.scores.values["AP"])),
        *stored,
        ("best F1" if best is None else f"best F1, from score {best.score:.2f}", _number(best.f1 if best else None)),
        ("pictures", f"{len(evaluation.truth['images']):,}"),
        ("objects", f"{sum(mask.objects.values()):,}"),
    ]


def _number(value: float | None) -> str:
    """A metric to three decimals, a dash where it is not defined."""
    return "-" if value is None else f"{value:.3f}"


def _classes(evaluation: Evaluation, colors: dict[str, str]) -> list[dict[str, Any]]:
    """A row for each class, and one for all."""
    mask, box = evaluation.metrics.mask, evaluation.metrics.box
    rows = [(name, colors[name], mask.objects[name], mask.by_class[name], box.by_class[name]) for name in mask.by_class]
    rows.append(("", "", sum(mask.objects.values()), mask.values, box.values))
    return [
        {
            "name": name,
            "color": color,
            "objects": objects,
            "values": [masks[column] for column in PRECISIONS] + [boxes[column] for column in PRECISIONS[:3]],
        }
        for name, color, objects, masks, boxes in rows
    ]


def _thresholds(analysis: Analysis, colors: dict[str, str]) -> dict[str, Any]:
    """Operating points at the chosen threshold and the best one, and counts at each hundredth for the page's slider."""
    rankings = {"": analysis.all, **analysis.by_class}
    rows = [
        {
            "name": name,
            "color": colors.get(name, ""),
            "chosen": ranking.at(analysis.score),
            "best": ranking.best(),
        }
        for name, ranking in rankings.items()
    ]
    counts = [_counts(ranking) for ranking in rankings.values()]
    return {"rows": rows, "counts": counts, "lines": _lines(analysis.all)}


def _counts(ranking: Ranking) -> dict[str, Any]:
    """Right and wrong detections at each hundredth of the threshold."""
    points = [ranking.at(step / 100) for step in range(101)]
    return {
        "objects": ranking.objects,
        "right": [point.right for point in points],
        "wrong": [point.wrong for point in points],
    }


def _lines(ranking: Ranking) -> dict[str, str]:
    """Precision, recall and F1 against the threshold."""
    points = [ranking.at(step / 100) for step in range(101)]
    return {
        name: _polyline([(point.score, value) for point in points if (value := getattr(point, name)) is not None])
        for name in ("precision", "recall", "f1")
    }


def _polyline(points: Sequence[tuple[float, float]]) -> str:
    """Points of 0..1 as SVG wants them, in a square of 300 whose y points down."""
    return " ".join(f"{300 * x:.1f},{300 * (1 - y):.1f}" for x, y in points)


def _curves(scores: Scores, colors: dict[str, str]) -> list[dict[str, Any]]:
    """Precision against recall at IoU 0.50 and 0.75, by class and on average."""
    if scores.precision is None:
        return []
    names = list(scores.by_class)
    labels = [label for label, name in enumerate(names) if scores.by_class[name]["AP"] is not None]
    frequent = sorted(labels, key=lambda label: -scores.objects[names[label]])[:CURVES]
    recall = np.linspace(0, 1, 101).tolist()
    charts = []
    for title, level, key in (("0.50", 0, "AP50"), ("0.75", 5, "AP75")):
        lines = [
            {
                "name": names[label],
                "color": colors[names[label]],
                "dash": _DASHES[label % len(_DASHES)],
                "value": scores.by_class[names[label]][key],
                "points": _polyline(list(zip(recall, scores.precision[level, :, label].tolist(), strict=True))),
            }
            for label in sorted(frequent)
        ]
        if labels:
            mean = scores.precision[level][:, labels].mean(axis=1)
            points = _polyline(list(zip(recall, mean.tolist(), strict=True)))
            lines.append({"name": "mean", "color": "", "dash": "", "value": float(mean.mean()), "points": points})
        charts.append({"title": title, "lines": lines, "left_out": len(labels) - len(frequent)})
    return charts


def _matrix(analysis: Analysis) -> dict[str, Any]:
    """The confusion matrix of the classes with most counts, and background."""
    counts, names = analysis.confusion, analysis.categories
    # Rows are what is labelled, columns what is detected, and the last of each is background. A class matters by the
    # objects in its row and the detections in its column.
    weight = counts[:-1].sum(axis=1) + counts[:, :-1].sum(axis=0)
    heaviest = sorted(range(len(names)), key=lambda label: -weight[label])[:_MATRIX]
    labels = [*sorted(heaviest), len(names)]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    rows = [
        {
            "name": "nothing there" if row == len(names) else names[row],
            "cells": [
                {"count": int(counts[row, column]), "share": float(shares[row, column]), "right": row == column}
                for column in labels
            ],
        }
        for row in labels
    ]
    return {
        "columns": [*(names[label] for label in labels[:-1]), "missed"],
        "rows": rows,
        "left_out": len(names) - len(heaviest),
    }


def _errors(analysis: Analysis) -> dict[str, Any]:
    """The causes that keep AP below 1, the largest first, with advice against those that cost anything."""
    losses = analysis.advice.losses
    most = losses[0].ap
    rows = [
        {
            "kind": loss.kind,
            "count": loss.count,
            "cost": loss.ap,
            "share": 100 * (loss.ap or 0) / most if most else 0.0,
            "advice": loss.text if loss.matters else "",
        }
        for loss in losses
    ]
    return {"rows": rows, "split": analysis.errors, "advice": analysis.advice}


def _against(weights: str, comparison: Comparison) -> dict[str, Any]:
    """The comparison with another model: a row for each metric, with its interval as a bar."""
    parts = (("mask", comparison.mask, comparison.mask_by_class), ("box", comparison.box, comparison.box_by_class))
    rows: list[tuple[str, Difference]] = []
    for kind, values, by_class in parts:
        rows += [(f"{kind} {name}", change) for name, change in values.items()]
        rows += [(f"{kind} AP of {name}", change) for name, change in by_class.items() if change.low is not None]
    reach = 0.01
    for _, change in rows:
        for end in (change.low, change.high):
            reach = max(reach, abs(end or 0.0))
    return {
        "weights": shown_path(weights),
        "comparison": comparison,
        "main": comparison.mask["AP"],
        "rows": [{"name": name, "change": change, "bar": _bar(change, reach)} for name, change in rows],
    }


def _bar(change: Difference, reach: float) -> dict[str, float] | None:
    """Where an interval lies on a line from ``-reach`` to ``reach``, in percent."""
    if change.low is None or change.high is None or change.difference is None:
        return None
    low, high, middle = (50 * (1 + value / reach) for value in (change.low, change.high, change.difference))
    return {"left": low, "width": max(high - low, 0.5), "middle": min(max(middle, 0.0), 100.0)}
