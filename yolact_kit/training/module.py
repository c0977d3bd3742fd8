"""The Lightning module: one training step, the optimiser, and validation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor, nn
from torch.nn import functional

from yolact_kit.config.schema import Config, TrainConfig
from yolact_kit.models.freezing import hold_statistics
from yolact_kit.models.yolact import RawOutputs, YolactNetwork
from yolact_kit.training.bad_batches import BadBatches, not_finite
from yolact_kit.training.distributed import any_process, broadcast_first, world_size
from yolact_kit.training.losses import yolact_loss
from yolact_kit.training.schedule import Budget, input_size_at, learning_rate_factor
from yolact_kit.training.targets import Batch


class TrainingModule(lightning.LightningModule):
    """YOLACT and how it is trained.

    Args:
        model: The network.
        config: The configuration.
        budget: How long training goes on.
        bad_batches: Handles losses that are not finite; by default they are not reported.
    """

    def __init__(
        self, model: YolactNetwork, config: Config, budget: Budget, bad_batches: BadBatches | None = None
    ) -> None:
        super().__init__()
        self.model = model
        self.config = config
        self.budget = budget
        self.bad_batches = bad_batches or BadBatches(config.train.max_bad_batches)
        self.frozen_batch_norm = False
        self._shown: list[str] = []
        self._skipped = False
        self._compiled: list[Callable[[Tensor], RawOutputs]] = []  # in a list, it is not part of the module's state

    def training_step(self, batch: Batch, _index: int) -> Tensor | None:
        """The sum of the losses of a batch; None, which makes Lightning skip it, if that is not finite."""
        self._shown, self._skipped = batch.names, False
        raw = self._network()(self._resized(batch.images))
        losses = yolact_loss(raw, batch.targets, self.config.loss, self.model.mask_scoring)
        total = torch.stack(list(losses.values())).sum()
        if any_process(not bool(torch.isfinite(total)), total.device):
            self.bad_batches.bad(self.global_step, not_finite(losses) or ["total"], self._suspects(raw, batch))
            return self._skip()
        logged = {f"loss/{name}": value.detach() for name, value in losses.items()} | {"loss/total": total.detach()}
        self.log_dict(logged, batch_size=len(batch.images), sync_dist=world_size() > 1)
        return total

    def _network(self) -> Callable[[Tensor], RawOutputs]:
        """The network as training calls it: compiled, if configured."""
        if not self.config.train.compile:
            return self.model
        if not self._compiled:
            self._compiled.append(torch.compile(self.model))
        return self._compiled[0]

    def _suspects(self, raw: RawOutputs, batch: Batch) -> list[str]:
        """The pictures whose own loss is not finite; all of the batch if that cannot be found out."""
        if world_size() > 1:
            return batch.names
        suspects = []
        with torch.no_grad(), torch.random.fork_rng():
            for index, (name, target) in enumerate(zip(batch.names, batch.targets, strict=True)):
                alone = _of_picture(raw, index)
                if not_finite(yolact_loss(alone, [target], self.config.loss, self.model.mask_scoring)):
                    suspects.append(name)
        return suspects or batch.names

    def _skip(self) -> Tensor | None:
        """A loss that changes no weight; with several processes, all of them must have a backward pass."""
        self._skipped = True
        if world_size() == 1:
            return None
        return torch.stack([(value * 0).sum() for value in self.model.parameters() if value.requires_grad]).sum()

    def validation_step(self, batch: tuple[Tensor, Tensor], _index: int) -> dict[str, RawOutputs]:
        """The raw outputs of a batch of validation pictures."""
        return {"raw": self.model(batch[0])}

    def _resized(self, images: Tensor) -> Tensor:
        size = self.input_size()
        images = images.float()
        if size == images.shape[-1]:
            return images
        return functional.interpolate(images, size=(size, size), mode="bilinear", antialias=True, align_corners=False)

    def input_size(self) -> int:
        """Side of the pictures at present in pixels."""
        return input_size_at(self.progress(), self.config.model.input_size, self.config.train)

    def progress(self) -> float:
        """Share of the training that is done, 0..1."""
        return self.budget.progress(self.global_step)

    def on_train_start(self) -> None:
        """Starts the clock."""
        if not self.budget.started:
            self.budget.start()

    def on_train_batch_start(self, _batch: Batch, _index: int) -> None:
        """Agrees on the time with the other processes, and freezes batch norm again, which Lightning has unfrozen."""
        if world_size() > 1:
            self.budget.agree(broadcast_first(self.budget.clock(), self.device))
        hold_statistics(self.model)
        if self.frozen_batch_norm or self.progress() >= self.config.train.freeze_norm_from:
            hold_statistics(self.model.backbone, all_of_it=True)

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Limits the norm of the gradient; a gradient that is not finite changes no weight.

        With fp16 the gradient is infinite whenever the loss was scaled too far, which the scaler corrects by itself.
        """
        parameters = [value for group in optimizer.param_groups for value in group["params"] if value.grad is not None]
        if self._skipped or not parameters:
            optimizer.zero_grad()
            return
        norm = nn.utils.clip_grad_norm_(parameters, gradient_clip_val or float("inf"))
        if torch.isfinite(norm):
            self.bad_batches.good()
        elif self.trainer.precision != "16-mixed":
            optimizer.zero_grad()
            self.bad_batches.bad(self.global_step, ["gradient"], self._shown)

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        """The optimiser, and the learning rate of each step."""
        train = self.config.train
        optimizer = make_optimizer(self.model, train, str(self.trainer.precision))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda _step: learning_rate_factor(self.progress(), train)
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def make_optimizer(model: nn.Module, train: TrainConfig, precision: str) -> torch.optim.Optimizer:
    """The optimiser that a configuration names.

    Args:
        model: The network, on its device.
        train: The configuration of the training.
        precision: Lightning's name of the numeric precision.

    Returns:
        The optimiser; biases and normalisation layers have no weight decay, and the backbone has its share of the rate.
    """
    groups = parameter_groups(model, train)
    if train.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=train.learning_rate, momentum=train.momentum)
    # A fused step removes the loss scale only after the scaled gradients were clipped, so it does not work with fp16.
    fused = precision != "16-mixed" and groups[0]["params"][0].device.type != "mps"
    return torch.optim.AdamW(groups, lr=train.learning_rate, fused=fused)


