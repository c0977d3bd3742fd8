from __future__ import annotations

import pytest
import torch

from yolact_kit.config.schema import AnchorConfig, Config, ModelConfig
from yolact_kit.models.anchor_transfer import finest_shapes, fit_anchors
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.ops.boxes import decode

SCALES = [[16.0], [32.0], [64.0], [128.0], [256.0]]


def network(anchors: AnchorConfig) -> YolactNetwork:
    torch.manual_seed(0)
    config = ModelConfig(backbone="resnet18", input_size=64, features=16, head_features=16, anchors=anchors)
    return YolactNetwork(config, 2).eval()


def usual() -> AnchorConfig:
    return AnchorConfig(scales=SCALES, aspect_ratios=[1.0, 0.5, 2.0], square=False)


def test_the_same_anchors_need_nothing() -> None:
    tensors = network(usual()).state_dict()
    assert fit_anchors(tensors, usual(), usual()) is tensors


@pytest.mark.parametrize(
    "own",
    [
        AnchorConfig(scales=SCALES, aspect_ratios=[1.0, 0.5, 2.0, 1 / 3, 3.0], square=False),
        AnchorConfig(scales=[[s[0], s[0] * 2**0.5] for s in SCALES], aspect_ratios=[1.0, 0.5, 2.0], square=False),
        AnchorConfig(scales=[[s[0] / 2] for s in SCALES], aspect_ratios=[2.0, 1.0], square=False),
    ],
    ids=["more shapes", "two scales", "smaller and fewer"],
)
def test_boxes_scores_and_coefficients_stay_what_they_were(own: AnchorConfig) -> None:
    source, target = network(usual()), network(own)
    fitted = fit_anchors(dict(source.state_dict()), usual(), own)
    missing = target.load_state_dict(fitted, strict=True)
    assert not missing.missing_keys
    picture = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        before, after = source(picture), target(picture)
    count, own_count = len(finest_shapes(usual())), len(finest_shapes(own))
    boxes = decode(before.regressions, before.anchors).reshape(-1, count, 4)
    own_boxes = decode(after.regressions, after.anchors).reshape(-1, own_count, 4)
    nearest = torch.cdist(finest_shapes(own).log(), finest_shapes(usual()).log()).argmin(1)
    torch.testing.assert_close(own_boxes, boxes[:, nearest], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        after.logits.reshape(-1, own_count, 3), before.logits.reshape(-1, count, 3)[:, nearest], atol=1e-5, rtol=1e-4
    )
    coefficients = before.coefficients.reshape(-1, count, 32)[:, nearest]
    torch.testing.assert_close(after.coefficients.reshape(-1, own_count, 32), coefficients, atol=1e-5, rtol=1e-4)


def test_square_anchors_are_what_the_network_has() -> None:
    config = Config(model=ModelConfig(anchors=AnchorConfig(scales=SCALES, aspect_ratios=[1.0, 4.0], square=True)))
    assert finest_shapes(config.model.anchors).tolist() == [[16.0, 16.0], [32.0, 32.0]]
