from __future__ import annotations

import pytest

from yolact_kit.config.schema import TrainConfig
from yolact_kit.training.schedule import Budget, input_size_at, learning_rate_factor


def test_progress_is_by_steps_or_by_the_clock_whichever_is_further() -> None:
    assert Budget(steps=10).progress(3) == pytest.approx(0.3)
    budget = Budget(steps=1000, seconds=0.001)
    budget.start(spent=1.0)
    assert budget.progress(1) == 1.0


def test_a_budget_needs_a_limit() -> None:
    with pytest.raises(ValueError, match="steps or seconds"):
        Budget()


def test_time_for_the_last_validation_is_kept_back() -> None:
    budget = Budget(seconds=100)
    budget.start(spent=50)
    assert budget.progress(0) == pytest.approx(0.5, abs=0.01)
    budget.kept_back = 50
    assert budget.progress(0) == 1.0


@pytest.mark.parametrize("schedule", ["cosine", "step", "constant"])
def test_the_rate_rises_through_the_warm_up_and_never_again(schedule: str) -> None:
    config = TrainConfig(schedule=schedule, warmup=0.1)  # type: ignore[arg-type]
    rates = [learning_rate_factor(number / 1000, config) for number in range(1001)]
    assert all(0 <= rate <= 1 for rate in rates)
    assert rates[:100] == sorted(rates[:100]) and rates[0] < 0.01
    assert rates[100:] == sorted(rates[100:], reverse=True) and rates[100] == pytest.approx(1.0, abs=1e-3)


def test_no_warm_up_begins_at_the_whole_rate() -> None:
    assert learning_rate_factor(0.0, TrainConfig(warmup=0.0)) == 1.0


def test_pictures_grow_to_the_input_size_in_steps_of_32() -> None:
    config = TrainConfig(start_size=0.5, full_size_from=0.6)
    sizes = [input_size_at(number / 100, 256, config) for number in range(101)]
    assert sizes[0] == 128 and sizes == sorted(sizes) and set(sizes[60:]) == {256}
    assert all(size % 32 == 0 for size in sizes)
    assert input_size_at(0.0, 550, TrainConfig(start_size=1.0)) == 550


def test_processes_go_by_the_time_that_was_agreed_on() -> None:
    budget = Budget(seconds=100)
    budget.start(spent=10)
    assert 10 <= budget.elapsed() == pytest.approx(budget.clock(), abs=5)
    budget.agree(40.0)
    assert (budget.elapsed(), budget.progress(7), budget.state()["elapsed"]) == (40.0, 0.4, 40.0)
    assert budget.clock() < 40
