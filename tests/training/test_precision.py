from __future__ import annotations

import pytest
import torch

from yolact_kit.training import precision
from yolact_kit.training.precision import bf16_gain, choose_precision, gpu_precision


@pytest.mark.parametrize(
    ("name", "generation", "expected"),
    [
        ("NVIDIA H100 80GB HBM3", 9, "bf16-mixed"),
        ("Tesla T4", 7, "16-mixed"),
        ("NVIDIA GeForce GTX 1660 Ti", 7, "32-true"),
        ("NVIDIA GeForce RTX 2060", 7, "16-mixed"),
        ("NVIDIA GeForce GTX 1080", 6, "32-true"),
    ],
)
def test_gpus_get_the_arithmetic_that_they_have_without_harm(name: str, generation: int, expected: str) -> None:
    assert gpu_precision(name, generation)[0] == expected


def test_a_cpu_says_why() -> None:
    name, why = choose_precision(torch.device("cpu"))
    assert name in ("32-true", "bf16-mixed") and "CPU" in why


@pytest.mark.parametrize("disturbed", [torch.float32, torch.bfloat16])
def test_a_busy_machine_does_not_change_the_choice(disturbed: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    """All trials but one of one precision take fifty times as long."""
    if bf16_gain() == 0:
        pytest.skip("torch has no bf16 on this CPU")
    seconds = {
        torch.float32: iter([0.1] * 7 + [0.002] + [0.1] * 99),
        torch.bfloat16: iter([0.05] * 7 + [0.001] + [0.05] * 99),
    }
    undisturbed = {torch.float32: 0.002, torch.bfloat16: 0.001}
    monkeypatch.setattr(
        precision,
        "_convolution_seconds",
        lambda dtype: next(seconds[dtype]) if dtype == disturbed else undisturbed[dtype],
    )
    assert bf16_gain() == pytest.approx(2)


def test_measuring_leaves_the_number_of_threads_as_it_was() -> None:
    threads = torch.get_num_threads()
    bf16_gain()
    assert torch.get_num_threads() == threads
