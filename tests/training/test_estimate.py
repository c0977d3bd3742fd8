from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from tests.tiny_model import tiny_config
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.durations import format_duration
from yolact_kit.training.estimate import Estimate, ObjectCounts, estimate
from yolact_kit.training.schedule import Budget

CPU = torch.device("cpu")


def test_a_trial_measures_time_and_memory_and_draws_nothing() -> None:
    config = tiny_config()
    state = torch.get_rng_state()
    small = estimate(config, CPU, "32-true")
    assert torch.equal(torch.get_rng_state(), state)
    larger = config.model_copy(deep=True)
    larger.model.input_size = 256
    assert estimate(larger, CPU, "32-true").activations > 8 * small.activations
    assert 0 < small.seconds < 60 and small.weights > 11_000_000 * 4  # a ResNet-18


@pytest.mark.parametrize(("configured", "tried"), [("auto", {2, 1}), (1, None), (3, None)])
def test_a_trial_compares_numbers_of_threads_and_leaves_them_as_they_were(
    configured: int | Literal["auto"], tried: set[int] | None
) -> None:
    config = tiny_config()
    config.train.threads = configured
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        trial = estimate(config, CPU, "32-true").threads
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
    assert (None if trial is None else set(trial.seconds)) == tried


@pytest.mark.parametrize(("busy", "said"), [(None, False), (0.1, False), (0.97, True)])
def test_a_busy_machine_is_said_with_the_estimate(busy: float | None, said: bool) -> None:
    measured = Estimate(seconds=0.5, activations=100 << 20, weights=50 << 20, side=64, busy=busy)
    lines = measured.describe(tiny_config(), Budget(steps=10), 16)
    assert any("other programs take 97% of its cores" in line for line in lines) == said


def test_words_follow_the_budget() -> None:
    config = tiny_config()
    config.train = config.train.model_copy(update={"batch_size": 4, "accumulate": 2, "start_size": 1.0})
    measured = Estimate(seconds=0.5, activations=100 << 20, weights=50 << 20, side=64)
    assert measured.step_seconds(config) == 4
    assert "about 40s, validation included" in measured.describe(config, Budget(steps=10), 16)[0]
    assert "about 15 steps, 7.5 passes" in measured.describe(config, Budget(seconds=60), 16)[0]
    # A validation of 10 pictures takes as long as 4 training pictures: six times in all, or after each second step.
    assert "about 52s" in measured.describe(config, Budget(steps=10), 16, 10)[0]
    # By the clock they are rare: of 60 seconds, two validations of two take four.
    assert "about 14 steps" in measured.describe(config, Budget(seconds=60), 16, 10)[0]
    crowded = replace(measured, objects=ObjectCounts(train=20_000, val=50_000, typical=1250))
    # Drawing 20,000 objects once takes 6 s, comparing 50,000 at each of six validations 10 s.
    assert f"about {format_duration(52 + 6 + 60)}" in crowded.describe(config, Budget(steps=10), 16, 10)[0]
    assert "one picture with 1250 objects" in crowded.describe(config, Budget(steps=10), 16)[1]
    assert crowded.memory(config) - measured.memory(config) == 70_000 * (12 << 10)
    config.train.validate_every = 1
    assert "about 50s" in measured.describe(config, Budget(steps=10), 16, 10)[0]
    before = measured.memory(config)
    config.train.batch_size = 8
    assert measured.memory(config) - before == 4 * 1.75 * (100 << 20)


def test_crowded_pictures_are_tried_with_as_many_objects() -> None:
    """Their masks and matches take memory and time too, which one object would not show."""
    square = Instance("nut", [np.array([[1.0, 1], [5, 1], [5, 5]])])
    pictures = [Picture(f"{count}.png", 8, 8, Path("a.png"), [square] * count) for count in (0, 150, 151)]
    counts = ObjectCounts.of(Dataset("crowded", ["nut"], {"train": pictures, "val": pictures[1:2]}))
    assert counts == ObjectCounts(train=301, val=150, typical=101)
    config = tiny_config()
    alone, crowded = (estimate(config, CPU, "32-true", objects) for objects in (ObjectCounts(), counts))
    assert crowded.activations > 1.02 * alone.activations
