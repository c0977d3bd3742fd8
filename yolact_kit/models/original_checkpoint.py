"""Checkpoints of the original YOLACT: which configuration a ``.pth`` is of, and its weights by our names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from yolact_kit.config.files import load_config, template
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.models.checkpoint import Checkpoint, misfits, read_state_dict
from yolact_kit.models.class_names import COCO_CLASSES, PASCAL_CLASSES
from yolact_kit.models.original import is_original, to_our_names
from yolact_kit.models.yolact import YolactNetwork

CONFIGS = (
    "yolact_base",
    "yolact_resnet50",
    "yolact_darknet53",
    "yolact_im400",
    "yolact_im700",
    "yolact_resnet50_pascal",
    "yolact_plus_base",
    "yolact_plus_resnet50",
)
"""The original's configurations, by its own names."""


def read_original(path: Path, model: str | None = None) -> Checkpoint:
    """Reads a checkpoint of the original's.

    The configuration is the given one, else the one that the file's name begins with (the original writes
    ``CONFIG_EPOCH_ITERATION.pth``), else the only one whose parameters have these names and shapes.

    Args:
        path: The ``.pth``.
        model: Name of the configuration, or a ``.yaml`` of one's own.

    Returns:
        The weights by our names. The classes are COCO's where there are 80, Pascal's where there are 20, else
        ``class 1`` and on; a ``.yaml`` that names as many has the last word.

    Raises:
        UserError: The file cannot be read, holds no YOLACT or one of another configuration, or it is unclear which
            configuration it is of.
    """
    state = read_state_dict(path)
    if not is_original(state):
        raise UserError(
            f"'{path}' holds no YOLACT: it has no prediction head.",
            "Give a checkpoint of the original YOLACT, or weights or a run folder that `yolact-kit train` wrote.",
        )
    tensors = to_our_names(state)
    count = _class_count(tensors)
    if model is not None:
        config = _configuration(model)
    else:
        config = template(named_config(path) or _recognise(path, tensors, count))
    problem = misfits(tensors, _expected(config, count))
    if problem:
        advice = "For a configuration of your own, give its config.yaml with `--model`."
        fitting = _fitting(tensors, count)
        if fitting:
            advice = f"Its parameters are those of {' or '.join(fitting)}: name it with `--model`."
        raise UserError(f"'{path}' does not hold the weights of {config.model.name}. {problem.capitalize()}.", advice)
    if len(config.classes) != count:
        config.classes = class_names(count)
    return Checkpoint(tensors, config)


def named_config(path: Path) -> str | None:
    """The original's configuration that a file's name begins with.

    Example:
        >>> named_config(Path("weights/yolact_resnet50_pascal_60_120000_interrupt.pth"))
        'yolact_resnet50_pascal'
    """
    stem = f"{path.stem}_"
    return max((name for name in CONFIGS if stem.startswith(f"{name}_")), key=len, default=None)


def class_names(count: int) -> list[str]:
    """Names for a number of classes: COCO's, Pascal's, or numbers from 1.

    Example:
        >>> class_names(2)
        ['class 1', 'class 2']
    """
    known = {len(names): names for names in (COCO_CLASSES, PASCAL_CLASSES)}
    return list(known.get(count) or (f"class {number}" for number in range(1, count + 1)))


def _configuration(model: str) -> Config:
    """The configuration in a file, or the shipped one of that name."""
    return load_config(model) if Path(model).suffix in (".yaml", ".yml") else template(model)


def _class_count(tensors: Mapping[str, Tensor]) -> int:
    """Classes without background, from the sizes of the head."""
    # For each anchor of a cell there are 4 regressions, and 1 + C scores: C = scores / (regressions / 4) - 1. A file
    # without a head, which is refused later, counts as one class.
    scores, regressions = (len(tensors.get(f"head.{branch}.bias", ())) for branch in ("score", "box"))
    return max(scores * 4 // max(regressions, 1) - 1, 1)


def _expected(config: Config, count: int) -> dict[str, Tensor]:
    """State dict of a model, without values, which would take memory and time."""
    with torch.device("meta"):
        return YolactNetwork(config.model, count).state_dict()


def _fitting(tensors: Mapping[str, Tensor], count: int) -> list[str]:
    """The original's configurations whose parameters have these names and shapes."""
    scored = any(key.startswith("mask_scoring.") for key in tensors)
    configs = [config for config in map(template, CONFIGS) if config.model.mask_scoring == scored]
    # Configurations of one backbone differ only in the size of pictures and in anchors, not in their parameters: it is
    # enough to compare one of each backbone.
    of_backbone = {config.model.backbone: config for config in configs}
    fits = {name: not misfits(tensors, _expected(config, count)) for name, config in of_backbone.items()}
    return [config.model.name for config in configs if fits[config.model.backbone]]


def _recognise(path: Path, tensors: Mapping[str, Tensor], count: int) -> str:
    """The only one of the original's configurations that a file can be of."""
    fitting = _fitting(tensors, count)
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        raise UserError(
            f"The parameters in '{path}' do not fit any of the original's configurations.",
            "Give the configuration that it was trained with: `--model config.yaml`.",
        )
    raise UserError(
        f"'{path}' may be of {', '.join(fitting[:-1])} or {fitting[-1]}: their parameters look alike.",
        f"Say which with `--model`, such as `--model {fitting[0]}`, or give the file its original name back.",
    )
