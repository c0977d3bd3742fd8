from __future__ import annotations

import pytest
from pydantic import ValidationError

from yolact_kit.config.score_threshold import ScoreThreshold, default_score, describe_default


def test_what_is_said_names_all_that_the_threshold_promises() -> None:
    one = ScoreThreshold(score=0.5, precision=1.0, recall=1.0, f1=1.0, pictures=1, objects=1)
    assert describe_default(one) == (
        "score 0.5: chosen in training on 1 picture, where it found 100 % of 1 object and 100 % of the detections were "
        "right"
    )
    assert default_score(one) == 0.5


@pytest.mark.parametrize("key", ["score", "precision", "recall", "f1", "pictures"])
def test_values_out_of_their_range_are_refused(key: str) -> None:
    values = {"score": 0.5, "precision": 1.0, "recall": 1.0, "f1": 1.0, "pictures": 1, "objects": 1}
    with pytest.raises(ValidationError):
        ScoreThreshold.model_validate({**values, key: -0.1})


def test_what_a_later_version_adds_does_no_harm() -> None:
    stored = (
        '{"score": 0.5, "precision": 1, "recall": 1, "f1": 1, "pictures": 1, "objects": 1, "by_class": {"컵": 0.4}}'
    )
    assert ScoreThreshold.model_validate_json(stored).score == 0.5
