from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ops.scenes import scene
from tests.ops.slow_nms import slow_candidates
from yolact_kit.ops import candidates
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
    scores = (scene(seed, count, classes)[1] * levels).round() / levels  # three levels: ties
    least = float(torch.tensor(least))
    found = choose_candidates(scores[None], least, limit, strict, every_class)
    wanted = slow_candidates(scores, least, limit, strict, every_class)
    for label, rows in wanted.items():
        assert found.rows[found.labels == label].tolist() == rows
    assert len(found.rows) == sum(len(rows) for rows in wanted.values())
    assert found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)


@pytest.mark.parametrize("every_class", [False, True])
def test_a_crowd_gives_the_same_as_sorting_everything(every_class: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = torch.stack([scene(seed, 300, 4)[1] for seed in (0, 1)])
    scores[:, ::3] *= 0.01
    scores[0, 0] = torch.nan
    crowd = choose_candidates(scores, 0.2, 10, every_class=every_class)
    monkeypatch.setattr(candidates, "_CROWD", 1)
    sparse = choose_candidates(scores, 0.2, 10, every_class=every_class)
    assert all(torch.equal(*parts) for parts in zip(crowd, sparse, strict=True))
    assert len(crowd.rows) == 2 * 4 * 10


def test_the_first_of_each_picture_are_the_best() -> None:
    found = choose_candidates(torch.tensor([[[0.5], [0.9], [0.7]], [[0.1], [0.6], [0.8]]]), 0.3, limit=10)
    assert found.pictures.tolist() == [0, 0, 0, 1, 1]
    assert found.best(2).rows.tolist() == [1, 2, 2, 1]
    assert found.best(None).rows.tolist() == [1, 2, 0, 2, 1]


@settings(deadline=None)
@given(st.lists(st.integers(0, 5)))
def test_ranks_count_the_earlier_ones_of_a_group(groups: list[int]) -> None:
    expected = [groups[:place].count(group) for place, group in enumerate(groups)]
    assert rank_in_group(torch.tensor(groups, dtype=torch.int64)).tolist() == expected
