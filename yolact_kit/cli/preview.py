"""``yolact-kit preview``: contact sheets of a data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yolact_kit.cli.console import say, set_level, track, warn
from yolact_kit.cli.options import DatasetFolder, Overwrite, Quiet, Verbose
from yolact_kit.errors import EXIT_PROBLEMS, UserError
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.annotations.dataset import Dataset, Picture
    from yolact_kit.config.schema import Config
    from yolact_kit.reports.contact_sheets import Tiles

CHOICE, OUTPUT = "Which pictures", "Output"

AsTrained = Annotated[
    bool,
    typer.Option(
        "--augmented", help="As training sees them: one row per picture, first resized, then augmented in four ways."
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The config.yaml whose augmentation is shown; planned from the data if left out.",
    ),
]
OnlySplit = Annotated[
    str | None,
    typer.Option("--split", metavar="NAME", help="Only pictures of this split.", rich_help_panel=CHOICE),
]
SheetFolder = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Folder to write; runs/preview-N by default.", rich_help_panel=OUTPUT),
]


def preview(
    dataset: DatasetFolder,
    augmented: AsTrained = False,
    config: ConfigFile = None,
    split: OnlySplit = None,
    count: Annotated[
        int, typer.Option("--count", min=0, help="How many, chosen at random; 0 for all.", rich_help_panel=CHOICE)
    ] = 40,
    seed: Annotated[int, typer.Option("--seed", help="Random seed.", rich_help_panel=CHOICE)] = 0,
    out: SheetFolder = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Draw pictures of a data set with their labels on contact sheets.

    With --augmented they go through the same code as in training. Objects that training ignores, because they are
    crowds, too small, or nearly outside the picture, are labelled "ignored".

    Example: yolact-kit preview data --augmented --out look
    """
    set_level(quiet, verbose)
    if config is not None and not augmented:
        raise UserError("--config says how pictures are augmented.", "Give --augmented as well.")
    from yolact_kit.annotations.dataset_folder import load_dataset
    from yolact_kit.files import check_out, new_folder, run_folder

    out = out or run_folder("preview")
    root = dataset.parent if dataset.name == "dataset.yaml" else dataset
    check_out(out, overwrite, [root])
    loaded = load_dataset(dataset)
    pictures = _choose(loaded, split or ("train" if augmented else None), count, seed)
    tiles = _tiles(loaded, pictures, config, augmented)
    from yolact_kit.reports.contact_sheets import write_sheets

    with new_folder(out, overwrite, [root]) as folder:
        sheets = write_sheets(track(tiles, "Drawing", len(pictures)), folder)
    for error in sheets.broken:
        warn(f"{error.message} It is left out.")
    say(f"{counted(sheets.pictures, 'picture')} on {counted(len(sheets.files), 'sheet')} in {out}")
    if sheets.broken:
        raise typer.Exit(EXIT_PROBLEMS)


def _choose(dataset: Dataset, split: str | None, count: int, seed: int) -> list[Picture]:
    """The pictures to draw; there is at least one."""
    if split is not None and split not in dataset.splits:
        raise UserError(f"There is no split '{split}'.", f"There are: {', '.join(dataset.splits)}.")
    from yolact_kit.reports.contact_sheets import choose_pictures

    pictures = choose_pictures(dataset, split, count, seed)
    if not pictures:
        raise UserError("There are no pictures to show.", "Convert the labels again, or choose another --split.")
    return pictures


def _tiles(dataset: Dataset, pictures: list[Picture], config: Path | None, augmented: bool) -> Iterator[Tiles]:
    """The pictures as drawn tiles, with their labels or as training sees them."""
    from yolact_kit.reports.contact_sheets import augmented_tiles, plain_tiles

    if augmented:
        return augmented_tiles(pictures, _config(dataset, config))
    return plain_tiles(pictures, dataset.classes)


def _config(dataset: Dataset, file: Path | None) -> Config:
    """The configuration whose augmentation is shown: of a file, or planned from the data set."""
    from yolact_kit.planning.plan import plan

    if file is None:
        return plan(dataset).config
    from yolact_kit.config.files import load_config

    config = load_config(file)
    if config.classes and config.classes != dataset.classes:
        raise UserError(
            f"The classes of '{file}' are not those of the data set.", "Plan it again: `yolact-kit config`."
        )
    config.classes = list(dataset.classes)
    return config
