from __future__ import annotations

import pytest
import torch

from yolact_kit.training.precision import choose_precision, gpu_precision


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
    precision, why = choose_precision(torch.device("cpu"))
    assert precision in ("32-true", "bf16-mixed") and "CPU" in why
