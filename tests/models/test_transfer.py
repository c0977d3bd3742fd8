from __future__ import annotations

import copy
import math

import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.config.schema import AnchorConfig, Config
from yolact_kit.models.checkpoint import Checkpoint
from yolact_kit.models.transfer import PartTransfer, transfer
from yolact_kit.models.yolact import RawOutputs, YolactNetwork
from yolact_kit.training.losses import yolact_loss
from yolact_kit.training.matching import match
from yolact_kit.training.targets import Target

OLD = ["person", "dog", "cup"]


def make(classes: list[str], seed: int, **changes: object) -> tuple[YolactNetwork, Checkpoint]:
    config = tiny_config(classes)
    config.model = config.model.model_copy(update={"mask_scoring": True, **changes})
    torch.manual_seed(seed)
    model = YolactNetwork(config.model, len(classes))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model, Checkpoint({key: value.clone() for key, value in model.state_dict().items()}, config)


def by_name(parts: list[PartTransfer]) -> dict[str, PartTransfer]:
    return {part.name: part for part in parts}


@pytest.mark.parametrize("classes", [["cup", "컵", "person", "fork", "plate"], ["dog"]])
def test_what_fits_is_taken_over_and_classes_by_their_names(classes: list[str]) -> None:
    _, source = make(OLD, seed=1)
    model, _ = make(classes, seed=2)
    parts = by_name(transfer(model, classes, source))
    after = model.state_dict()
    shared = [name for name in classes if name in OLD]
    new = [name for name in classes if name not in OLD]
    assert parts["head.score"].loaded == ["(background)", *shared]
    for layer in ("head.score", "semantic", "mask_scoring.layers.10"):
        assert (parts[layer].averaged, parts[layer].initialised) == (new, [])
        assert parts[layer].averaged_over == (len(OLD) if new else 0)
    assert parts["head.score"].skipped == [name for name in OLD if name not in classes]
    assert parts["semantic"].loaded == parts["mask_scoring.layers.10"].loaded == shared
    layers = {"head.score": (["(background)", *classes], ["(background)", *OLD])}
    layers |= dict.fromkeys(("semantic", "mask_scoring.layers.10"), (classes, OLD))
    for layer, (ours, theirs) in layers.items():
        for key in (f"{layer}.weight", f"{layer}.bias"):
            values, old = (
                tensor.unflatten(0, (-1, len(names)))
                for tensor, names in ((after[key], ours), (source.tensors[key], theirs))
            )
            # What is divided among the new classes: as many exp(mean) as there were classes.
            share = math.log(len(OLD) / len(new)) if new and key in ("head.score.bias", "semantic.bias") else 0.0
            mean = old[:, -len(OLD) :].mean(dim=1) + share
            for index, name in enumerate(ours):
                expected = old[:, theirs.index(name)] if name in theirs else mean
                torch.testing.assert_close(values[:, index], expected, rtol=0, atol=0 if name in theirs else 1e-6)
    others = [key for key in after if key.rpartition(".")[0] not in layers]
    assert all(torch.equal(after[key], source.tensors[key]) for key in others)
    assert sum(len(part.loaded) for part in parts.values() if not part.by_class) == len(others)


def test_the_same_classes_in_the_same_order_give_the_same_model() -> None:
    _, source = make(OLD, seed=1)
    model, _ = make(OLD, seed=2)
    parts = transfer(model, OLD, source)
    assert all(torch.equal(value, source.tensors[key]) for key, value in model.state_dict().items())
    assert not any(part.initialised or part.skipped or part.averaged for part in parts)


def test_other_shapes_and_parts_are_told() -> None:
    _, source = make(OLD, seed=1)
    model, before = make(OLD, seed=2, prototypes=4, mask_scoring=False)
    parts = by_name(transfer(model, OLD, source))
    assert parts["head.coefficient"] == PartTransfer(
        "head.coefficient",
        initialised=["head.coefficient.weight", "head.coefficient.bias"],
        skipped=["head.coefficient.weight", "head.coefficient.bias"],
    )
    assert torch.equal(model.head.coefficient.weight, before.tensors["head.coefficient.weight"])
    assert parts["mask_scoring"].skipped and not parts["mask_scoring"].loaded
    assert parts["mask_scoring.layers.10"].skipped == OLD
    assert parts["backbone"].loaded and not parts["backbone"].initialised


