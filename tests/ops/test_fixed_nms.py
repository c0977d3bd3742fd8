from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from yolact_kit.ops.boxes import decode
from yolact_kit.ops.fixed_nms import fixed_fast_nms, fixed_masks
from yolact_kit.ops.masks import assemble
from yolact_kit.ops.nms import NmsOptions, cross_class_fast_nms, fast_nms


def raw_outputs(pictures: int, anchors: int, classes: int, seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Logits, regressions, coefficients and anchors of crowded pictures, in which many boxes overlap."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(pictures, anchors, 1 + classes, generator=generator)
    regressions = torch.randn(pictures, anchors, 4, generator=generator) / 4
    coefficients = torch.randn(pictures, anchors, 5, generator=generator).tanh()
    boxes = torch.cat([torch.rand(anchors, 2, generator=generator), torch.rand(anchors, 2, generator=generator) / 3], 1)
    return logits, regressions, coefficients, boxes + torch.tensor([0, 0, 0.05, 0.05])


@pytest.mark.parametrize("cross_class", [False, True])
@pytest.mark.parametrize("classes", [1, 7])
@pytest.mark.parametrize("options", [NmsOptions(), NmsOptions(iou=0.3, min_score=0.3, candidates=20, top_k=9)])
def test_the_detections_are_those_of_fast_nms(cross_class: bool, classes: int, options: NmsOptions) -> None:
    logits, regressions, coefficients, anchors = raw_outputs(2, 300, classes, seed=classes)
    fixed = fixed_fast_nms(logits, regressions, coefficients, anchors, options, cross_class)
    nms = cross_class_fast_nms if cross_class else fast_nms
    for picture in range(2):
        boxes = decode(regressions[picture], anchors)
        wanted = nms(boxes.numpy(), logits[picture].softmax(dim=-1)[:, 1:].numpy(), options)
        count = len(wanted.rows)
        assert count > 3
        torch.testing.assert_close(fixed.scores[picture, :count], torch.from_numpy(wanted.scores))
        assert (fixed.scores[picture, count:] == 0).all()
        assert fixed.labels[picture, :count].tolist() == wanted.labels.tolist()
        torch.testing.assert_close(fixed.boxes[picture, :count], boxes[wanted.rows])
        torch.testing.assert_close(fixed.coefficients[picture, :count], coefficients[picture][wanted.rows])


def test_masks_are_those_of_assemble() -> None:
    logits, regressions, coefficients, anchors = raw_outputs(2, 50, 3, seed=0)
    prototypes = torch.rand(2, 5, 12, 17)
    fixed = fixed_fast_nms(logits, regressions, coefficients, anchors, NmsOptions(top_k=8), cross_class=False)
    masks = fixed_masks(fixed, prototypes)
    assert masks.shape == (2, 8, 12, 17) and masks.any()
    for picture in range(2):
        parts = prototypes[picture], fixed.coefficients[picture], fixed.boxes[picture]
        wanted = np.stack([mask.whole() for mask in assemble(*(part.numpy() for part in parts))])
        np.testing.assert_allclose(masks[picture].numpy(), wanted, rtol=1e-5, atol=1e-6)


def test_a_picture_without_objects_has_scores_of_zero() -> None:
    logits, regressions, coefficients, anchors = raw_outputs(1, 40, 3, seed=0)
    logits[..., 0] = 50
    fixed = fixed_fast_nms(logits, regressions, coefficients, anchors, NmsOptions(), cross_class=False)
    assert fixed.scores.shape == (1, 100) and not fixed.scores.any()
