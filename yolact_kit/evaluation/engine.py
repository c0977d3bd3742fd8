"""The program behind COCO's metrics: pycocotools, or hotcoco where it is installed.

hotcoco gives the same numbers, to the last digit, and the same matches in a twentieth of the time (see
docs/benchmarks.md). It is not a dependency: pycocotools measures small sets in a moment, and stays the reference in the
tests.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Callable, Sequence
from typing import Any, Literal

from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

IouType = Literal["segm", "bbox"]
CocoEngine = Literal["pycocotools", "hotcoco"]


def fastest_engine() -> CocoEngine:
    """The fastest engine that is installed."""
    return "pycocotools" if importlib.util.find_spec("hotcoco") is None else "hotcoco"


def run_cocoeval(
    truth: dict[str, Any],
    results: Sequence[dict[str, Any]],
    kind: IouType,
    engine: CocoEngine | None = None,
    refine: Callable[[Any], None] | None = None,
) -> Any:
    """Runs a COCOeval from beginning to end, without its messages.

    Args:
        truth: A COCO document.
        results: Detections that have a ``segmentation`` or a ``bbox``, whichever ``kind`` asks for, and not the other.
        kind: What is compared.
        engine: Which program; the fastest one by default.
        refine: Called with the COCOeval before it runs, to change what it does; only pycocotools' can be changed.

    Returns:
        The COCOeval, with ``stats``, ``eval`` and ``evalImgs``; ids of annotations and results in it are 1..N, and
        ``evalImgs`` is in any order.
    """
    labelled = _indexed(truth)
    evaluator = COCOeval
    if refine is None and (engine or fastest_engine()) == "hotcoco":
        import hotcoco

        labelled, evaluator = hotcoco.COCO(labelled.dataset), hotcoco.COCOeval
    with contextlib.redirect_stdout(io.StringIO()):
        detections = labelled.loadRes(list(results)) if results else type(labelled)()
        evaluation = evaluator(labelled, detections, kind)
        if refine is not None:
            refine(evaluation)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def _indexed(document: dict[str, Any]) -> COCO:
    """A document in pycocotools' form; its annotations are copied, since COCOeval writes into them."""
    index = COCO()
    # COCOeval takes an object whose id is 0 for "no match", so ids start at 1 here.
    annotations = [
        {"iscrowd": 0, **annotation, "id": number} for number, annotation in enumerate(document["annotations"], start=1)
    ]
    index.dataset = {**document, "annotations": annotations}
    with contextlib.redirect_stdout(io.StringIO()):
        index.createIndex()
    for annotation in annotations:
        if "area" not in annotation or "bbox" not in annotation:
            rle = index.annToRLE(annotation)
            annotation.setdefault("area", float(coco_mask.area(rle)))
            annotation.setdefault("bbox", coco_mask.toBbox(rle).tolist())
    return index
