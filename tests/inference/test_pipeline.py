from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import torch

from yolact_kit.inference.pipeline import in_order, on_cores


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


@pytest.mark.parametrize(("cores", "items", "share"), [(1, 4, 1), (2, 4, 1), (4, 2, 2), (4, 1, 4), (2, 0, 0)])
def test_items_share_the_cores(cores: int, items: int, share: int) -> None:
    def look(item: int) -> tuple[int, int]:
        return item, torch.get_num_threads()

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(cores)
        assert on_cores(range(items), look) == [(item, share) for item in range(items)]
        assert torch.get_num_threads() == cores
        later = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        seen: list[int] = []
        later.start()
        later.join()
        assert seen == [cores]
    finally:
        torch.set_num_threads(before)


def test_an_error_on_one_core_is_raised() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with pytest.raises(ZeroDivisionError):
            on_cores([1, 0, 2], lambda number: 1 // number)
    finally:
        torch.set_num_threads(before)
