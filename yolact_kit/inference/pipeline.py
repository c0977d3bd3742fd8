"""Work in other threads, with the results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from yolact_kit.cores import requested_threads, usable_cores

T = TypeVar("T")
R = TypeVar("R")


def in_order(
    items: Iterable[T], work: Callable[[T], R], ahead: int, workers: int = 1
) -> Generator[tuple[T, Future[R]]]:
    """Works on items in other threads.

    Args:
        items: What to work on; taken in the caller's thread.
        work: What is done with each.
        ahead: At most this many items are waiting, in progress, or finished and not yet yielded.
        workers: Number of threads; with one, the work itself is done in order too.

    Yields:
        Each item and the future of its result, in the order of the items; an exception is raised when the result is
        asked for.

    Example:
        >>> [result.result() for _, result in in_order([1, 2, 3], lambda number: number * 10, ahead=2)]
        [10, 20, 30]
    """
    waiting: deque[tuple[T, Future[R]]] = deque()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        try:
            for item in items:
                waiting.append((item, pool.submit(work, item)))
                if len(waiting) >= ahead:
                    yield waiting.popleft()
            while waiting:
                yield waiting.popleft()
        except BaseException:  # the caller has stopped, or the items have
            pool.shutdown(cancel_futures=True)
            raise


def workers_for(items: int) -> int:
    """How many items `on_cores` works on at the same time."""
    return max(1, min(requested_threads() or usable_cores(), items))


def on_cores(items: Sequence[T], work: Callable[[T], R]) -> list[R]:
    """Works on items at the same time, each on its own cores.

    A network by itself would use all cores for one item after the other: they would wait for each other at every
    operation, and all code outside the network's operations would run on a single core.

    Args:
        items: What to work on.
        work: What is done with each.

    Returns:
        The results, in the order of the items.

    Example:
        >>> on_cores([1, 2, 3], lambda number: number * 10)
        [10, 20, 30]
    """
    workers = workers_for(len(items))
    if workers < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, items))
