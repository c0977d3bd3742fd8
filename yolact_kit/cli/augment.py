"""``yolact-kit augment``: a data set with augmented copies of its training pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolact_kit.cli.console import say, set_level, track, warn
from yolact_kit.cli.options import DatasetFolder, Overwrite, Quiet, Verbose
from yolact_kit.cli.steps import plain_command
from yolact_kit.errors import EXIT_PROBLEMS
from yolact_kit.words import counted

HOW, DROPPED = "How pictures are changed", "Objects that are dropped"

NewDataset = Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write.")]
Copies = Annotated[int, typer.Option("--copies", min=1, help="Copies of each training picture.", rich_help_panel=HOW)]
PipelineName = Annotated[
    str,
    typer.Option(
        "--pipeline",
        metavar="NAME|FILE",
        help="light, default, heavy, aerial, or a YAML file of your own.",
        rich_help_panel=HOW,
    ),
]
MinObject = Annotated[
    float,
    typer.Option(
        "--min-object",
        metavar="PIXELS",
        min=1,
        help="Objects with a side below this in a copy.",
        rich_help_panel=DROPPED,
    ),
]
MinVisible = Annotated[
    float,
    typer.Option(
        "--min-visible",
        metavar="SHARE",
        min=0,
        max=1,
        help="Objects of which less than this share is still in a copy.",
        rich_help_panel=DROPPED,
    ),
]


def augment(
    dataset: DatasetFolder,
    out: NewDataset,
    copies: Copies = 1,
    pipeline: PipelineName = "default",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Random seed.", rich_help_panel=HOW)] = 0,
    min_object: MinObject = 4.0,
    min_visible: MinVisible = 0.1,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write an augmented copy of a data set.

    Copies all pictures, and adds copies of the training pictures that are changed at random together with their masks.
    Training does not need this: it augments every picture afresh each time it is shown (`augment` in config.yaml).

    Example: yolact-kit augment data data-more --copies 4 --pipeline aerial
    """
    set_level(quiet, verbose)
    from yolact_kit.annotations.dataset_folder import load_dataset
    from yolact_kit.datasets.augmented_copies import CopyOptions, write_augmented
    from yolact_kit.datasets.pipelines import load_steps

    options = CopyOptions(
        copies=copies,
        steps=load_steps(pipeline),
        min_object=min_object,
        min_visible=min_visible,
        seed=seed,
        overwrite=overwrite,
    )
    augmented = write_augmented(
        load_dataset(dataset), out, options, lambda pictures, total: track(pictures, "Augmenting", total)
    )
    for error in augmented.broken:
        warn(f"{error.message} It is left out.")
    pictures = {split: len(members) for split, members in augmented.dataset.splits.items()}
    added = f"{counted(augmented.copies, 'copy', 'copies')} with {counted(augmented.objects, 'object')}"
    say(f"{added}; now {', '.join(f'{count} {split}' for split, count in pictures.items())}.")
    for reason, count in sorted(augmented.dropped.items()):
        were = "was" if count == 1 else "were"
        say(f"{counted(count, 'object')} {were} dropped from copies: {'it' if count == 1 else 'they'} {reason}.")
    say(f"Written to {out}. Look at it: {plain_command(['preview', out, '--split', 'train'])}")
    if augmented.broken:
        raise typer.Exit(EXIT_PROBLEMS)
