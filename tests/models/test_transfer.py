from __future__ import annotations

import pytest
import torch

from tests.tiny_model import tiny_config
from yolact_kit.models.checkpoint import Checkpoint
from yolact_kit.models.transfer import PartTransfer, transfer
from yolact_kit.models.yolact import YolactNetwork

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
    model, before = make(classes, seed=2)
    parts = by_name(transfer(model, classes, source))
    after = model.state_dict()
    shared = [name for name in classes if name in OLD]
    assert parts["head.score"].loaded == ["(background)", *shared]
    assert parts["head.score"].initialised == [name for name in classes if name not in OLD]
    assert parts["head.score"].skipped == [name for name in OLD if name not in classes]
    assert parts["semantic"].loaded == parts["mask_scoring.layers.10"].loaded == shared
    layers = {"head.score": (["(background)", *classes], ["(background)", *OLD])}
    layers |= dict.fromkeys(("semantic", "mask_scoring.layers.10"), (classes, OLD))
    for layer, (ours, theirs) in layers.items():
        for key in (f"{layer}.weight", f"{layer}.bias"):
            new, old, first = (
                values.unflatten(0, (-1, len(names)))
                for values, names in ((after[key], ours), (source.tensors[key], theirs), (before.tensors[key], ours))
            )
            for place, name in enumerate(ours):
                expected = old[:, theirs.index(name)] if name in theirs else first[:, place]
                assert torch.equal(new[:, place], expected), (key, name)
    others = [key for key in after if key.rpartition(".")[0] not in layers]
    assert all(torch.equal(after[key], source.tensors[key]) for key in others)
    assert sum(len(part.loaded) for part in parts.values() if not part.by_class) == len(others)


def test_the_same_classes_in_the_same_order_give_the_same_model() -> None:
    _, source = make(OLD, seed=1)
    model, _ = make(OLD, seed=2)
    parts = transfer(model, OLD, source)
    assert all(torch.equal(value, source.tensors[key]) for key, value in model.state_dict().items())
    assert not any(part.initialised or part.skipped for part in parts)


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


def test_other_anchors_of_a_cell_start_afresh() -> None:
    _, source = make(OLD, seed=1)
    anchors = source.config.model.anchors.model_copy(update={"aspect_ratios": [1.0]})
    model, before = make(OLD, seed=2, anchors=anchors)
    parts = by_name(transfer(model, OLD, source))
    assert parts["head.score"].loaded == []
    assert torch.equal(model.head.score.weight, before.tensors["head.score.weight"])
