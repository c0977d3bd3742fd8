"""Every model that is shipped: it builds, learns, and gives the same in a batch, on a GPU and in other arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from yolact_kit.config.files import override, template, template_names
from yolact_kit.config.schema import AnchorConfig, Config, ModelConfig
from yolact_kit.models.transfer import transfer
from yolact_kit.models.weights import read_starter
from yolact_kit.models.yolact import RawOutputs, YolactNetwork
from yolact_kit.training.losses import yolact_loss
from yolact_kit.training.targets import Target

FAST = {"yolact_nano", "yolact_plus_resnet50"}
TEMPLATES = [pytest.param(name, marks=() if name in FAST else pytest.mark.slow) for name in template_names()]
SIZE = 96
PARTS = ("logits", "regressions", "coefficients", "prototypes")
TOLERANCE = {torch.bfloat16: 0.1, torch.float16: 0.02}
"""Deviation from float32 under automatic mixed precision."""


def small(name: str) -> Config:
    return override(template(name), [f"model.input_size={SIZE}", "model.features=32", "model.head_features=32"])


@pytest.fixture(scope="module", params=TEMPLATES)
def model(request: pytest.FixtureRequest) -> Iterator[YolactNetwork]:
    torch.manual_seed(0)
    if request.param == "yolact_nano":
        # So many layers of random weights would amplify what rounding leaves.
        config = override(template(request.param), [f"model.input_size={SIZE}"])
        trained = YolactNetwork(config.model, 3)
        transfer(trained, ["a", "b", "c"], read_starter(config.model.backbone))
        yield trained
        return
    made = YolactNetwork(small(request.param).model, 3)
    norms = [module for module in made.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0  # One batch makes its statistics, as a trained model has them.
    with torch.no_grad():
        made.train()(images(8))
    yield made


def images(count: int) -> Tensor:
    """Smooth pictures: noise is all the same to a deep network, which then amplifies what rounding leaves."""
    coarse = torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(0)) * 255
    return functional.interpolate(coarse, size=(SIZE, SIZE), mode="bilinear", align_corners=False)


def difference(ours: RawOutputs, theirs: RawOutputs) -> float:
    """Largest difference of any part, relative to the part's largest magnitude."""
    pairs = [(getattr(ours, part).float(), getattr(theirs, part).float()) for part in PARTS]
    return max(float((first - second).abs().max() / second.abs().max()) for first, second in pairs)


def deviation(ours: RawOutputs, theirs: RawOutputs) -> float:
    """Root mean square of the differences of any part, relative to the part's own."""
    pairs = [(getattr(ours, part).float(), getattr(theirs, part).float()) for part in PARTS]
    return max(
        float((first - second).square().mean().sqrt() / second.square().mean().sqrt()) for first, second in pairs
    )


def test_one_step_teaches_every_parameter(model: YolactNetwork) -> None:
    box = torch.tensor([[0.1, 0.1, 0.9, 0.8]])
    mask = torch.zeros(1, SIZE, SIZE, dtype=torch.uint8)
    mask[:, 10:77, 10:86] = 1
    target = Target(box, torch.tensor([1]), mask, torch.tensor([False]))
    model.train()
    raw = model(images(2))
    assert len(raw.anchors) == raw.logits.shape[1] == raw.regressions.shape[1] == raw.coefficients.shape[1]
    losses = yolact_loss(raw, [target, target], Config().loss, model.mask_scoring)
    assert ("mask_scoring" in losses) == model.config.mask_scoring
    torch.stack(list(losses.values())).sum().backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None and torch.isfinite(parameter.grad).all(), key
    model.zero_grad()


def test_a_picture_alone_and_in_a_batch_of_8_is_the_same(model: YolactNetwork) -> None:
    batch = images(8)
    with torch.inference_mode():
        together = model.eval()(batch)
        for index in (0, 7):
            alone = model(batch[index : index + 1])
            whole = RawOutputs(*(part[index : index + 1] for part in together[:4]), together.anchors, None)
            assert difference(whole, alone) < 1e-4


@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
def test_half_precision_agrees_as_far_as_it_can(model: YolactNetwork, dtype: torch.dtype) -> None:
    with torch.inference_mode():
        exact = model.eval()(images(2))
        with torch.autocast("cpu", dtype=dtype):
            halved = model(images(2))
    assert deviation(halved, exact) < TOLERANCE[dtype]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_a_gpu_gives_what_the_processor_gives(model: YolactNetwork) -> None:
    allowed = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        with torch.inference_mode():
            expected = model.eval()(images(2))
            found = model.cuda()(images(2).cuda())
            assert difference(RawOutputs(*(part.cpu() for part in found[:5]), None), expected) < 1e-4
    finally:
        model.cpu()
        torch.backends.cudnn.allow_tf32 = allowed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["yolact_nano", "yolact_darknet53", "yolact_plus_resnet50"])
def test_it_is_traced_as_one_graph(name: str) -> None:
    torch.compiler.reset()
    torch.manual_seed(0)
    model = YolactNetwork(small(name).model, 3).eval()
    with torch.inference_mode():
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        assert difference(compiled(images(1)), model(images(1))) < 1e-5


@pytest.mark.parametrize("size", [64, 100, 138])
def test_any_input_size_goes_through(size: int) -> None:
    config = ModelConfig(backbone="mobilenet_v3_small", input_size=size, features=16, head_features=16)
    raw = YolactNetwork(config, 2).eval()(torch.rand(1, 3, size, size) * 255)
    assert raw.logits.shape[1] == len(raw.anchors)
    assert torch.isfinite(raw.logits).all()


def test_anchors_that_are_not_given_are_the_papers_in_proportion() -> None:
    assert template("yolact_im400").model.anchors.scales == [[17], [34], [69], [139], [279]]
    assert template("yolact_im700").model.anchors.scales == [[30], [61], [122], [244], [488]]
    assert ModelConfig(input_size=550).anchors == AnchorConfig()
    own = AnchorConfig(scales=[[10], [20], [30], [40], [50]])
    assert ModelConfig(input_size=400, anchors=own).anchors == own


def test_unit_normalisation_divides_by_255() -> None:
    config = ModelConfig(normalisation="unit", input_size=64, features=8, head_features=8)
    model = YolactNetwork(config, 1).eval()
    seen: list[Tensor] = []
    model.backbone.register_forward_pre_hook(lambda _module, inputs: seen.append(inputs[0]))
    model(torch.full((1, 3, 64, 64), 51.0))
    assert torch.allclose(seen[0], torch.tensor(0.2))
