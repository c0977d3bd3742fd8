from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from yolact_kit.inference.pipeline import in_order, on_cores, workers_for


def test_results_come_in_order_however_long_each_takes() -> None:
    def slow(number: int) -> int:
        time.sleep(0.01 * (5 - number % 5))
        return number

    found = [(item, result.result()) for item, result in in_order(range(12), slow, ahead=4, workers=3)]
    assert found == [(number, number) for number in range(12)]


def test_no_more_is_taken_than_may_wait() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    stream = in_order(items(), lambda number: number, ahead=3)
    for expected in range(5):
        assert next(stream)[0] == expected
        assert len(taken) == expected + 3


def test_an_error_is_raised_where_its_result_is_asked_for() -> None:
    results = [result for _, result in in_order([1, 0, 2], lambda number: 1 / number, ahead=2)]
    assert (results[0].result(), results[2].result()) == (1, 0.5)
    with pytest.raises(ZeroDivisionError):
        results[1].result()


def test_work_goes_on_while_a_result_is_used_and_ends_with_the_taking() -> None:
    before = set(threading.enumerate())
    started = [threading.Event() for _ in range(50)]
    stream = in_order(range(50), lambda number: started[number].set(), ahead=8)
    assert next(stream)[0] == 0
    assert started[7].wait(timeout=10)
    stream.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) <= before
    assert not started[8].is_set()


@pytest.mark.parametrize(("cores", "items", "workers"), [(1, 4, 1), (2, 4, 2), (4, 2, 2), (4, 1, 1), (2, 0, 1)])
def test_as_many_items_at_a_time_as_there_are_threads(
    cores: int, items: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", str(cores))
    assert workers_for(items) == workers
    # Each group of workers has to meet: one alone would wait until the barrier breaks.
    meeting = threading.Barrier(workers, timeout=10)

    def look(item: int) -> tuple[int, str]:
        meeting.wait()
        return item, threading.current_thread().name

    results = on_cores(range(items), look)
    assert [item for item, _ in results] == list(range(items))
    assert len({name for _, name in results}) <= workers


def test_an_error_on_one_core_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with pytest.raises(ZeroDivisionError):
        on_cores([1, 0, 2], lambda number: 1 // number)
