from __future__ import annotations

import pytest

from yolact_kit.threads import ThreadTrial, ThreadWatch, thread_counts, try_threads


def test_all_cores_and_halves_of_them_are_tried() -> None:
    assert thread_counts(1) == [1]
    assert thread_counts(2) == [2, 1]
    assert thread_counts(6) == [6, 3, 1]
    assert thread_counts(16) == [16, 8, 4, 2, 1]


@pytest.mark.parametrize(
    ("seconds", "threads"),
    [({2: 0.5, 1: 0.9}, 2), ({2: 1.0, 1: 0.9}, 2), ({2: 2.0, 1: 0.9}, 1), ({4: 3.0, 2: 1.5, 1: 1.6}, 2)],
)
def test_fewer_threads_are_chosen_where_they_are_clearly_faster(seconds: dict[int, float], threads: int) -> None:
    assert ThreadTrial(seconds).threads == threads


def test_a_choice_is_said_with_its_figures() -> None:
    said = ThreadTrial({2: 2.7, 1: 0.9}).describe()
    assert said == "1 thread: other programs keep the cores busy, and 1 is 3.0 times as fast as 2"


def test_numbers_of_threads_take_turns() -> None:
    used: list[int] = []
    trial = try_threads(lambda: None, [4, 2, 1], used.append)
    assert used == [4, 2, 1] * 3
    assert set(trial.seconds) == {4, 2, 1}


def test_long_work_is_tried_once_with_each_number() -> None:
    used: list[int] = []
    try_threads(lambda: sum(range(10000)), [2, 1], used.append, seconds=0.0)
    assert used == [2, 1]


class Machine:
    """A clock and the speed of a step with each number of threads, which a watch sees as training does."""

    def __init__(self, most: int, threads: int | None = None) -> None:
        self.used = threads or most
        self.said: list[str] = []
        self.watch = ThreadWatch(most, self.used, self._use, self.said.append)
        self.now = 0.0

    def _use(self, threads: int) -> None:
        self.used = threads

    def run(self, steps: int, seconds: dict[int, float]) -> None:
        for _ in range(steps):
            self.now += seconds[self.used]
            self.watch.step(seconds[self.used], 1.0, self.now)


ALONE = {4: 0.25, 2: 0.5, 1: 1.0}
CROWDED = {4: 5.0, 2: 2.0, 1: 1.5}


def test_a_quiet_machine_keeps_all_threads() -> None:
    machine = Machine(most=4)
    machine.run(1000, ALONE)
    assert machine.used == 4 and machine.said == []


def test_a_machine_that_becomes_busy_gets_fewer_threads_and_says_so() -> None:
    machine = Machine(most=4)
    machine.run(20, ALONE)
    machine.run(30, CROWDED)
    assert machine.watch.threads == 1
    assert [line.split(":")[0] for line in machine.said] == ["2 threads", "1 thread"]


def test_a_machine_that_becomes_free_gets_all_threads_back() -> None:
    machine = Machine(most=4, threads=1)
    machine.run(200, ALONE)
    assert machine.watch.threads == 4
    assert machine.said[-1] == "4 threads: the cores are free again, and 4 is 2.0 times as fast as 2"


def test_a_machine_that_stays_busy_is_tried_ever_less_often() -> None:
    machine = Machine(most=2, threads=1)
    slow = 0
    for _ in range(2000):
        machine.run(1, CROWDED)
        slow += machine.used == 2
    assert machine.watch.threads == 1 and machine.said == []
    assert slow <= 6 * 9  # six steps a trial; after 30, 60, 120 seconds and so on


def test_steps_that_are_slow_with_any_number_are_tried_ever_less_often() -> None:
    machine = Machine(most=2)
    machine.run(20, ALONE)
    fewer = 0
    for _ in range(1000):
        machine.run(1, {2: 2.0, 1: 4.0})
        fewer += machine.used == 1
    assert machine.watch.threads == 2 and machine.said == []
    assert fewer <= 6 * 8


def test_a_trial_that_misjudged_is_made_again() -> None:
    machine = Machine(most=2)
    machine.run(20, {2: 0.5, 1: 1.0})
    machine.run(30, {2: 2.0, 1: 2.0})  # for a moment both are as slow
    machine.run(60, {2: 2.0, 1: 1.0})
    assert machine.watch.threads == 1


def test_steps_that_become_faster_by_themselves_are_a_reason_to_try_more_threads() -> None:
    machine = Machine(most=2)
    machine.run(20, {2: 0.5, 1: 1.0})
    machine.run(25, {2: 4.0, 1: 1.5})
    assert machine.watch.threads == 1
    before = machine.now
    machine.run(18, {2: 0.5, 1: 1.0})
    assert machine.watch.threads == 2 and machine.now - before < 30


def test_a_single_slow_step_changes_nothing() -> None:
    machine = Machine(most=2)
    machine.run(20, ALONE)
    machine.run(1, {2: 30.0, 1: 30.0})
    machine.run(20, ALONE)
    assert machine.used == 2 and machine.said == []


def test_larger_pictures_are_not_taken_for_a_busy_machine() -> None:
    machine = Machine(most=2)
    for side in range(128, 512):
        machine.now += 1.0
        machine.watch.step(side**2 / 1e6, side**2, machine.now)
    assert machine.used == 2
