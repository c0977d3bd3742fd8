from __future__ import annotations

import copy
import operator

import pytest
import torch
from torch import nn

from yolact_kit.config.schema import ModelConfig
from yolact_kit.models import acceleration
from yolact_kit.models.acceleration import accelerated
from yolact_kit.models.yolact import RawOutputs, YolactNetwork
from yolact_kit.ops import winograd

MODELS = {
    "resnet18": {},
    "resnet50": {},
    "darknet53": {},
    "mobilenet_v3_small": {},
    "efficientnet_b0": {},
    "convnext_tiny": {},
    "regnet_x_400mf": {},
    "deformable": {"backbone": "resnet50", "deformable": 1},
}
SLOW = ("darknet53", "convnext_tiny", "deformable")


def model(size: int = 192, **options: object) -> YolactNetwork:
    """A model whose batch norm has seen something, and whose larger maps are worth Winograd's algorithm."""
    torch.manual_seed(0)
    made = YolactNetwork(ModelConfig(input_size=size, features=64, head_features=64, **options), num_classes=3)
    for module in made.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            module.momentum = None
    with torch.no_grad():
        made.train()(pictures((size, size)))
    return made.eval()


def pictures(size: tuple[int, int]) -> torch.Tensor:
    return torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(0)) * 255


def outputs(network: YolactNetwork, images: torch.Tensor) -> RawOutputs:
    with torch.inference_mode():
        raw: RawOutputs = network(images)
    return raw


def assert_close(fast: YolactNetwork, network: YolactNetwork, images: torch.Tensor) -> None:
    """Rounding errors are at most ten times the model's own."""
    exact = outputs(copy.deepcopy(network).double().eval(), images.double())
    usual, found = outputs(network, images), outputs(fast, images)
    for name in ("logits", "regressions", "coefficients", "prototypes"):
        truth = getattr(exact, name)
        own, ours = ((getattr(raw, name) - truth).abs().max() / truth.abs().max() for raw in (usual, found))
        assert ours <= 10 * own + 1e-6 and ours < 1e-2, name


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in MODELS],
)
def test_gives_what_the_model_gives_and_leaves_it_as_it_is(name: str) -> None:
    network = model(**{"backbone": name, **MODELS[name]})
    before = {key: value.clone() for key, value in network.state_dict().items()}
    fast = accelerated(network)
    outputs(fast, pictures((192, 192)))  # sums in place must not reach into the next picture
    assert_close(fast, network, pictures((192, 192)))
    after = network.state_dict()
    assert list(after) == list(before) and all(torch.equal(after[key], before[key]) for key in before)
    assert all(type(module) is not acceleration._WinogradConv2d for module in network.modules())


@pytest.mark.parametrize("size", [(191, 193), (130, 260)], ids=str)
def test_other_sizes_than_the_models(size: tuple[int, int]) -> None:
    network = model(backbone="resnet18")
    assert_close(accelerated(network), network, pictures(size))


def test_every_way_to_save_time_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    fast = accelerated(model(backbone="resnet18"))
    assert not any(isinstance(module, nn.BatchNorm2d) for module in fast.modules())
    assert {node.target for node in fast.backbone.body.graph.nodes} >= {operator.iadd}
    used: list[tuple[int, int, int]] = []

    def noted(images: torch.Tensor, kernels: torch.Tensor, bias: torch.Tensor | None, m: int) -> torch.Tensor:
        used.append((m, *images.shape[-2:]))
        return winograd_convolve(images, kernels, bias, m)

    winograd_convolve = winograd.convolve
    monkeypatch.setattr(winograd, "convolve", noted)
    outputs(fast, pictures((192, 192)))
    # Four convolutions of the backbone's first stage and the protonet's last; its others, P3's own and the head's.
    assert used.count((6, 48, 48)) == 5
    assert used.count((4, 24, 24)) >= 6
    assert {shape[1] for shape in used} == {48, 24}


def test_weights_that_stay_as_they_are_are_shared() -> None:
    network = model(backbone="resnet18")
    fast = accelerated(network)
    assert fast.head.score.weight.data_ptr() == network.head.score.weight.data_ptr()
