from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.scenes import scene
from tests.ops.slow_nms import slow_candidates
from yolact_kit.ops.candidates import choose_candidates, rank_in_group


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 40),
    classes=st.integers(1, 5),
    levels=st.sampled_from([3, 1000]),
    least=st.sampled_from([0.0, 0.5, 2 / 3, 0.9]),
    limit=st.sampled_from([1, 4, 100]),
    strict=st.booleans(),
    every_class=st.booleans(),
)
def test_the_best_of_each_class_are_chosen(
    seed: int, count: int, classes: int, levels: int, least: float, limit: int, strict: bool, every_class: bool
) -> None:
    scores = (scene(seed, count, classes)[1] * levels).round() / np.float32(levels)  # three levels: ties
    least = float(np.float32(least))
    found = choose_candidates(scores, least, limit, strict, every_class)
    wanted = slow_candidates(scores, least, limit, strict, every_class)
    for label, rows in wanted.items():
        assert found.rows[found.labels == label].tolist() == rows
    assert len(found.rows) == sum(len(rows) for rows in wanted.values())
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)


def test_a_box_with_a_score_that_is_no_number_takes_no_part() -> None:
    scores = np.array([[0.9, np.nan], [0.8, 0.7]], dtype=np.float32)
    assert choose_candidates(scores, 0.2, 10).rows.tolist() == [1, 1]


def test_the_first_are_the_best() -> None:
    candidates = choose_candidates(np.array([[0.5], [0.9], [0.7]], dtype=np.float32), 0.3, limit=10)
    assert candidates.rows.tolist() == [1, 2, 0]
    assert candidates.best(2).rows.tolist() == [1, 2]
    assert candidates.best(None).rows.tolist() == [1, 2, 0]


@settings(deadline=None)
@given(st.lists(st.integers(0, 5)))
def test_ranks_count_the_earlier_ones_of_a_group(groups: list[int]) -> None:
    expected = [groups[:place].count(group) for place, group in enumerate(groups)]
    assert rank_in_group(np.array(groups, dtype=np.int64)).tolist() == expected
