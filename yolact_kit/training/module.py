"""The Lightning module: one training step, the optimiser, and validation."""

from __future__ import annotations

from typing import Any

import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.nn import functional

from yolact_kit.config.schema import Config
from yolact_kit.models.yolact import YOLACT, RawOutputs
from yolact_kit.training.losses import yolact_loss
from yolact_kit.training.schedule import Budget, input_size_at, learning_rate_factor
from yolact_kit.training.targets import Batch


class TrainingModule(lightning.LightningModule):
    """YOLACT and how it is trained.

    Args:
        model: The network.
        config: The configuration.
        budget: How long training goes on.
    """

    def __init__(self, model: YOLACT, config: Config, budget: Budget) -> None:
        super().__init__()
        self.model = model
        self.config = config
        self.budget = budget
        self.frozen_batch_norm = False

    def training_step(self, batch: Batch, _index: int) -> Tensor:
        """The sum of the losses of a batch."""
        raw = self.model(self._resized(batch.images))
        losses = yolact_loss(raw, batch.targets, self.config.loss, self.model.mask_scoring)
        total = torch.stack(list(losses.values())).sum()
        self.log_dict({f"loss/{name}": value.detach() for name, value in losses.items()}, batch_size=len(batch.images))
        self.log("loss/total", total.detach(), batch_size=len(batch.images))
        return total

    def validation_step(self, batch: tuple[Tensor, Tensor], _index: int) -> dict[str, RawOutputs]:
        """The raw outputs of a batch of validation pictures."""
        return {"raw": self.model(batch[0])}

    def _resized(self, images: Tensor) -> Tensor:
        size = input_size_at(self.progress(), self.config.model.input_size, self.config.train)
        images = images.float()
        if size == images.shape[-1]:
            return images
        return functional.interpolate(images, size=(size, size), mode="bilinear", antialias=True, align_corners=False)

    def progress(self) -> float:
        """Share of the training that is done, 0..1."""
        return self.budget.progress(self.global_step)

    def on_train_start(self) -> None:
        """Starts the clock."""
        if not self.budget.started:
            self.budget.start()

    def on_train_batch_start(self, _batch: Batch, _index: int) -> None:
        """Keeps batch norm frozen, where it is: Lightning puts the whole module into training mode."""
        if self.frozen_batch_norm or self.progress() >= self.config.train.freeze_norm_from:
            for module in self.model.backbone.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The optimiser, and the learning rate of each step."""
        train = self.config.train
        groups = parameter_groups(self.model, train.weight_decay)
        optimizer: torch.optim.Optimizer
        if train.optimizer == "sgd":
            optimizer = torch.optim.SGD(groups, lr=train.learning_rate, momentum=train.momentum)
        else:
            optimizer = torch.optim.AdamW(groups, lr=train.learning_rate, fused=self.device.type != "mps")
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda _step: learning_rate_factor(self.progress(), train)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Parameters with weight decay, and those without: biases and normalisation layers."""
    decayed = [parameter for parameter in model.parameters() if parameter.requires_grad and parameter.ndim > 1]
    others = [parameter for parameter in model.parameters() if parameter.requires_grad and parameter.ndim <= 1]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
