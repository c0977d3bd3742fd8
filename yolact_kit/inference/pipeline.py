"""Work that goes on in other threads while its results are taken in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_order(
    items: Iterable[T], work: Callable[[T], R], ahead: int, workers: int = 1
) -> Generator[tuple[T, Future[R]]]:
    """Works on items in other threads.

    Args:
        items: What to work on; taken in the caller's thread.
        work: What is done with each.
        ahead: At most so many items wait, are worked on, or are done and not yet taken.
        workers: Number of threads; with one, the work itself is done in order too.

    Yields:
        Each item and its result, in the order of the items; the result's exception, where there is one, is raised when
        it is asked for.

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
