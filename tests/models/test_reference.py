"""Our network and losses against what the original computes with the same weights and pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.models.original import CASES, REFERENCE, original_model, recipe_of, stored_case
from yolact_kit.config.schema import LossConfig
from yolact_kit.models.original import our_name
from yolact_kit.models.preprocess import prepare
from yolact_kit.training.losses import yolact_loss
from yolact_kit.training.targets import Target

LOSSES = {"box": "B", "mask": "M", "classification": "C", "semantic": "S", "mask_scoring": "I"}


def relative(ours: torch.Tensor, theirs: np.ndarray) -> float:
    return float(np.abs(ours.detach().numpy() - theirs).max() / np.abs(theirs).max())


@pytest.mark.parametrize("case", CASES)
def test_raw_outputs_losses_and_gradients_are_the_originals(case: str) -> None:
    recipe, (name, seed, stored) = recipe_of(REFERENCE), stored_case(case)
    model = original_model(name, recipe, stored, seed)
    pictures = [recipe.picture(seed + number)[:, :, ::-1] for number in (1, 2)]
    images = torch.from_numpy(np.stack([prepare(picture, model.config) for picture in pictures]))
    with torch.inference_mode():
        raw = model(images[:1])
    step = int(stored["prior_step"])
    assert len(raw.anchors) == int(stored["num_priors"])
    assert relative(raw.anchors[::step], stored["priors"]) < 1e-6
    assert relative(raw.regressions[0, ::step], stored["raw_loc"]) < 1e-4
    assert relative(raw.logits[0, ::step].softmax(-1), stored["raw_conf"]) < 1e-4
    assert relative(raw.coefficients[0, ::step], stored["raw_mask"]) < 1e-4
    assert relative(raw.prototypes[0, :, ::6, ::6].permute(1, 2, 0), stored["raw_proto"]) < 1e-4

    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    every = LossConfig(max_masks=10**6)
    losses = yolact_loss(
        model(images), truth(recipe, seed, model.config.input_size), every, model.mask_scoring, legacy=True
    )
    assert {f"loss_{LOSSES[ours]}" for ours in losses} == {key for key in stored if key.startswith("loss_")}
    for ours, theirs in ((ours, LOSSES[ours]) for ours in losses):
        assert losses[ours].item() == pytest.approx(float(stored[f"loss_{theirs}"]), rel=1e-3)
    sum(losses.values()).backward()
    ours = {key: value.grad.norm().item() for key, value in model.named_parameters() if value.grad is not None}
    for key, norm in zip(map(str, stored["grad_keys"]), stored["grad_norms"], strict=True):
        assert ours[our_name(key)] == pytest.approx(float(norm), rel=1e-3), key


def truth(recipe: Any, seed: int, size: int) -> list[Target]:
    made = []
    for start, count, crowds in ((seed, 5, 0), (seed + 1, 4, 1)):
        arrays = recipe.ground_truth(start, count, size)
        ignored = torch.arange(count) >= count - crowds
        boxes, labels, masks = (torch.from_numpy(arrays[key]) for key in ("boxes", "labels", "masks"))
        maps = masks * torch.arange(1, count + 1, dtype=masks.dtype)[:, None, None]
        made.append(Target(boxes, labels, maps, ignored))
    return made