def _of_picture(raw: RawOutputs, index: int) -> RawOutputs:
    """The raw outputs of one picture of a batch."""
    part = slice(index, index + 1)
    rows = {key: value[part] for key, value in raw._asdict().items() if key != "anchors" and value is not None}
    return raw._replace(**rows)


def parameter_groups(model: nn.Module, train: TrainConfig) -> list[dict[str, Any]]:
    """Splits the parameters that learn into those with weight decay and those without: biases and normalisation layers.

    Args:
        model: The network.
        train: Weight decay, learning rate, and the backbone's share of it. If that is not 1, the backbone's parameters
            are groups of their own.

    Returns:
        Groups, as the optimisers of torch take them.
    """
    learning = [(name, value) for name, value in model.named_parameters() if value.requires_grad]
    backbone = [value for name, value in learning if name.startswith("backbone.")]
    rest = [value for name, value in learning if not name.startswith("backbone.")]
    if train.backbone_rate == 1:
        backbone, rest = [], [value for _, value in learning]
    groups = _split_by_decay(rest, train.weight_decay)
    for group in _split_by_decay(backbone, train.weight_decay):
        groups.append({**group, "lr": train.learning_rate * train.backbone_rate})
    return groups


def _split_by_decay(parameters: list[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    """Two groups of parameters, with weight decay and without; none where there are no parameters."""
    if not parameters:
        return []
    decayed = [parameter for parameter in parameters if parameter.ndim > 1]
    others = [parameter for parameter in parameters if parameter.ndim <= 1]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
