"""How many threads compute at once: tried out before long work, and looked after while it goes on.

Torch divides every operation among its threads, and the next one begins when the last thread is done. Beside other
programs that keep the cores busy, some thread always waits for its turn, and so do all others with it: one thread is
then often faster than two. How much faster depends on the system and on the neighbours, so it is measured.
"""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from yolact_kit.words import counted

_WORTH = 1.25
"""A change of the number of threads has to make the work at least so many times as fast."""


def thread_counts(most: int) -> list[int]:
    """The numbers of threads that are worth a trial: all, and half as many each time, down to one.

    Example:
        >>> thread_counts(12)
        [12, 6, 3, 1]
    """
    counts = [most]
    while counts[-1] > 1:
        counts.append(counts[-1] // 2)
    return counts


@dataclass(frozen=True, slots=True)
class ThreadTrial:
    """How long the same work takes with different numbers of threads.

    Attributes:
        seconds: The median time for each number of threads.
    """

    seconds: dict[int, float]

    @property
    def most(self) -> int:
        """The most threads that were tried."""
        return max(self.seconds)

    @property
    def threads(self) -> int:
        """The fastest number; the most, unless another one is clearly faster."""
        fastest = min(self.seconds, key=self.seconds.__getitem__)
        return fastest if self.seconds[fastest] * _WORTH < self.seconds[self.most] else self.most

    def describe(self) -> str:
        """The choice and what it rests on, in words."""
        return _change(self.most, self.threads, self.seconds)


def try_threads(
    work: Callable[[], object], counts: Sequence[int], use: Callable[[int], None], seconds: float = 3.0
) -> ThreadTrial:
    """Does the same work with each number of threads in turn, three times, so that what else runs meets all alike.

    Args:
        work: What is done; it has been done once before, so that nothing has to be prepared any more.
        counts: Numbers of threads.
        use: Sets the number of threads.
        seconds: Time after which no further turn begins; the first one is always completed.

    Returns:
        The trial; the number of threads is left as the last one tried.

    Example:
        >>> try_threads(lambda: sum(range(100000)), [1], use=lambda threads: None).threads
        1
    """
    times: dict[int, list[float]] = {count: [] for count in counts}
    began = time.perf_counter()
    for _ in range(3):
        for count, measured in times.items():
            use(count)
            started = time.perf_counter()
            work()
            measured.append(time.perf_counter() - started)
        if time.perf_counter() - began > seconds:
            break
    return ThreadTrial({count: statistics.median(measured) for count, measured in times.items()})


class ThreadWatch:
    """Changes the number of threads of work that goes on in steps, when another number has become faster.

    Half the threads are tried where steps take much longer than they once did, twice as many where they have become
    faster by themselves; and, after a while, either is tried again. A trial alternates between the two numbers over
    some steps, so that it costs little and is fair.

    Args:
        most: The most threads.
        threads: The number at the start.
        use: Sets the number of threads.
        say: Prints a line.

    Example:
        >>> watch = ThreadWatch(most=2, threads=2, use=lambda threads: None)
        >>> for _ in range(10):
        ...     watch.step(seconds=0.5, work=1.0, now=0.0)
        >>> watch.threads
        2
    """

    _SLOWER = 1.7
    """Steps that take so many times as long as the fastest ones are a reason to try fewer threads."""
    _FASTER = 1.3
    """Steps that are so many times as fast as after the last trial are a reason to try more."""
    _RECENT = 4
    """The steps whose median is compared."""
    _PATIENCE = 30.0
    """Seconds until the next trial; twice as many after each trial in vain, up to `_LONGEST`."""
    _LONGEST = 600.0

    def __init__(
        self,
        most: int,
        threads: int,
        use: Callable[[int], None],
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self.most = most
        self.threads = threads
        self.use = use
        self.say = say
        self._costs: deque[float] = deque(maxlen=self._RECENT)
        self._fastest = self._settled = float("inf")  # the cost of the fastest steps, and after the last trial
        self._patience = self._PATIENCE
        self._next: float | None = None  # when either number is tried without any other reason
        self._trial: _Alternation | None = None

    def step(self, seconds: float, work: float, now: float) -> None:
        """Takes note of a step, and may change the number of threads for the next one.

        Args:
            seconds: How long the step took.
            work: How much work it was, in any unit: pixels, for example.
            now: The time in seconds, of a clock that never goes back.
        """
        cost = seconds / work
        if self._next is None:  # the first step prepares much, and says nothing of the others
            self._next = now + self._PATIENCE * (self.threads < self.most)
        elif self._trial is None:
            self._observe(cost, now)
        elif self._trial.add(cost):
            self._conclude(self._trial, now)
        else:
            self.use(self._trial.threads)

    def _observe(self, cost: float, now: float) -> None:
        """Compares the latest steps with earlier ones, and begins a trial where there is a reason."""
        self._costs.append(cost)
        if len(self._costs) < self._RECENT:
            return
        typical = statistics.median(self._costs)
        self._fastest = min(self._fastest, typical)
        due = self._next is not None and now >= self._next
        if self.threads < self.most and (due or self._FASTER * typical < self._settled):
            self._begin(min(self.most, 2 * self.threads))
        elif self.threads > 1 and due and typical > self._SLOWER * self._fastest:
            self._begin(self.threads // 2)

    def _begin(self, other: int) -> None:
        self._trial = _Alternation(self.threads, other)
        self.use(self._trial.threads)

    def _conclude(self, trial: _Alternation, now: float) -> None:
        """Chooses the faster of two numbers, and goes on in the same direction where that was a gain."""
        before, costs = self.threads, trial.costs()
        gain = costs[before] > _WORTH * costs[trial.other]
        self._trial = None
        self._costs.clear()
        if gain:
            self.threads = trial.other
            self.say(_change(before, self.threads, costs))
        self._settled = costs[self.threads]
        self._patience = self._PATIENCE if gain else min(self._LONGEST, 2 * self._patience)
        self._next = now + self._patience
        if gain and 1 < self.threads < before:
            self._begin(self.threads // 2)
        else:
            self.use(self.threads)


class _Alternation:
    """A trial of two numbers of threads: some steps with one, some with the other, and both again.

    Args:
        threads: The number at present.
        other: The number that may be better.
    """

    _TURN = 3
    """Steps of a turn; the first one after a change prepares what depends on the number, and does not count."""

    def __init__(self, threads: int, other: int) -> None:
        self.other = other
        self._turns = [other, threads, other, threads]
        self._measured: dict[int, list[float]] = {other: [], threads: []}
        self._step = 0

    @property
    def threads(self) -> int:
        """The number of threads of the next step."""
        return self._turns[self._step // self._TURN]

    def add(self, cost: float) -> bool:
        """Takes note of a step; returns whether the trial is over."""
        if self._step % self._TURN:
            self._measured[self.threads].append(cost)
        self._step += 1
        return self._step == self._TURN * len(self._turns)

    def costs(self) -> dict[int, float]:
        """The median cost for each number of threads."""
        return {count: statistics.median(costs) for count, costs in self._measured.items()}


def _change(before: int, after: int, costs: dict[int, float]) -> str:
    """A change of the number of threads in words."""
    threads = counted(after, "thread")
    speed = f"{costs[before] / costs[after]:.1f} times as fast as {before}"
    if after < before:
        return f"{threads}: other programs keep the cores busy, and {after} is {speed}"
    return f"{threads}: the cores are free again, and {after} is {speed}"
