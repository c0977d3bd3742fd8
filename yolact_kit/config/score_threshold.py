"""The score threshold that training chose for a model, as it is stored with its weights."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from yolact_kit.words import counted

DEFAULT_SCORE = 0.3
"""The score threshold of weights that none was chosen for."""

_Part = Annotated[float, Field(ge=0, le=1)]
_Count = Annotated[int, Field(ge=1)]


class ScoreThreshold(BaseModel):
    """A score threshold, and how the detections from it on were on the pictures that it was chosen on.

    Attributes:
        score: The threshold, 0..1: detections with a lower score are left out.
        precision: Share of the detections that were right, at a mask IoU of 0.5.
        recall: Share of the objects that were found.
        f1: Harmonic mean of both.
        pictures: How many pictures it was chosen on.
        objects: How many objects they have.

    Example:
        >>> ScoreThreshold(score=0.62, precision=0.96, recall=0.93, f1=0.94, pictures=9, objects=61).describe()
        'chosen in training on 9 pictures, where it found 93 % of 61 objects and 96 % of the detections were right'
    """

    model_config = ConfigDict(frozen=True)

    score: _Part
    precision: _Part
    recall: _Part
    f1: _Part
    pictures: _Count
    objects: _Count

    def describe(self) -> str:
        """Where the threshold comes from and what it did there, as the rest of a sentence."""
        objects = counted(self.objects, "object")
        return (
            f"chosen in training on {counted(self.pictures, 'picture')}, where it found {_percent(self.recall)} of "
            f"{objects} and {_percent(self.precision)} of the detections were right"
        )


def describe_default(threshold: ScoreThreshold | None) -> str:
    """The score that applies unless another one is asked for, and why.

    Args:
        threshold: The threshold that is stored with the weights; None where they have none.

    Returns:
        The words, without a full stop.

    Example:
        >>> describe_default(None)
        'score 0.3: these weights have no threshold of their own'
    """
    if threshold is None:
        return f"score {DEFAULT_SCORE:g}: these weights have no threshold of their own"
    return f"score {threshold.score:g}: {threshold.describe()}"


def default_score(threshold: ScoreThreshold | None) -> float:
    """The score that applies unless another one is asked for.

    Args:
        threshold: The threshold that is stored with the weights; None where they have none.

    Returns:
        0..1.

    Example:
        >>> default_score(None)
        0.3
    """
    return DEFAULT_SCORE if threshold is None else threshold.score


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
