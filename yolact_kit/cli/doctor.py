"""``yolact-kit doctor``: what is installed, how fast the machine is, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from yolact_kit.cli.console import fail, print_json, say, set_level, show, warn
from yolact_kit.cli.options import Quiet, Verbose
from yolact_kit.errors import EXIT_PROBLEMS
from yolact_kit.words import counted

if TYPE_CHECKING:
    from rich.table import Table

    from yolact_kit.reports.doctor import Report

_PURPOSES = {
    "labelme": ("labelling with `annotate`", 'pip install "yolact-kit[annotate]"'),
    "onnx": ("exported models in ONNX", 'pip install "yolact-kit[export]"'),
    "onnxruntime": ("running ONNX models", 'pip install "yolact-kit[export]"'),
    "onnxscript": ("export to ONNX", 'pip install "yolact-kit[export]"'),
    "av": ("writing videos in H.264", 'pip install "yolact-kit[video]"'),
    "trackers": ("`predict --track`", 'pip install "yolact-kit[track]"'),
    "supervision": ("counting at lines and zones", 'pip install "yolact-kit[track]"'),
    "hotcoco": ("faster COCO metrics", 'pip install "yolact-kit[evaluate]"'),
    "ffmpeg": ("working with videos outside yolact-kit", "from ffmpeg.org, or from your system's packages"),
    "korean font": ("drawing Korean class names", "a font such as Nanum Gothic (Debian, Ubuntu: fonts-nanum)"),
}


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON on standard output.", rich_help_panel="Output")
    ] = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show versions, the device, its speed, and what is missing.

    Exit code 0 if everything that is needed is installed and works, else 1. Nothing is sent anywhere.

    Example: yolact-kit doctor --json
    """
    set_level(quiet, verbose)
    say("Looking at the installation and the machine; this takes some seconds.")
    from yolact_kit.reports.doctor import diagnose

    report = diagnose()
    if as_json:
        print_json(report.to_dict())
    else:
        _print(report)
    for finding in report.findings:
        if finding.severity == "error":
            fail(finding.message, finding.advice)
        else:
            warn(f"{finding.message}\n  {finding.advice}")
    if not report.ok:
        raise typer.Exit(EXIT_PROBLEMS)
    say("Everything that yolact-kit needs is installed and works.")


def _print(report: Report) -> None:
    """Prints the report as tables for people."""
    show(_table("Versions", [(name, version or "missing") for name, version in report.versions.items()]))
    show(_table("Machine", _machine(report.system, report.gpus)))
    if report.speed:
        show(_table("Speed", _speed(report.speed)))
    rows = []
    for name, version in report.optional.items():
        purpose, installation = _PURPOSES[name]
        status = f"{version} - {purpose}" if version else f"missing - {purpose}: {installation}"
        rows.append((name, status))
    show(_table("Optional parts", rows))


def _table(title: str, rows: list[tuple[str, str]]) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None, padding=(0, 2))
    table.add_column(style="cyan", min_width=22)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, escape(value))
    return table


def _machine(system: dict[str, Any], gpus: list[dict[str, Any]]) -> list[tuple[str, str]]:
    memory = "unknown" if system["memory"] is None else f"{system['memory']} GiB"
    rows = [
        ("system", system["os"]),
        ("processor", f"{system['processor']}, {system['cores']} cores"),
        ("instructions", " ".join(system["instructions"]) or "unknown"),
        ("memory", memory),
        ("free on disk", f"{system['disk']} GiB"),
    ]
    for gpu in gpus:
        size = "" if gpu["memory"] is None else f", {gpu['memory']} GiB"
        rows.append(("GPU", f"{gpu['name']} ({gpu['kind']}{size})"))
    return rows if gpus else [*rows, ("GPU", "none that torch can use")]


def _speed(speed: dict[str, Any]) -> list[tuple[str, str]]:
    gain = speed["bf16_gain"]
    verdict = f"{gain} times as fast as float32" if gain else "not supported"
    decision = "training uses it" if gain and gain > 1.1 else "training uses float32 on the CPU"
    per_second = f"{speed['pictures_per_second']} pictures a second ({speed['milliseconds']} ms)"
    threads = counted(speed["threads"], "thread")
    busy = "unknown" if speed["busy"] is None else f"{speed['busy']:.0%} of the cores' time"
    return [
        ("yolact_nano, forward", f"{per_second} on {speed['device']}, {threads}, the best of several trials"),
        ("taken by other programs", busy),
        ("bf16 on the CPU", f"{verdict}; {decision}"),
    ]
