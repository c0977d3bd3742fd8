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
from yolact_kit.config.schema import FrozenPart
from yolact_kit.models.freezing import freeze
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.training.module import TrainingModule, make_optimizer, parameter_groups
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


def steps(
    rate: float = 1.0, frozen: list[FrozenPart] | None = None, count: int = 2
) -> tuple[YolactNetwork, dict[str, Tensor]]:
    """A network after some steps of SGD, and how far each of its tensors has moved."""
    config = tiny_config(["컵"])
    changes = {"optimizer": "sgd", "backbone_rate": rate, "warmup": 0.0, "schedule": "constant", "weight_decay": 0.01}
    config.train = config.train.model_copy(update=changes)
    model = tiny_model(config)
    freeze(model, frozen or [])
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trainer = lightning.Trainer(
        accelerator="cpu",
        max_steps=count,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(TrainingModule(model, config, Budget(steps=5)), DataLoader(_OneBatch(), batch_size=None))
    after = model.state_dict()
    return model, {name: (after[name].float() - value.float()).norm() for name, value in before.items()}


def test_the_backbone_moves_by_its_share_of_the_rate_and_the_rest_by_the_whole() -> None:
    _, full = steps(count=1)
    _, slow = steps(rate=0.1, count=1)
    for name in ("backbone.body.conv1.weight", "backbone.body.bn1.weight", "backbone.body.layer4.0.conv1.weight"):
        torch.testing.assert_close(slow[name], 0.1 * full[name], rtol=1e-2, atol=1e-7)
    for name in ("fpn.lateral.0.weight", "head.box.weight", "head.score.bias"):
        assert full[name] > 0
        torch.testing.assert_close(slow[name], full[name], rtol=1e-4, atol=1e-7)


def test_frozen_parts_keep_weights_and_statistics_and_the_rest_learns() -> None:
    model, moved = steps(frozen=["stem", "protonet"])
    frozen = {name for name, value in model.named_parameters() if not value.requires_grad}
    assert frozen and all(moved[name] == 0 for name in frozen)
    assert moved["backbone.body.bn1.running_mean"] == 0 and moved["backbone.body.layer2.0.bn1.running_var"] == 0
    assert moved["backbone.body.layer3.0.bn1.running_mean"] > 0
    assert moved["backbone.body.layer3.0.conv1.weight"] > 0 and moved["head.score.weight"] > 0
    assert all(value.grad is None for value in model.parameters() if not value.requires_grad)


def test_every_parameter_that_learns_is_in_one_group() -> None:
    train = tiny_config().train
    for rate, frozen, sizes in ((1.0, [], 2), (0.1, [], 4), (0.1, ["backbone"], 2), (0.1, ["fpn", "head"], 4)):
        train.backbone_rate = rate
        model = tiny_model(tiny_config())
        freeze(model, frozen)
        groups = parameter_groups(model, train)
        grouped = [id(value) for group in groups for value in group["params"]]
        assert len(groups) == sizes
        assert sorted(grouped) == sorted(id(value) for value in model.parameters() if value.requires_grad)
        assert [group.get("lr") for group in groups] == [None, None, *[train.learning_rate * rate] * (sizes - 2)]
        assert [group["weight_decay"] for group in groups] == [train.weight_decay, 0.0] * (sizes // 2)
