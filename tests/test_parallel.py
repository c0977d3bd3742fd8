from __future__ import annotations

import os
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from tests.annotations.making import labelled, shape
from yolact_kit.annotations import read
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.errors import UserError
from yolact_kit.parallel import in_parallel


def power(number: int, exponent: int) -> tuple[int, int]:
    return number**exponent, os.getpid()


def end_at(number: int, last: int) -> int:
    if number == last:
        os._exit(1)
    return number


def test_processes_give_the_results_in_order_and_are_others_than_this() -> None:
    found = list(in_parallel(partial(power, exponent=2), list(range(50)), 2, processes=True, chunk=4))
    assert [value for value, _ in found] == [number**2 for number in range(50)]
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.parametrize("workers", [1, 3])
def test_threads_give_the_results_in_order_and_are_of_this_process(workers: int) -> None:
    found = list(in_parallel(partial(power, exponent=3), list(range(50)), workers))
    assert found == [(number**3, os.getpid()) for number in range(50)]


def test_closing_it_waits_for_what_is_at_hand() -> None:
    begun: list[int] = []
    ended: list[int] = []

    def work(number: int) -> None:
        begun.append(number)
        time.sleep(0.05)
        ended.append(number)

    with closing(in_parallel(work, list(range(100)), workers=3)) as done:
        next(done)
    assert sorted(begun) == sorted(ended)
    assert len(begun) < 100


def test_a_process_that_dies_is_an_error_with_advice() -> None:
    with pytest.raises(UserError, match="ended") as caught:
        list(in_parallel(partial(end_at, last=7), list(range(20)), 2, processes=True, chunk=1))
    assert caught.value.advice


def test_processes_read_what_one_thread_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        labelled(tmp_path, f"p{number}", [shape(), shape([[5, 5], [5, 5], [6, 6]])], seed=number)
    (tmp_path / "p3.json").write_text("{", encoding="utf-8")
    (tmp_path / "p5.png").write_bytes(b"no picture")
    monkeypatch.setattr(read, "PROCESSES_FROM", 2)
    one, many = (read.read_source(tmp_path, ReadOptions(workers=workers, processes=workers > 1)) for workers in (1, 2))
    assert many.problems == one.problems
    assert len(one.problems) > 2
    assert [item.digest for item in many.labelled] == [item.digest for item in one.labelled]
    assert [item.picture.file for item in many.labelled] == [f"p{number}.png" for number in (0, 1, 2, 4, 6, 7, 8)]
    assert many.without_labels == one.without_labels
