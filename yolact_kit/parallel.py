"""Applying a function to many items on all cores, with the results in order."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Generator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, TypeVar

from yolact_kit.errors import UserError

T = TypeVar("T")
R = TypeVar("R")

PROCESSES_FROM = 400
"""With fewer items, threads are better: starting processes takes about as long as reading a hundred labels."""
_AT_ONCE = 16

_function: Callable[[Any], Any] = repr
"""What a process of the pool does with its items."""


def in_parallel(
    function: Callable[[T], R], items: list[T], workers: int, processes: bool = False, chunk: int = _AT_ONCE
) -> Generator[R, None, None]:
    """Applies a function to items at the same time.

    Decoding pictures releases Python's global lock, so threads keep every core busy with it; reading labels does not,
    so many files are better read by processes.

    If the function writes files, close the generator (`contextlib.closing`): that waits for the items in progress, so
    that nothing is written after the folder has been removed.

    Args:
        function: What to do with an item. For processes it has to be a function of a module, or a `partial` of one.
        items: The items.
        workers: Number of threads or processes; with 1 the work is done in the caller's thread.
        processes: Whether to use processes, which is worth it from `PROCESSES_FROM` items on. They are spawned, as on
            Windows: a program that uses them must do its work below ``if __name__ == "__main__"``.
        chunk: How many items a process is given at once.

    Yields:
        The results, in the order of the items.

    Raises:
        UserError: A process died.

    Example:
        >>> list(in_parallel(abs, [1, -2, -3], workers=2))
        [1, 2, 3]
    """
    if workers <= 1 or len(items) < 2:
        yield from map(function, items)
        return
    pool: Executor = _processes(function, workers) if processes else ThreadPoolExecutor(workers)
    with pool:
        try:
            yield from pool.map(_apply, items, chunksize=chunk) if processes else pool.map(function, items)
        except BrokenProcessPool as error:
            raise UserError(
                "A process that was reading files was ended from outside, or by a damaged file.",
                "Close other programs, since memory may have run short, and try again.",
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _processes(function: Callable[[Any], Any], workers: int) -> Executor:
    # Forking a process that has threads can hang it; spawned ones are the same on every system.
    return ProcessPoolExecutor(workers, get_context("spawn"), _start, (function,))


def _start(function: Callable[[Any], Any]) -> None:
    """Gives a process of the pool its function; only the main process reacts to Ctrl-C."""
    global _function
    _function = function
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")


def _apply(item: Any) -> Any:
    return _function(item)
