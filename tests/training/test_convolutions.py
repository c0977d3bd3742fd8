from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from tests.tiny_model import tiny_config
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.training.convolutions import speed_up_gradients, weights_learn_slowly


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    "layer",
    [
        pytest.param(nn.Conv2d(3, 5, 3, padding=1), id="plain"),
        pytest.param(nn.Conv2d(3, 5, 7, stride=2, padding=3, bias=False), id="stride, no bias"),
        pytest.param(nn.Conv2d(3, 5, 3, padding=2, dilation=2), id="dilation"),
        pytest.param(nn.Conv2d(3, 6, (1, 3), groups=3), id="groups, left as they are"),
        pytest.param(nn.Conv2d(3, 6, 3, padding="same"), id="padding in words, left as it is"),
        pytest.param(nn.Conv2d(3, 5, 1), id="one pixel, left as it is"),
    ],
)
def test_gradients_are_those_of_the_usual_convolution(layer: nn.Conv2d, layout: torch.memory_format) -> None:
    usual, fast = (copy.deepcopy(layer).to(memory_format=layout) for _ in range(2))
    speed_up_gradients(fast)
    image = torch.randn(2, 3, 11, 9, generator=torch.Generator().manual_seed(0)).to(memory_format=layout)
    results = []
    for module in (usual, fast):
        given = image.clone().requires_grad_()
        (module(given) ** 2).sum().backward()
        results.append([given.grad, *(value.grad for value in module.parameters())])
    for expected, found in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)


def test_a_model_keeps_its_outputs_its_state_and_its_frozen_layers() -> None:
    torch.manual_seed(0)
    model = YolactNetwork(tiny_config().model, 3).train()
    fast = copy.deepcopy(model)
    speed_up_gradients(fast)
    assert sum(type(module) is not nn.Conv2d for module in fast.modules() if isinstance(module, nn.Conv2d)) > 20
    assert list(fast.state_dict()) == list(model.state_dict())
    copied = copy.deepcopy(fast)  # as averaging the weights does
    fast.backbone.requires_grad_(False)
    images = torch.rand(1, 3, 64, 64) * 255
    logits = fast(images).logits
    torch.testing.assert_close(logits, model(images).logits)
    logits.sum().backward()
    assert all(value.grad is None for value in fast.backbone.parameters())
    assert fast.head.score.weight.grad is not None
    assert all(value.grad is None for value in copied.parameters())


@pytest.mark.parametrize(
    ("device", "precision", "capability", "expected"),
    [
        ("cpu", "32-true", "AVX2", True),
        ("cpu", "bf16-mixed", "AVX2", False),
        ("cpu", "32-true", "AVX512", False),
        ("cuda", "32-true", "AVX2", False),
    ],
)
def test_only_float32_on_cpus_without_avx512_needs_it(
    device: str, precision: str, capability: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert weights_learn_slowly(torch.device(device), precision) is expected
