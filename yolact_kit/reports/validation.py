"""The page that `yolact-kit validate --report` writes: what a data set holds, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit import __version__
from yolact_kit.datasets.checks import SEVERITY_WORDS, Validation, problem_title
from yolact_kit.datasets.mending import MENDABLE
from yolact_kit.datasets.occurrence import co_occurrence, heat_maps, objects_a_picture
from yolact_kit.datasets.statistics import SIZE_NAMES, object_table
from yolact_kit.files import atomic_write_text
from yolact_kit.progress import Progress
from yolact_kit.reports.pages import css_color, data_url, render_page
from yolact_kit.reports.problem_pictures import ProblemPicture, add_thumbnails, locate_problems, pictures_to_draw
from yolact_kit.shown_paths import shown_path, without_folders

SHOWN = 100
"""At most this many problems of a check are shown; the page says how many there are."""
_MATRIX = 16
"""At most this many classes, the most frequent ones, are in the table of classes that occur together."""
_STOPS = np.array([[13, 8, 40], [87, 22, 110], [187, 55, 84], [249, 142, 9], [252, 255, 164]], dtype=np.float64)
"""Colours of heat, cold first."""


def write_validation_report(
    validation: Validation, file: Path | str, source: str = "", progress: Progress | None = None
) -> Path:
    """Writes a page about a data set that needs nothing but itself: no network, no other file.

    Args:
        validation: What the checks found.
        file: The HTML file.
        source: What the user calls the data set; its name by default.
        progress: Wraps the pictures as they are drawn; also given how many there will be.

    Returns:
        The file.

    Example:
        >>> write_validation_report(validate_folder("data", model), "report.html")  # doctest: +SKIP
    """
    groups = _groups(locate_problems(validation))
    entries = [entry for group in groups for entry in group["entries"]]
    drawing = add_thumbnails(entries, validation)
    for _ in progress(drawing, pictures_to_draw(entries)) if progress else drawing:
        pass
    context = _context(validation, groups, shown_path(source or validation.dataset.name))
    page = render_page("validation.html", **context)
    if source:
        page = without_folders(page, [source])
    file = Path(file)
    atomic_write_text(file, page)
    return file


def _context(validation: Validation, groups: list[dict[str, Any]], source: str) -> dict[str, Any]:
    """What the template shows, by the names that it uses."""
    statistics = validation.statistics
    return {
        "version": __version__,
        "source": source,
        "name": validation.dataset.name,
        "splits": [split or "all" for split in statistics.pictures],
        "tiles": _tiles(validation),
        "classes": _classes(validation),
        "sizes": _bars({f"{name} px": statistics.sizes[name] for name in SIZE_NAMES}),
        "recall": [
            {"name": f"{name} px", "share": statistics.anchors.by_size[name], "count": statistics.sizes[name]}
            for name in SIZE_NAMES
        ],
        "input_size": statistics.input_size,
        "a_picture": _bars(_binned(objects_a_picture(validation.dataset))),
        "matrix": _matrix(validation),
        "heat": _heat(validation),
        "groups": groups,
        "counts": {
            "errors": validation.error_count,
            "others": len(validation.problems) - validation.error_count,
        },
    }


def _tiles(validation: Validation) -> list[tuple[str, str]]:
    """The figures at the top of the page, each with its name."""
    statistics = validation.statistics
    recall = statistics.anchors.overall
    return [
        ("pictures", f"{statistics.picture_count:,}"),
        ("without objects", f"{sum(statistics.backgrounds.values()):,}"),
        ("objects", f"{statistics.object_count:,}"),
        ("classes", f"{len(validation.dataset.classes):,}"),
        ("objects a picture", f"{statistics.crowding.mean:.1f}"),
        ("most in one picture", f"{statistics.crowding.most:,}"),
        ("fit an anchor", "-" if recall is None else f"{recall:.0%}"),
    ]


def _classes(validation: Validation) -> list[dict[str, Any]]:
    """A row for each class: its objects in each split, their usual size, and how many fit an anchor."""
    statistics, dataset = validation.statistics, validation.dataset
    table = object_table(dataset)
    sides = table.sides(statistics.input_size).min(axis=1, initial=np.inf)
    rows: list[dict[str, Any]] = []
    for number, label in enumerate(dataset.classes):
        counts = [statistics.objects[split].get(label, 0) for split in statistics.pictures]
        own = sides[table.labels == number]
        rows.append({
            "name": label,
            "color": css_color(number),
            "counts": counts,
            "total": sum(counts),
            "side": float(np.median(own)) if len(own) else None,
            "recall": statistics.anchors.by_class.get(label),
        })  # fmt: skip
    most = max((row["total"] for row in rows), default=0)
    for row in rows:
        row["shares"] = [100 * count / most if most else 0.0 for count in row["counts"]]
    return rows


def _bars(counts: dict[str, int]) -> list[dict[str, Any]]:
    """Bars of a chart, the longest 100 % wide."""
    most = max(counts.values(), default=0)
    return [
        {"name": name, "count": count, "share": 100 * count / most if most else 0.0} for name, count in counts.items()
    ]


def _binned(counts: dict[int, int]) -> dict[str, int]:
    """Pictures by their number of objects: a bar for each number up to 12 bars, otherwise about 10 steps."""
    most = max(counts, default=0)
    step = 1 if most <= 11 else -(-most // 10)
    bins: dict[str, int] = {"0": counts.get(0, 0)}
    for start in range(1, most + 1, step):
        end = start + step - 1
        bins[str(start) if step == 1 else f"{start}-{end}"] = sum(counts.get(n, 0) for n in range(start, end + 1))
    return bins


def _matrix(validation: Validation) -> dict[str, Any]:
    """In how many pictures the most frequent classes occur together."""
    totals: dict[str, int] = {}
    for name in validation.dataset.classes:
        totals[name] = sum(counts.get(name, 0) for counts in validation.statistics.objects.values())
    names = sorted((name for name in totals if totals[name]), key=lambda name: -totals[name])[:_MATRIX]
    together = co_occurrence(validation.dataset, names)
    most = int(np.triu(together, k=1).max(initial=0))
    rows = [
        [{"count": int(count), "share": min(1.0, count / most) if most else 0.0} for count in row] for row in together
    ]
    return {"names": names, "rows": rows, "left_out": sum(total > 0 for total in totals.values()) - len(names)}


def _heat(validation: Validation) -> list[dict[str, str]]:
    """A map of all objects, then one of each class with objects."""
    maps = heat_maps(validation.dataset)
    if not maps:
        return []
    whole = {"": np.sum(list(maps.values()), axis=0)}
    ordered = {name: maps[name] for name in validation.dataset.classes if name in maps}
    return [{"name": name, "url": _png(heat)} for name, heat in {**whole, **ordered}.items()]


def _png(heat: NDArray[np.float64]) -> str:
    """A heat map as a picture in a URL."""
    # The stops are spread evenly from no heat to the most; red, green and blue are interpolated between them each.
    values = heat / max(float(heat.max()), 1e-9)
    positions = np.linspace(0, 1, len(_STOPS))
    colours = np.stack([np.interp(values, positions, channel) for channel in _STOPS.T], axis=-1)
    return data_url(np.rint(colours).astype(np.uint8), "PNG", optimize=True)


def _groups(entries: list[ProblemPicture]) -> list[dict[str, Any]]:
    """Problems by severity and check, with what the check looks for and what to do about it."""
    by_kind: dict[tuple[str, str], list[ProblemPicture]] = {}
    for entry in entries:
        by_kind.setdefault((entry.problem.severity, entry.problem.code), []).append(entry)
    return [
        {
            "code": code,
            "severity": severity,
            "word": SEVERITY_WORDS[severity],
            "title": problem_title(members[0].problem),
            "advice": members[0].problem.advice,
            "mendable": code in MENDABLE,
            "count": len(members),
            "entries": members[:SHOWN],
        }
        for (severity, code), members in by_kind.items()
    ]
