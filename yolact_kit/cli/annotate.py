"""``yolact-kit annotate``: labelme on a folder of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yolact_kit.cli.console import say, set_level
from yolact_kit.cli.options import Quiet, Verbose
from yolact_kit.cli.steps import plain_command
from yolact_kit.words import counted


def annotate(
    pictures: Annotated[Path, typer.Argument(metavar="PICTURES", help="Folder of pictures to label.")],
    labels: Annotated[
        str,
        typer.Option(
            "--labels",
            metavar="FILE|a,b",
            help="Class names: a text file with one per line, or names separated by commas. labelme accepts no others.",
            rich_help_panel="Classes",
        ),
    ],
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Open labelme on a folder of pictures, set up for your classes.

    labelme saves automatically: a JSON file beside each picture, without a copy of the picture inside. Run the same
    command again to continue labelling; `yolact-kit convert` then turns the folder into a data set.

    Example: yolact-kit annotate photos --labels bolt,nut,washer
    """
    set_level(quiet, verbose)
    from yolact_kit.labelme_app.program import find_pictures, open_labelme, read_labels

    names = read_labels(labels)
    count = len(find_pictures(pictures))
    say(
        f"Opening labelme on {counted(count, 'picture')}, with the classes {', '.join(names)}. "
        "Close its window when you are done."
    )
    labelled, total = open_labelme(pictures, names, verbose)
    say(f"{labelled} of {total} pictures have labels. Next: {plain_command(['convert', pictures, 'data'])}")
