"""Options that every command has."""

from __future__ import annotations

from typing import Annotated

import typer

OUTPUT_PANEL = "Messages"

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print warnings and errors only.", rich_help_panel=OUTPUT_PANEL)
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Print more, and the traceback of an unexpected error.", rich_help_panel=OUTPUT_PANEL
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace an output folder that is not empty.")]
