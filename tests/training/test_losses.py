from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from yolact_kit.config.schema import LossConfig, ModelConfig
from yolact_kit.models.mask_scoring import MaskScoring
from yolact_kit.models.yolact import RawOutputs, YolactNetwork
from yolact_kit.training.losses import (
    Assembled,
    classification_loss,
    mask_loss,
    mask_scoring_loss,
    yolact_loss,
)
from yolact_kit.training.targets import Target

MODEL = YolactNetwork(ModelConfig(input_size=64, features=8, head_features=8, prototypes=4), 3).train()
IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255


def raw_outputs() -> RawOutputs:
    return MODEL(IMAGES)


def target(boxes: list[list[float]], ignored: list[bool] | None = None) -> Target:
    """Filled boxes as objects of class 0, 1, 2, 0, ..."""
    count = len(boxes)
    masks = torch.zeros(count, 64, 64, dtype=torch.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes, strict=True):
        mask[int(y1 * 64) : max(int(y1 * 64) + 1, int(y2 * 64)), int(x1 * 64) : max(int(x1 * 64) + 1, int(x2 * 64))] = 1
    return Target(
        torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        torch.arange(count) % 3,
        masks * torch.arange(1, count + 1, dtype=torch.uint8)[:, None, None],
        torch.tensor(ignored or [False] * count, dtype=torch.bool),
    )


NOTHING = target([])


@pytest.mark.parametrize(
    "targets",
    [
        pytest.param([NOTHING, NOTHING], id="background alone"),
        pytest.param([target([[0.1, 0.1, 0.5, 0.5]], [True]), NOTHING], id="a crowd alone"),
        pytest.param([target([[0.5, 0.5, 0.5 + 1 / 64, 0.5 + 1 / 64]]), NOTHING], id="one pixel"),
        pytest.param([target([[0.5, 0.5, 0.501, 0.501]]), NOTHING], id="a tenth of a pixel"),
        pytest.param([target([[0.5, 0.5, 0.5000001, 0.5000001]]), NOTHING], id="next to nothing"),
        pytest.param([target([[0.0, 0.0, 1.0, 1.0]] * 40), NOTHING], id="forty in one place"),
    ],
)
@pytest.mark.parametrize("box_overlap", [0.0, 1.5])
def test_losses_and_gradients_are_finite_and_bounded(targets: list[Target], box_overlap: float) -> None:
    MODEL.zero_grad()
    losses = yolact_loss(raw_outputs(), targets, LossConfig(box_overlap=box_overlap))
    total = torch.stack(list(losses.values())).sum()
    total.backward()
    assert all(torch.isfinite(value) for value in losses.values())
    assert losses["mask"] < 1000
    assert all(torch.isfinite(value.grad).all() for value in MODEL.parameters() if value.grad is not None)


def test_losses_of_fp16_outputs_are_computed_in_float32() -> None:
    raw = raw_outputs()
    raw = raw._replace(regressions=raw.regressions + 500)  # whose sum is beyond what fp16 can hold
    short = RawOutputs(*(value if value is None else value.half() for value in raw))
    with torch.autocast("cpu", dtype=torch.float16):
        found = yolact_loss(short, [target([[0.2, 0.2, 0.8, 0.8]]), NOTHING], LossConfig())
    expected = yolact_loss(raw, [target([[0.2, 0.2, 0.8, 0.8]]), NOTHING], LossConfig())
    for name, value in expected.items():
        assert found[name].dtype == torch.float32
        torch.testing.assert_close(found[name], value, rtol=2e-3, atol=1e-3)


def test_background_pictures_teach() -> None:
    losses = yolact_loss(raw_outputs(), [NOTHING, NOTHING], LossConfig())
    assert losses["classification"] > 0
    assert losses["box"] == 0 and losses["mask"] == 0


def test_three_hard_negatives_are_taken_for_each_positive() -> None:
    logits = torch.zeros(1, 10, 3)
    logits[0, :, 1] = torch.linspace(0, 3, 10)
    classes = torch.zeros(1, 10, dtype=torch.int64)
    classes[0, 0] = 2
    entropy = torch.nn.functional.cross_entropy(logits[0], classes[0], reduction="none")
    expected = entropy[[0, 9, 8, 7]].sum()
    assert classification_loss(logits, classes, LossConfig()).item() == pytest.approx(expected.item())


def test_neutral_anchors_teach_nothing() -> None:
    logits = torch.randn(1, 6, 3, requires_grad=True)
    classes = torch.tensor([[1, -1, -1, -1, -1, -1]])
    classification_loss(logits, classes, LossConfig()).backward()
    assert logits.grad is not None
    assert (logits.grad[0, 1:] == 0).all() and (logits.grad[0, 0] != 0).any()


SCORER = MaskScoring(classes=3)


@pytest.mark.parametrize(
    "targets",
    [
        pytest.param([NOTHING, NOTHING], id="background alone"),
        pytest.param([target([[0.1, 0.1, 0.9, 0.9]]), NOTHING], id="one object"),
        pytest.param([target([[0.5, 0.5, 0.52, 0.52]]), NOTHING], id="too small to score"),
    ],
)
def test_the_mask_scoring_loss_reaches_every_parameter_whatever_there_is(targets: list[Target]) -> None:
    SCORER.zero_grad()
    losses = yolact_loss(raw_outputs(), targets, LossConfig(), SCORER)
    assert torch.isfinite(losses["mask_scoring"])
    losses["mask_scoring"].backward()
    assert all(value.grad is not None and torch.isfinite(value.grad).all() for value in SCORER.parameters())


def assembled(logits: torch.Tensor, masks: torch.Tensor) -> Assembled:
    count = len(masks)
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0]]).expand(count, -1)
    return Assembled(logits, masks, boxes, torch.arange(count) % 3, 1.0)


def test_predicted_ious_are_held_against_the_true_ones() -> None:
    truth = torch.zeros(2, 32, 32)
    truth[:, :16] = 1
    logits = torch.full((2, 32, 32), -9.0)
    logits[0, :16] = 9.0  # The first mask fits; the second covers half of its object.
    logits[1, :8] = 9.0
    part = assembled(logits, truth)
    predicted = SCORER(logits.sigmoid(), part.labels)
    wanted = functional.smooth_l1_loss(predicted, torch.tensor([1.0, 0.5]), reduction="sum")
    assert mask_scoring_loss([part], SCORER, LossConfig()).item() == pytest.approx(wanted.item(), rel=1e-5)


def test_small_masks_are_left_out_and_the_rest_is_capped() -> None:
    truth = torch.zeros(5, 32, 32)
    truth[:4, :6, :5] = 1
    truth[4, :5, :5] = 1  # 25 pixels are too few.
    part = assembled(torch.zeros(5, 32, 32), truth)
    seen: list[int] = []
    hook = SCORER.register_forward_pre_hook(lambda _module, inputs: seen.append(len(inputs[0])))
    mask_scoring_loss([part], SCORER, LossConfig())
    mask_scoring_loss([part], SCORER, LossConfig(max_scored_masks=3))
    hook.remove()
    assert seen == [4, 3]


def test_legacy_masks_cost_100_a_pixel_where_float32_has_no_digits() -> None:
    part = assembled(torch.full((1, 8, 8), 30.0), torch.zeros(1, 8, 8))
    assert mask_loss([part]).item() == pytest.approx(30)
    assert mask_loss([part], legacy=True).item() == pytest.approx(100)
    sure = assembled(torch.full((1, 8, 8), 3.0), torch.zeros(1, 8, 8))
    assert mask_loss([sure], legacy=True).item() == pytest.approx(mask_loss([sure]).item(), rel=1e-5)
