"""How long do the kinds of NMS take on this machine, and which boxes do they keep?

The comparison of YOLACT's table 2c, on made-up scenes: anchors as a detector leaves them, few of them on objects.
``yolact-kit benchmark nms`` runs this file, which is shipped with the package; run by itself it is the same command.

Example: python benchmarks/nms.py --classes 3,80 --json
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from typing import Any

import torch
from rich.table import Table
from torch import Tensor
from torchvision.ops import batched_nms

from yolact_kit.ops.fixed_nms import fixed_suppression
from yolact_kit.ops.nms import NMS
from yolact_kit.ops.nms import USUAL as _OPTIONS

_OBJECTS = 20

Run = Callable[[], tuple[Any, Any]]
"""A call of one kind of NMS on a scene: rows and classes of its detections."""


@dataclass(frozen=True)
class NmsRow:
    """One kind of NMS on one scene.

    Attributes:
        name: ``torchvision`` for its `batched_nms` alone, else one of ours.
        classes: Classes of the scene.
        above: Anchors with a score at or above the threshold.
        milliseconds: Median time of a call, from scores to detections, the device synchronised.
        ratio: That time over the one of ``torchvision``, each repeat against its own.
        kept: Share of standard NMS's detections that it has as well, None where there are none.
        extra: Detections that standard NMS has not.
    """

    name: str
    classes: int
    above: int
    milliseconds: float
    ratio: float
    kept: float | None
    extra: int

    def to_dict(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return asdict(self)


def compare_nms(
    classes: Iterable[int] = (1, 3, 20, 80),
    above: Iterable[int] = (20, 200, 2000),
    anchors: int = 19248,
    repeats: int = 15,
    device: torch.device | str = "cpu",
) -> Iterator[list[NmsRow]]:
    """Times every kind of NMS, and compares its detections with those of standard NMS.

    They take turns in every repeat, so that other load on the machine affects all of them alike.

    Args:
        classes: Numbers of classes.
        above: Numbers of anchors with a high score: 20 to 200 as a trained network leaves them, more for a poor one.
        anchors: Anchors of a picture; 19,248 at 550 pixels.
        repeats: Calls that are timed, after one that is not.
        device: Where it is measured.

    Yields:
        The rows of each scene.

    Example:
        >>> [rows] = compare_nms([2], [10], anchors=50, repeats=1)
        >>> [row.name for row in rows]
        ['torchvision', 'standard', 'fast', 'cross-class', 'cluster-spm']
    """
    device = torch.device(device)
    for count, high in product(classes, above):
        high = min(high, anchors)
        boxes, scores = (part.to(device) for part in crowded_scene(anchors, count, high))
        yield _compare(boxes, scores, high, repeats)


def crowded_scene(anchors: int, classes: int, above: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Anchors as a detector leaves them: some lie on twenty objects with a high score for its class, most on nothing.

    Args:
        anchors: Number of anchors A.
        classes: Number of classes C.
        above: Anchors on objects, with one score from 0.05 up to 1, the higher the better they fit; others are lower.
        seed: Random seed.

    Returns:
        Boxes [A, 4], x1 y1 x2 y2 around 0..1, and scores [A, C].
    """
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    # Objects and boxes as centre x, centre y, width, height. The chosen anchors are an object's box, shifted and
    # stretched at random; the less of that, the higher their score for the object's class.
    objects = torch.cat([draw(_OBJECTS, 2), 0.1 + 0.3 * draw(_OBJECTS, 2)], dim=1)
    labels = (draw(_OBJECTS) * classes).long()
    boxes = torch.cat([draw(anchors, 2), 0.02 + 0.3 * draw(anchors, 2)], dim=1)
    scores = 0.049 * draw(anchors, classes)
    rows = draw(anchors).argsort()[:above]
    chosen = (draw(above) * _OBJECTS).long()
    slips = 0.15 * torch.randn(above, 4, generator=generator)
    centres = objects[chosen, :2] + slips[:, :2] * objects[chosen, 2:]
    boxes[rows] = torch.cat([centres, objects[chosen, 2:] * slips[:, 2:].exp()], dim=1)
    scores[rows, labels[chosen]] = 0.05 + 0.95 * torch.exp(-3 * slips.norm(dim=1)) * draw(above)
    return torch.cat([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2], dim=1), scores


