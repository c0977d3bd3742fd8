"""The Lightning data module: batches of training and of validation pictures."""

from __future__ import annotations

import cv2
import lightning
import torch
from torch.utils.data import DataLoader

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.config.schema import Config
from yolact_kit.cores import usable_cores
from yolact_kit.datasets.torch_dataset import PreparedPictures, Sample, Shuffled, TrainingPictures
from yolact_kit.training.distributed import ShareOfBatches, ShareOfPictures, share_of_batch, world_size
from yolact_kit.training.targets import Batch, collate


class DataModule(lightning.LightningDataModule):
    """The pictures of a data set's ``train`` and ``val`` splits.

    Args:
        dataset: The data set.
        config: The configuration.
        device: What trains; it decides how many processes load pictures.
        showings: How many pictures an earlier part of the same run has shown.
        augmented: Whether training pictures are augmented.
    """

    def __init__(
        self, dataset: Dataset, config: Config, device: torch.device, showings: int = 0, augmented: bool = True
    ) -> None:
        super().__init__()
        self.config = config
        self.showings = showings
        self.on_gpu = device.type != "cpu"
        self.workers = loader_workers(config, device)
        self.training = TrainingPictures(dataset.splits["train"], config, augmented)
        self.validation = PreparedPictures(dataset.splits.get("val", []), config.model)

    def train_dataloader(self) -> DataLoader[Sample]:
        """Endless batches, or this process's share of each."""
        batch = self.config.train.batch_size
        draws = Shuffled(len(self.training), self.config.train.seed, self.showings)
        return DataLoader(
            self.training,
            batch_size=share_of_batch(batch),
            sampler=draws if world_size() == 1 else ShareOfBatches(draws, batch),
            num_workers=self.workers,
            collate_fn=collate,
            pin_memory=self.on_gpu,
            worker_init_fn=_limit_to_a_thread,
            persistent_workers=self.workers > 0,
        )

    def val_dataloader(self) -> DataLoader[tuple[torch.Tensor, int]]:
        """Validation pictures in their order."""
        batch = share_of_batch(self.config.train.batch_size)
        mine = ShareOfPictures(len(self.validation)) if world_size() > 1 else None
        return DataLoader(self.validation, batch_size=batch, sampler=mine, pin_memory=self.on_gpu)

    def transfer_batch_to_device(self, batch: object, device: torch.device, dataloader_idx: int) -> object:
        """Moves a batch to a device, except for the names."""
        if not isinstance(batch, Batch):
            return super().transfer_batch_to_device(batch, device, dataloader_idx)
        targets = [type(target)(*(part.to(device, non_blocking=True) for part in target)) for target in batch.targets]
        return Batch(batch.images.to(device, non_blocking=True), targets, batch.names)


def loader_workers(config: Config, device: torch.device) -> int:
    """How many processes load pictures.

    With a GPU there are up to eight; with a CPU there is one, or none on two cores, where a loading process would take
    as much from the network as it saves.

    Args:
        config: ``train.workers``, a number or ``auto``.
        device: What trains.

    Returns:
        The number of processes, 0 for loading in the training process.
    """
    if config.train.workers != "auto":
        return config.train.workers
    cores = usable_cores()
    return int(cores > 2) if device.type == "cpu" else min(8, max(1, cores - 1))


def _limit_to_a_thread(_worker: int) -> None:
    """Keeps a loading process from taking the cores that the network computes on."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
