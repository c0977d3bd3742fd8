"""The torch data sets: training pictures are decoded once, kept small in memory, and augmented each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset as TorchDataset
from torch.utils.data import Sampler

from yolact_kit.annotations.dataset import Picture
from yolact_kit.config.schema import Config, ModelConfig
from yolact_kit.datasets.augmentation import Augmentation
from yolact_kit.datasets.number_maps import NumberMaps, draw_maps, measure_maps, renumber
from yolact_kit.models.preprocess import prepare, resize

CACHE_BYTES = 1 << 30
"""Memory that decoded pictures and masks may take in one process."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One showing of a picture: its index, and the number of the showing, which decides its augmentation."""

    index: int
    number: int


class Sample(NamedTuple):
    """An augmented picture with its ground truth.

    Attributes:
        image: uint8 [3, S, S].
        boxes: float32 [N, 4], x1 y1 x2 y2 in 0..1.
        labels: int64 [N], 0-based.
        maps: [L, S, S], integers: the number of the object that each pixel belongs to, counted from 1, or 0. Objects
            that overlap are on different maps.
        ignored: bool [N]: crowds, and remnants too small to learn from.
        name: The picture's path in its data set.
    """

    image: Tensor
    boxes: Tensor
    labels: Tensor
    maps: Tensor
    ignored: Tensor
    name: str


class _Decoded(NamedTuple):
    picture: NDArray[np.uint8]
    maps: NumberMaps
    shares: NDArray[np.float64]
    """Of each object, the share of the picture that it covers, at least next to nothing."""


class TrainingPictures(TorchDataset[Sample]):
    """Pictures with boxes, labels and maps of their objects, at the model's input size.

    Args:
        pictures: The pictures of a split.
        config: The configuration; ``classes`` gives the labels' order.
        augmented: Whether pictures are augmented.
    """

    def __init__(self, pictures: list[Picture], config: Config, augmented: bool = True) -> None:
        self.pictures = pictures
        self.config = config
        self.augment = Augmentation(config.augment if augmented else None, config.model)
        self._numbers = {name: number for number, name in enumerate(config.classes)}
        self._cache: dict[int, _Decoded] = {}
        self._cached_bytes = 0

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, draw: Draw | int) -> Sample:
        """One showing of a picture; an index alone stands for its first showing."""
        index, number = (draw.index, draw.number) if isinstance(draw, Draw) else (draw, 0)
        picture = self.pictures[index]
        decoded = self._decoded(index)
        seed = int(np.random.SeedSequence((self.config.train.seed, number)).generate_state(1)[0])
        image, maps = self.augment(decoded.picture, decoded.maps, seed)
        areas, boxes = measure_maps(maps, len(picture.instances))
        present = areas > 0
        boxes = boxes[present]
        visible = areas / self.config.model.input_size**2 / decoded.shares
        crowd = np.array([instance.crowd for instance in picture.instances], bool)[present]
        labels = np.array([self._numbers[instance.label] for instance in picture.instances], np.int64)[present]
        ignored = crowd | self._too_small(boxes, visible[present])
        maps = renumber(maps, present)
        return Sample(
            image=torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))),
            boxes=torch.from_numpy(boxes / self.config.model.input_size),
            labels=torch.from_numpy(labels),
            maps=torch.from_numpy(maps if maps.dtype == np.uint8 else maps.astype(np.int32)),
            ignored=torch.from_numpy(ignored),
            name=picture.file,
        )

    def _too_small(self, boxes: NDArray[np.float32], visible: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which objects have a side below the limit, or are nearly outside the picture."""
        sides = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf)
        least_visible = self.config.augment.min_visible * self.augment.smallest_scale**2
        return np.asarray((sides < self.config.train.min_object) | (visible < least_visible))

    def _decoded(self, index: int) -> _Decoded:
        """The picture and its maps, no larger than the input: the time of augmentation grows with their size."""
        if index in self._cache:
            return self._cache[index]
        picture = self.pictures[index]
        pixels = picture.read()
        height, width = pixels.shape[:2]
        shrink = min(1.0, self.config.model.input_size / min(height, width))
        size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        maps = draw_maps(picture.instances, height, width, size)
        areas, _ = measure_maps(maps, len(picture.instances))
        shares = (areas / (size[0] * size[1])).clip(min=1e-9)
        decoded = _Decoded(resize(pixels, *size, self.config.model.interpolation), maps, shares)
        self._cached_bytes += decoded.picture.nbytes + decoded.maps.nbytes
        if self._cached_bytes <= CACHE_BYTES:
            self._cache[index] = decoded
        return decoded


class Shuffled(Sampler[Draw]):
    """Endless passes over the pictures, each in a different order; batches continue across the end of a pass.

    Args:
        count: Number of pictures.
        seed: Seed of the orders.
        start: Number of the showing to begin with, for training that is resumed.
    """

    def __init__(self, count: int, seed: int, start: int = 0) -> None:
        self.count = count
        self.seed = seed
        self.start = start

    def __iter__(self) -> Iterator[Draw]:
        number = self.start
        while True:
            order = np.random.default_rng((self.seed, number // self.count)).permutation(self.count)
            for index in order[number % self.count :]:
                yield Draw(int(index), number)
                number += 1


class PreparedPictures(TorchDataset[tuple[Tensor, int]]):
    """Pictures in the network's input form for prediction, each with its index; they stay in memory once read.

    Args:
        pictures: The pictures of a split.
        config: The model's configuration.
    """

    def __init__(self, pictures: list[Picture], config: ModelConfig) -> None:
        self.pictures = pictures
        self.config = config
        self._cache: dict[int, Tensor] = {}

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        """The input float32 [3, S, S] of a picture, and its index."""
        if index in self._cache:
            return self._cache[index], index
        prepared = torch.from_numpy(prepare(self.pictures[index].read(), self.config))
        if (len(self._cache) + 1) * prepared.nbytes <= CACHE_BYTES:
            self._cache[index] = prepared
        return prepared, index