def _compare(boxes: Tensor, scores: Tensor, above: int, repeats: int) -> list[NmsRow]:
    """The rows of one scene."""
    runs = _runs(boxes, scores)
    detections = {name: _pairs(run) for name, run in runs.items()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            seconds[name].append(_seconds(run, boxes.device))
    standard = detections["standard"]
    rows = []
    for name, times in seconds.items():
        ratios = [ours / theirs for ours, theirs in zip(times, seconds["torchvision"], strict=True)]
        common = len(detections[name] & standard) / len(standard) if standard else None
        extra = len(detections[name] - standard)
        milliseconds = statistics.median(times) * 1000
        rows.append(NmsRow(name, scores.shape[1], above, milliseconds, statistics.median(ratios), common, extra))
    return rows


def _runs(boxes: Tensor, scores: Tensor) -> dict[str, Run]:
    """Every kind of NMS, torchvision's first and the standard one next."""
    runs: dict[str, Run] = {"torchvision": lambda: _torchvision(boxes, scores)}
    for name in sorted(NMS, key="standard".__ne__):
        if boxes.device.type != "cpu" and name in ("fast", "cross-class"):
            runs[name] = partial(_on_device, boxes, scores, name == "cross-class")
        else:
            runs[name] = partial(_on_host, boxes, scores, name)
    return runs


def _on_host(boxes: Tensor, scores: Tensor, name: str) -> tuple[Any, Any]:
    """A kind of NMS on arrays, which are brought over from a GPU first."""
    survivors = NMS[name](boxes.cpu().numpy(), scores.cpu().numpy(), _OPTIONS)
    return survivors.rows, survivors.labels


def _on_device(boxes: Tensor, scores: Tensor, cross_class: bool) -> tuple[Tensor, Tensor]:
    """Fast NMS with fixed shapes, without waiting for the device; the detections alone are picked out at the end."""
    rows, labels, best = fixed_suppression(boxes[None], scores[None], _OPTIONS, cross_class)
    return rows[best > 0], labels[best > 0]


def _pairs(run: Run) -> set[tuple[int, int]]:
    """The detections of a run, as pairs of row and class."""
    rows, labels = run()
    return set(zip(rows.tolist(), labels.tolist(), strict=True))


def _torchvision(boxes: Tensor, scores: Tensor) -> tuple[Tensor, Tensor]:
    """What one would write with torchvision alone: each class's best boxes, those with a high score, `batched_nms`."""
    best, order = scores.T.topk(min(_OPTIONS.candidates, len(scores)), dim=1)
    labels, ranks = (best >= _OPTIONS.min_score).nonzero().unbind(dim=1)
    rows, best = order[labels, ranks], best[labels, ranks]
    survivors = batched_nms(boxes[rows], best, labels, _OPTIONS.iou)[: _OPTIONS.top_k]
    return rows[survivors], labels[survivors]


def _seconds(run: Run, device: torch.device) -> float:
    """How long a call takes; a GPU works on after a call has returned, so it has to be waited for."""
    _synchronise(device)
    start = time.perf_counter()
    run()
    _synchronise(device)
    return time.perf_counter() - start


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def table(rows: Iterable[NmsRow], title: str) -> Table:
    """The rows for people.

    Args:
        rows: The rows.
        title: What stands above them.

    Returns:
        The table.
    """
    drawn = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2))
    for name in ("classes", "above", "way", "ms", "time", "kept", "extra"):
        drawn.add_column(name, justify="left" if name == "way" else "right")
    for row in rows:
        common = "-" if row.kept is None else f"{row.kept:.0%}"
        cells = (str(row.classes), str(row.above), row.name, f"{row.milliseconds:.2f}", f"{row.ratio:.2f}", common)
        drawn.add_row(*cells, str(row.extra))
    return drawn


if __name__ == "__main__":
    from yolact_kit.cli.app import main

    sys.exit(main(["benchmark", "nms", *sys.argv[1:]]))
