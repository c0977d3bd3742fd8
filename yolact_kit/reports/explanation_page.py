"""The page that `yolact-kit explain` writes: a slider for each coefficient, and the mask that follows."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit import __version__
from yolact_kit.inference.drawing import class_color
from yolact_kit.inference.explanation import Explanation
from yolact_kit.reports.pages import data_url, render_page

_CANDIDATES = 1500
"""At most this many candidates of a picture, the best ones, are on the page."""

NMS_TEXTS = {
    "fast": "Fast NMS: a box is dropped when a better one of its class overlaps it by an IoU above {iou:g}, even if "
    "that one is dropped itself.",
    "cross-class": "Fast NMS over all classes: a box is dropped when any better one overlaps it by an IoU above "
    "{iou:g}, even if that one is dropped itself.",
    "standard": "Standard NMS: a box is dropped when a better one of its class that stays overlaps it by an IoU above "
    "{iou:g}.",
    "cluster-spm": "Cluster-NMS: a box that overlaps better ones of its class has its score lowered, and is dropped "
    "when it is too low.",
}
"""What each kind of NMS does, in words."""


def explanation_page(explained: Sequence[Explanation], weights: str = "a model") -> str:
    """The interactive page about pictures; it needs no other file.

    The prototypes are in it as they are, float32, so that at the model's own coefficients the page's mask is the
    predictor's (of pictures larger than `yolact_kit.inference.explanation.VIEW`, at that size).

    Args:
        explained: The explanations, of one model.
        weights: What the model is called.

    Returns:
        The HTML.
    """
    data = {
        "classes": explained[0].prediction.classes,
        "depth": len(explained[0].prototypes),
        "pictures": [_picture(explanation) for explanation in explained],
    }
    title = f"{PurePath(explained[0].prediction.file).name}: how the model drew these masks"
    return render_page(
        "explanation.html", title=title, depth=data["depth"], weights=weights, version=__version__, data=data
    )


def _picture(explained: Explanation) -> dict[str, Any]:
    """Everything that the page needs of a picture, in pixels of the view."""
    height, width = explained.view.shape[:2]
    scale = np.array([width / explained.prediction.width, height / explained.prediction.height] * 2)
    count = max([_CANDIDATES, *(source + 1 for source in explained.sources)])
    return {
        "name": PurePath(explained.prediction.file).name,
        "size": [width, height],
        "view": data_url(explained.view, quality=88),
        "rows": explained.prototypes.shape[1],
        "columns": explained.prototypes.shape[2],
        "prototypes": packed(explained.prototypes),
        "objects": [_object(explained, index, scale) for index in range(len(explained.prediction))],
        "candidates": [
            {
                "box": _rounded(np.array(candidate.box) * scale),
                "anchor": _rounded(np.array(candidate.anchor) * scale),
                "level": candidate.level,
                "label": candidate.label,
                "score": round(candidate.score, 4),
                "rival": candidate.rival,
                "iou": round(candidate.iou, 4),
            }
            for candidate in explained.candidates[:count]
        ],
        "funnel": funnel(explained),
        "how": NMS_TEXTS[explained.nms].format(iou=explained.nms_iou),
        "nothing": "" if len(explained.prediction) else explain_nothing(explained),
    }


def _object(explained: Explanation, index: int, scale: NDArray[np.float64]) -> dict[str, Any]:
    """A detection as the page needs it."""
    prediction, source = explained.prediction, explained.sources[index]
    sums = np.abs(explained.running_sum(index))
    return {
        "name": prediction.names[index],
        "rgb": list(class_color(int(prediction.labels[index]))),
        "score": float(prediction.scores[index]),
        "candidateScore": explained.candidates[source].score,
        "box": _rounded(prediction.boxes[index] * scale),
        "crop": explained.crops[index].tolist(),
        "weights": explained.coefficients[index].tolist(),
        "shares": [round(share, 4) for share in explained.shares(index).tolist()],
        "order": explained.order(index).tolist(),
        "reach": max(1.0, round(float(np.percentile(sums, 98)), 3)),
        "source": source,
    }


def funnel(explained: Explanation) -> list[tuple[int, str]]:
    """From anchors to objects: how many are left after each step, and what the step does.

    Args:
        explained: The explanation.

    Returns:
        Pairs of number and text, the largest number first.
    """
    survivors = sum(candidate.fate not in ("suppressed", "cut off") for candidate in explained.candidates)
    limit = f" of {explained.min_score:g} or more" if explained.min_score else ""
    return [
        (explained.anchors, "anchors: boxes of a few sizes and shapes, laid over the whole picture in advance"),
        (explained.likely, "of them look like one of the classes at all"),
        (survivors, "boxes are left once duplicates are removed"),
        (len(explained.prediction), f"objects with a score{limit} are the result"),
    ]


def explain_nothing(explained: Explanation) -> str:
    """What the page says about a picture without detections.

    Args:
        explained: The explanation of such a picture.

    Returns:
        A few sentences.
    """
    text = (
        f"No object of this picture has a score of {explained.min_score:g} or more, so there is no mask to take apart. "
    )
    if explained.candidates:
        best = explained.candidates[0]
        name = explained.prediction.classes[best.label]
        text += f"The likeliest box is a '{name}' with {best.score:.2f}: a lower --score would show it. "
    return text + "The prototypes are shown anyway: the network draws them for every picture."


def packed(values: NDArray[np.float32]) -> str:
    """Numbers as text, for a page: float32, the same byte of every number together, gzip, base64.

    Args:
        values: float32, of any shape.

    Returns:
        The text. With similar bytes side by side, it compresses to about half.
    """
    planes = np.ascontiguousarray(values, dtype="<f4").reshape(-1, 1).view(np.uint8).T
    return base64.b64encode(gzip.compress(planes.tobytes(), mtime=0)).decode("ascii")


def _rounded(values: NDArray[np.float64]) -> list[float]:
    """To a tenth of a pixel."""
    return [round(value, 1) for value in values.tolist()]
