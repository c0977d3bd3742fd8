"""How fast the machine is, also while other programs run."""

from __future__ import annotations

import time

import pytest
import torch

from yolact_kit.reports import doctor


@pytest.mark.parametrize(("busy", "count"), [(None, 0), (0.0, 0), (0.19, 0), (0.5, 1), (1.0, 1)])
def test_a_busy_machine_is_told(busy: float | None, count: int) -> None:
    findings = doctor._judge_load(busy)
    assert len(findings) == count
    for finding in findings:
        assert finding.severity == "warning" and f"{busy:.0%}" in finding.message


def test_one_slow_trial_does_not_count_and_the_threads_alternate() -> None:
    threads = torch.get_num_threads()
    counts: list[int] = []

    def action() -> None:
        counts.append(torch.get_num_threads())
        # Another program has the processor in every second trial, and makes two threads wait for each other.
        time.sleep(0.03 if len(counts) % 4 < 2 else 0.001 * counts[-1])

    best = doctor._shortest_times(action, [1, 2], 0.1, on_cpu=False)
    assert counts[:4] == [1, 2, 1, 2] and torch.get_num_threads() == threads
    assert 0.001 <= best[1] < 0.02 and 0.002 <= best[2] < 0.02


def test_of_one_thread_its_own_time_counts() -> None:
    best = doctor._shortest_times(lambda: time.sleep(0.02), [1], 0.01, on_cpu=True)
    assert best[1] < 0.01
