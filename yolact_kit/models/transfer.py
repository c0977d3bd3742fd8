"""Fine-tuning: loads the weights of one model into another, as far as they fit; the classes may differ."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from yolact_kit.models.anchor_transfer import fit_anchors
from yolact_kit.models.checkpoint import Checkpoint
from yolact_kit.models.yolact import YolactNetwork

CLASS_LAYERS = {"head.score": ["(background)"], "semantic": [], "mask_scoring.layers.10": []}
"""Layers whose output channels are classes, and what each has before the first of them."""
_EVIDENCE = ("head.score", "semantic")
"""Of those, the layers whose outputs say, as logits, how likely each class is."""


@dataclass(slots=True)
class PartTransfer:
    """What happened to one part of a model.

    Attributes:
        name: The part, such as ``backbone`` or ``head.score``.
        by_class: Whether the names below are classes rather than tensors.
        loaded: Names of what was loaded.
        averaged: Names of classes that begin as the mean of all classes of the other model.
        averaged_over: How many classes the other model has, if there are such.
        initialised: Names of what keeps its initial values.
        skipped: Names of what the other model had and this one has no use for.
    """

    name: str
    by_class: bool = False
    loaded: list[str] = field(default_factory=list)
    initialised: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    averaged: list[str] = field(default_factory=list)
    averaged_over: int = 0


@torch.no_grad()
def transfer(model: YolactNetwork, classes: Sequence[str], source: Checkpoint) -> list[PartTransfer]:
    """Loads the weights of another model as far as they fit.

    A tensor fits if name and shape are the same. In layers that predict classes, the channels fit for classes that have
    the same name in both models; their number and order may differ. A class that the other model does not know begins
    as the mean of all classes that it knows: so it tells objects from background before it has learnt anything. An
    anchor that the other model does not have begins as its most similar one, see `fit_anchors`.

    Args:
        model: The model, changed in place.
        classes: Its classes.
        source: The other model's weights.

    Returns:
        What became of each part.
    """
    own = model.state_dict()
    source = source._replace(tensors=fit_anchors(source.tensors, source.config.model.anchors, model.config.anchors))
    parts: dict[str, PartTransfer] = {}
    for key in _plain(own, source.tensors):
        name = part_name(key)
        part = parts.setdefault(name, PartTransfer(name))
        fits = key in own and key in source.tensors and own[key].shape == source.tensors[key].shape
        if fits:
            own[key].copy_(source.tensors[key])
            part.loaded.append(key)
            continue
        if key in own:
            part.initialised.append(key)
        if key in source.tensors:
            part.skipped.append(key)
    for layer, before in CLASS_LAYERS.items():
        if f"{layer}.weight" in own:
            own_classes, source_classes = [*before, *classes], [*before, *source.config.classes]
            parts[layer] = _transfer_classes(layer, own, source.tensors, own_classes, source_classes)
        elif f"{layer}.weight" in source.tensors:
            parts[layer] = PartTransfer(layer, by_class=True, skipped=list(source.config.classes))
    return list(parts.values())


def part_name(key: str) -> str:
    """The part of a model that a parameter belongs to.

    Example:
        >>> part_name("backbone.body.conv1.weight"), part_name("head.box.bias")
        ('backbone', 'head.box')
    """
    first, second = key.split(".")[:2]
    return f"{first}.{second}" if first == "head" else first


def _plain(own: Mapping[str, Tensor], source: Mapping[str, Tensor]) -> Iterable[str]:
    """Names in either model, without those of class layers and of counters that only one of the models has."""
    for key in [*own, *(key for key in source if key not in own)]:
        counts = key.endswith("num_batches_tracked") and (key not in own or key not in source)
        if key.rpartition(".")[0] not in CLASS_LAYERS and not counts:
            yield key


def _transfer_classes(
    layer: str,
    own: Mapping[str, Tensor],
    source: Mapping[str, Tensor],
    own_classes: list[str],
    source_classes: list[str],
) -> PartTransfer:
    """Takes over the channels of the classes that both have; the other classes begin as the mean of all."""
    keys = (f"{layer}.weight", f"{layer}.bias")
    if not _same_layout(own, source, keys, len(own_classes), len(source_classes)):
        return PartTransfer(layer, True, initialised=own_classes, skipped=source_classes)
    shared = [name for name in own_classes if name in source_classes]
    averaged = [name for name in own_classes if name not in source_classes]
    objects = source_classes[len(CLASS_LAYERS[layer]) :]
    for key in keys:
        _take_channels(own[key], source[key], own_classes, source_classes, len(objects))
    if layer in _EVIDENCE:
        # What the other model has for an object is the sum of exp(logit) over its classes: at least exp(mean) as often
        # as there are classes, however rare each is. The new classes share that sum, for nothing tells them apart yet.
        for name in averaged:
            _channels(own[keys[1]], own_classes)[:, own_classes.index(name)] += math.log(len(objects) / len(averaged))
    skipped = [name for name in source_classes if name not in shared]
    return PartTransfer(layer, True, shared, [], skipped, averaged, len(objects) if averaged else 0)


def _take_channels(
    own: Tensor, source: Tensor, own_classes: list[str], source_classes: list[str], objects: int
) -> None:
    """Gives each class the channels of the one of that name, or the mean of the last ``objects`` classes."""
    ours, theirs = _channels(own, own_classes), _channels(source, source_classes)
    mean = theirs[:, -objects:].mean(dim=1)
    for column, name in enumerate(own_classes):
        ours[:, column] = theirs[:, source_classes.index(name)] if name in source_classes else mean


def _channels(tensor: Tensor, classes: Sequence[str]) -> Tensor:
    """Output channels as [anchors, classes, ...]; in the same memory, so that they can be written to."""
    # Output channels are a set of classes for each anchor of a cell: the same class of all anchors is one column.
    # `view`, since the model's own memory is written to.
    return tensor.view(-1, len(classes), *tensor.shape[1:])


def _same_layout(
    own: Mapping[str, Tensor], source: Mapping[str, Tensor], keys: Sequence[str], own_classes: int, source_classes: int
) -> bool:
    """Whether both models have a layer, with the same anchors of a cell and the same inputs."""
    if not all(name in source for name in keys):
        return False
    key = keys[0]
    same_anchors = len(own[key]) // own_classes == len(source[key]) // source_classes
    return same_anchors and own[key].shape[1:] == source[key].shape[1:]
