"""What a training starts from: a backbone's weights, or those of a whole model."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.models.backbone import Backbone
from yolact_kit.models.checkpoint import Checkpoint, listed
from yolact_kit.models.starter import STARTER
from yolact_kit.models.transfer import PartTransfer
from yolact_kit.models.weights import holds_model, read_starter, read_weights
from yolact_kit.words import counted

Start = str | Checkpoint


def find_start(weights: str, config: Config, model: str | None = None) -> Start:
    """Reads what ``--weights`` names, so that a mistake is reported before anything is written.

    Args:
        weights: ``starter``, ``none``, ``imagenet``, a file with weights of the backbone alone, or weights of a whole
            model as `read_weights` takes them.
        config: The configuration of the model that is to be trained.
        model: Which model a checkpoint of the original's is of, where its name does not say.

    Returns:
        The weights of a whole model, or ``weights`` as it was given where it is about the backbone alone.

    Raises:
        UserError: There are no such weights, they cannot be downloaded, they are of another backbone, or the
            configuration freezes a part that they are not about.
    """
    if weights == "none":
        return weights
    if weights == STARTER:
        return read_starter(config.model.backbone)
    if weights == "imagenet" or not holds_model(weights):
        _require_trained(sorted(set(config.train.freeze) - {"stem", "backbone"}))
        Backbone(config.model.backbone, config.model.deformable).load(weights)
        return weights
    start = read_weights(weights, model)
    theirs, ours = start.config.model, config.model
    if theirs.backbone != ours.backbone:
        raise UserError(
            f"'{weights}' is a {theirs.name} on {theirs.backbone}; the configuration's backbone is {ours.backbone}.",
            f"Make a configuration with `yolact-kit config DATASET --model {theirs.name}`, or start from "
            "`--weights imagenet`.",
        )
    return start


def describe_start(weights: str) -> str:
    """What a training starts from, in words.

    Args:
        weights: What ``model.weights`` says.

    Example:
        >>> describe_start("none")
        'none: from scratch, with random weights'
    """
    words = {
        "starter": "a whole model in the package that was trained on drawn objects; it needs no network, and learns "
        "soonest from few pictures",
        "imagenet": "the backbone was trained on ImageNet; everything else is random",
        "none": "from scratch, with random weights",
    }
    return f"{weights}: {words[weights]}" if weights in words else weights


def require_trained_freeze(config: Config, parts: Sequence[PartTransfer]) -> None:
    """Checks that what training leaves alone was taken over from another model.

    Args:
        config: The configuration, which says what is frozen.
        parts: What became of each part, from `yolact_kit.models.transfer.transfer`.

    Raises:
        UserError: A frozen part would keep random weights, or could not tell classes from each other.
    """
    frozen = {"backbone" if name == "stem" else name for name in config.train.freeze}
    of_frozen = [part for part in parts if part.name.partition(".")[0] in frozen]
    _require_trained([part.name for part in of_frozen if part.initialised or part.averaged])


def _require_trained(untrained: Sequence[str]) -> None:
    """Refuses frozen parts that have yet to learn something, if there are any."""
    if untrained:
        raise UserError(
            f"train.freeze keeps parts from learning that training starts without weights of: {', '.join(untrained)}.",
            "Leave that part out of train.freeze, or start from weights of a whole model with the same layers and "
            "classes.",
        )


def describe_transfer(parts: Sequence[PartTransfer], width: int = 110) -> str:
    """The table of what was taken over from another model.

    Args:
        parts: What became of each part, from `yolact_kit.models.transfer.transfer`.
        width: Characters in a line.

    Returns:
        Lines of text.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("part", "loaded", "averaged", "re-initialised", "skipped"):
        table.add_column(column, overflow="fold")
    for part in parts:
        averaged = _cell(part.averaged, True)
        if part.averaged:
            averaged += f" (mean of {part.averaged_over})"
        loaded, initialised, skipped = (
            _cell(names, part.by_class) for names in (part.loaded, part.initialised, part.skipped)
        )
        table.add_row(part.name, loaded, averaged, initialised, skipped)
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines() if line.strip())


def _cell(names: Sequence[str], by_class: bool) -> str:
    if not names:
        return "-"
    return escape(listed(names)) if by_class else counted(len(names), "tensor")
