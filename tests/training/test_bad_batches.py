from __future__ import annotations

from pathlib import Path

import lightning
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.utils.data import DataLoader

from tests.datasets.folders import FolderMaker
from tests.tiny_model import save_tiny_model, tiny_config, tiny_model
from yolact_kit.models.weights import load_weights
from yolact_kit.training.bad_batches import BadBatches, TrainingStoppedError, not_finite
from yolact_kit.training.module import TrainingModule
from yolact_kit.training.plan import plan_run
from yolact_kit.training.schedule import Budget
from yolact_kit.training.targets import Batch, Target
from yolact_kit.training.trainer import train


def batch(*names: str, poisoned: str = "") -> Batch:
    """Pictures of noise with an object each; the poisoned one has a box without height or width, at infinity."""
    targets = []
    for name in names:
        far = float("inf") if name == poisoned else 0.75
        masks = torch.zeros(1, 64, 64, dtype=torch.uint8)
        masks[:, 16:48, 16:48] = 1
        targets.append(Target(torch.tensor([[0.25, 0.25, far, far]]), torch.tensor([0]), masks, torch.tensor([False])))
    return Batch(torch.rand(len(names), 3, 64, 64) * 255, targets, list(names))


def fit(batches: list[Batch], limit: int = 3) -> tuple[TrainingModule, list[str]]:
    lines: list[str] = []
    config = tiny_config()
    config.train = config.train.model_copy(update={"warmup": 0.0, "start_size": 1.0})
    budget = Budget(steps=100)
    module = TrainingModule(tiny_model(config), config, budget, BadBatches(limit, lines.append))
    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=1, gradient_clip_val=10.0, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(module, DataLoader(batches, batch_size=None, collate_fn=lambda item: item))
    return module, lines


def weights(module: TrainingModule) -> list[torch.Tensor]:
    return [value.detach().clone() for value in module.model.parameters()]


def test_a_bad_batch_names_picture_and_component_and_changes_no_weight() -> None:
    module, lines = fit([batch("a.png", "나쁜.png", "c.png", poisoned="나쁜.png")])
    before = list(tiny_model(module.config).parameters())
    assert all(torch.equal(was, now) for was, now in zip(before, weights(module), strict=True))
    (line,) = lines
    assert "the loss (box" in line and "나쁜.png" in line and "a.png" not in line and "skipped" in line
    assert module.bad_batches.count == 1


def test_training_goes_on_after_a_bad_batch_and_counts_anew() -> None:
    bad, good = batch("bad.png", poisoned="bad.png"), batch("good.png")
    module, lines = fit([bad, bad, good, bad, bad, good])
    assert len(lines) == 4 and module.bad_batches.in_a_row == 0
    assert all(torch.isfinite(value).all() for value in weights(module))


def test_an_infinite_gradient_changes_no_weight() -> None:
    class Exploding(torch.autograd.Function):
        @staticmethod
        def forward(_context, value):
            return value.clone()

        @staticmethod
        def backward(_context, gradient):
            return gradient * float("inf")

    config = tiny_config()
    module = TrainingModule(tiny_model(config), config, Budget(steps=100), BadBatches(1))
    module.model.protonet.register_forward_hook(lambda _module, _inputs, output: Exploding.apply(output))
    trainer = lightning.Trainer(
        accelerator="cpu", max_epochs=1, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False,
    )  # fmt: skip
    with pytest.raises(TrainingStoppedError, match=r"the gradient is not finite in step 1 with a\.png"):
        trainer.fit(module, DataLoader([batch("a.png")], batch_size=None, collate_fn=lambda item: item))
    before = list(tiny_model(config).parameters())
    assert all(torch.equal(was, now) for was, now in zip(before, weights(module), strict=True))


def test_damaged_weights_stop_the_run_with_advice(tmp_path: Path) -> None:
    maker = FolderMaker(tmp_path / "자료", ["컵"])
    for number in range(4):
        maker.picture("train", f"{number}.png", ["컵"], seed=number)
    maker.picture("val", "v.png", ["컵"], seed=9)
    config = tiny_config(["컵"])
    config.dataset = str(maker.write())
    config.train = config.train.model_copy(update={"batch_size": 2, "workers": 0, "max_bad_batches": 3, "epochs": 50})
    old = save_tiny_model(tmp_path / "old", ["컵"])
    file = old / "weights" / "best.safetensors"
    tensors = load_file(file)
    tensors["head.box.weight"][0] = float("nan")
    save_file(tensors, file, {"format": "yolact-kit 1", "config": load_weights_config(old)})
    lines: list[str] = []
    result = train(plan_run(config, device="cpu"), tmp_path / "new", str(old), say=lines.append)
    assert result.stopped is not None and "3 bad batches in a row" in result.stopped.message
    assert "try others" in result.stopped.advice
    assert result.detections is None  # not 0, which would be told as a model that finds nothing
    assert result.bad_batches == 3 and sum("the batch is skipped" in line for line in lines) == 3
    assert not (tmp_path / "new" / "weights").exists()


def load_weights_config(run: Path) -> str:
    return load_weights(run).config.model_dump_json()


def test_components_are_told_apart() -> None:
    losses = {"box": torch.tensor(1.0), "mask": torch.tensor(float("inf")), "semantic": torch.tensor(float("nan"))}
    assert not_finite(losses) == ["mask", "semantic"]