def test_other_anchors_of_a_cell_begin_as_the_most_similar_ones() -> None:
    scales = [[16.0], [32.0], [64.0], [96.0], [128.0]]
    usual = AnchorConfig(scales=scales, aspect_ratios=[1.0, 0.5, 2.0], square=False)
    more = AnchorConfig(scales=scales, aspect_ratios=[1.0, 0.5, 2.0, 1 / 3], square=False)
    _, source = make(OLD, seed=1, anchors=usual)
    model, _ = make(OLD, seed=2, anchors=more)
    parts = by_name(transfer(model, OLD, source))
    assert parts["head.score"].loaded == ["(background)", *OLD]
    assert not parts["head.box"].initialised
    # One anchor's channels after the other: the fourth, of 1 to 3, is most like the second, of 1 to 2.
    theirs = source.tensors["head.score.weight"].view(3, 4, -1)
    ours = model.head.score.weight.view(4, 4, -1)
    assert torch.equal(ours[:3], theirs)
    assert torch.equal(ours[3], theirs[1])


COLOURS = torch.tensor([[220, 40, 40], [40, 200, 60], [60, 80, 230], [230, 210, 50], [200, 60, 210], [60, 210, 210]])
"""What the classes of drawn pictures look like."""


def drawn(seed: int) -> tuple[Tensor, Target]:
    """A picture [3, 64, 64] of two squares on a grey ground, and where they are."""
    numbers = torch.Generator().manual_seed(seed)
    picture = torch.randint(90, 150, (3, 64, 64), generator=numbers).float()
    maps = torch.zeros(1, 64, 64, dtype=torch.uint8)
    labels = torch.randperm(len(COLOURS), generator=numbers)[:2]
    boxes = []
    for number, label in enumerate(labels.tolist()):
        side = int(torch.randint(12, 28, (), generator=numbers))
        left, top = 32 * number + 2, int(torch.randint(2, 62 - side, (), generator=numbers))
        rows, columns = slice(top, top + side), slice(left, left + side)
        picture[:, rows, columns] = COLOURS[label].float()[:, None, None]
        maps[0, rows, columns] = number + 1
        boxes.append([left / 64, top / 64, (left + side) / 64, (top + side) / 64])
    return picture, Target(torch.tensor(boxes), labels, maps, torch.zeros(2, dtype=torch.bool))


def batch(first: int, count: int) -> tuple[Tensor, list[Target]]:
    pictures, targets = zip(*(drawn(seed) for seed in range(first, first + count)), strict=True)
    return torch.stack(pictures), list(targets)


def learnt(config: Config) -> YolactNetwork:
    """A model after a few seconds of training on drawn pictures."""
    model = tiny_model(config).train()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-3)
    for step in range(20):
        images, targets = batch(4 * step, 4)
        losses = yolact_loss(model(images), targets, config.loss)
        optimizer.zero_grad()
        torch.autograd.backward(torch.stack(list(losses.values())).sum())
        optimizer.step()
    return model.eval()


def with_random_scores(model: YolactNetwork) -> YolactNetwork:
    """The same model with random channels for all of its classes, background as it is."""
    random = copy.deepcopy(model)
    for tensor, other in zip(
        random.head.score.parameters(), tiny_model(tiny_config()).head.score.parameters(), strict=True
    ):
        tensor.data.unflatten(0, (-1, 4))[:, 1:] = other.data.unflatten(0, (-1, 4))[:, 1:]
    return random


def object_to_background(raw: RawOutputs) -> Tensor:
    """Logarithm of how much likelier any object is than background, for each anchor [B * A]."""
    return (raw.logits[..., 1:].logsumexp(dim=-1) - raw.logits[..., 0]).flatten()


def test_new_classes_begin_by_telling_objects_from_background_as_the_other_model_does() -> None:
    config = tiny_config([f"colour {number}" for number in range(len(COLOURS))])
    old, new = learnt(config), tiny_model(tiny_config(), seed=3).eval()
    transfer(new, tiny_config().classes, Checkpoint(old.state_dict(), config))
    images, targets = batch(10_000, 16)
    with torch.inference_mode():
        outputs = {name: model(images) for name, model in
                   {"old": old, "new": new, "random": with_random_scores(new)}.items()}  # fmt: skip
    evidence = {name: object_to_background(raw) for name, raw in outputs.items()}
    ranks = {name: float(spearmanr(evidence["old"], evidence[name]).statistic) for name in ("new", "random")}
    assert ranks["new"] > 0.9 > 0.8 > ranks["random"], ranks
    # And what it tells is right: how often an anchor on an object stands above one on the background.
    classes = torch.stack([match(target, outputs["old"].anchors, config.loss).classes for target in targets]).flatten()
    right = {name: (value[classes > 0, None] > value[classes == 0]).float().mean() for name, value in evidence.items()}
    assert right["new"] > right["random"] + 0.05 and right["new"] > right["old"] - 0.05, right
    # Neither more nor less sure than the other model: the sum over the classes is about as large.
    assert abs(float((evidence["new"] - evidence["old"]).mean())) < 1
