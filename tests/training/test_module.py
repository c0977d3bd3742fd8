"""The Lightning module by itself."""

from __future__ import annotations

import copy
from functools import partial

import lightning
import pytest
import torch
from lightning.pytorch.plugins import MixedPrecision
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from tests.tiny_model import SMALL_BACKBONE, tiny_config, tiny_model
from yolact_kit.training.module import TrainingModule, make_optimizer
from yolact_kit.training.precision import Precision
from yolact_kit.training.schedule import Budget
from yolact_kit.training.targets import Batch, Target


def test_a_compiled_network_gives_the_same_and_is_no_part_of_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    # What torch captures is what is tested; the default backend would spend minutes in a C++ compiler.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    config = tiny_config()
    model = tiny_model(config).eval()
    plain = TrainingModule(model, config, Budget(steps=5))
    assert plain._network() is model
    config.train.compile = True
    module = TrainingModule(model, config, Budget(steps=5))
    names = list(module.state_dict())
    images = torch.rand(2, 3, 64, 64) * 255
    with torch.no_grad():
        expected, found = model(images), module._network()(images)
    assert module._network() is not model and module._network() is module._network()
    for name, value in expected._asdict().items():
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(getattr(found, name), value)
    assert list(module.state_dict()) == names
    copy.deepcopy(module)  # as the running average does before training


class _OneBatch(Dataset[Batch]):
    def __len__(self) -> int:
        return 1

    def __getitem__(self, _index: int) -> Batch:
        masks = torch.zeros(1, 64, 64, dtype=torch.uint8)
        masks[:, 16:48, 16:48] = 1
        boxes = torch.tensor([[0.25, 0.25, 0.75, 0.75]])
        target = Target(boxes, torch.zeros(1, dtype=torch.int64), masks, torch.zeros(1, dtype=torch.bool))
        images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255
        return Batch(images, [target, target], ["a.png", "b.png"])


def change_by_a_step(precision: Precision | MixedPrecision) -> Tensor:
    """What one step of AdamW with clipped gradients does to the weights."""
    config = tiny_config(["컵"], SMALL_BACKBONE)
    config.train.optimizer = "adamw"
    module = TrainingModule(tiny_model(config), config, Budget(steps=5))
    before = torch.nn.utils.parameters_to_vector(module.model.parameters()).clone()
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_steps=1,
        gradient_clip_val=1.0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **({"plugins": [precision]} if isinstance(precision, MixedPrecision) else {"precision": precision}),
    )
    trainer.fit(module, DataLoader(_OneBatch(), batch_size=None))
    return torch.nn.utils.parameters_to_vector(module.model.parameters()) - before


def test_a_step_in_fp16_with_a_scaled_loss_does_what_one_in_float32_does() -> None:
    # On a processor Lightning has no fp16 of its own, but its plug-in for GPUs works there, and so does torch's scaler.
    found = change_by_a_step(MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu", init_scale=2.0**10)))
    expected = change_by_a_step("32-true")
    # AdamW's first step has the gradient's signs, of which fp16 changes some; a fused one comes to 0.59.
    assert (found - expected).norm() < 0.3 * expected.norm()


def test_a_fused_step_is_not_taken_where_gradients_have_the_scale_of_the_loss() -> None:
    model, train = tiny_model(tiny_config()), tiny_config().train
    train.optimizer = "adamw"
    assert [make_optimizer(model, train, name).defaults["fused"] for name in ("32-true", "16-mixed")] == [True, False]
