"""Finding labelme and running it on a folder of pictures as a separate program; it is never imported here."""

from __future__ import annotations

import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from yolact_kit.annotations.textfiles import decode
from yolact_kit.errors import UserError
from yolact_kit.labelme_app.child import QT_VARIABLES
from yolact_kit.listing import list_folder
from yolact_kit.pixels.formats import EXTENSIONS, is_picture

INSTALL_HINT = 'Install it with `pip install "yolact-kit[annotate]"`.'
_CHILD = Path(__file__).with_name("child.py")
_QT_LIBRARIES = "libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 \
libxcb-xinerama0 libxkbcommon-x11-0 libegl1 libgl1"


def find_labelme() -> list[str]:
    """The start of the command line that runs labelme.

    It prefers labelme of this Python environment; otherwise it uses the program on the PATH, which may have an
    environment of its own (pipx, conda).

    Returns:
        The command; labelme's options go after it.

    Raises:
        UserError: labelme is not installed.

    Example:
        >>> find_labelme()  # doctest: +SKIP
        ['/venv/bin/python', '/venv/lib/python3.11/site-packages/yolact_kit/labelme_app/child.py']
    """
    child = str(_CHILD)
    if find_spec("labelme") is not None:
        return [sys.executable, child]
    folders = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    script = shutil.which("labelme", path=folders)
    if script is None:
        raise UserError("labelme is not installed.", INSTALL_HINT)
    python = _interpreter_of(Path(script))
    if python is None:
        raise UserError(
            f"The labelme at '{script}' does not say which Python it belongs to.",
            f"Install labelme beside yolact-kit. {INSTALL_HINT}",
        )
    return [str(python), child]


def _interpreter_of(script: Path) -> Path | None:
    """The Python that a console script runs with: from its first line, or the one beside or above it."""
    head = script.read_bytes()[:500]
    # Where the interpreter's path is too long for the first line, or has a blank in it, pip writes a shell script that
    # starts it with `exec`.
    match = re.match(rb"#!\s*(/[^\n]*python[0-9.]*)\s*\n", head)
    match = match or re.search(rb"exec' [\"']?(/[^\n\"']*python[0-9.]*)", head)
    if match and Path(os.fsdecode(match.group(1))).is_file():
        return Path(os.fsdecode(match.group(1)))
    folder = script.resolve().parent
    for path in (folder / "python.exe", folder.parent / "python.exe", folder / "python", folder / "python3"):
        if path.is_file():
            return path
    return None


def read_labels(labels: str) -> list[str]:
    """Class names from a file with one on each line, or from a list with commas.

    Args:
        labels: A text file's path, or names with commas between them.

    Returns:
        The names in their order, each once.

    Raises:
        UserError: The file is missing or not text, or there is no name.

    Example:
        >>> read_labels("bolt, 너트,bolt")
        ['bolt', '너트']
    """
    path = Path(labels)
    if path.is_file():
        decoded = decode(path.read_bytes())
        if decoded is None:
            raise UserError(f"'{path}' is not text.", "Give a text file with one class name on each line.")
        names = decoded[0].splitlines()
    elif path.is_dir() or path.suffix.lower() in (".txt", ".names", ".csv") or "/" in labels or "\\" in labels:
        raise UserError(f"There is no file '{labels}'.", "Give a file with one class name on each line, or a,b,c.")
    else:
        names = labels.split(",")
    names = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not names:
        raise UserError("There are no class names in --labels.", "Name at least one, such as --labels bolt,nut.")
    return names


def find_pictures(folder: Path) -> list[Path]:
    """The pictures that labelme will list: those in ``folder`` and in the folders below it.

    Args:
        folder: Where to look.

    Returns:
        Their paths, sorted.

    Raises:
        UserError: The folder is missing, is a file, or holds no picture.
    """
    if folder.is_file():
        raise UserError(f"'{folder}' is a file.", "Give the folder that the pictures are in.")
    if not folder.is_dir():
        raise UserError(f"The folder '{folder}' does not exist.", "Check the spelling.")
    pictures = sorted(filter(is_picture, list_folder(folder).files))
    if not pictures:
        raise UserError(f"There is no picture in '{folder}'.", f"Pictures end in {', '.join(sorted(EXTENSIONS))}.")
    return pictures


def open_labelme(folder: Path, labels: list[str], verbose: bool = False) -> tuple[int, int]:
    """Opens labelme on a folder, with these classes only, and waits until it is closed.

    labelme saves automatically, a JSON file beside each picture, without the picture's bytes in it.

    Args:
        folder: The pictures.
        labels: Class names; labelme accepts no others.
        verbose: Whether labelme prints what it does.

    Returns:
        How many pictures have a JSON file now, and how many there are.

    Raises:
        UserError: labelme is missing, cannot start, or ended with an error; or the folder holds no picture.
    """
    pictures = find_pictures(folder)
    command = find_labelme()
    _check_screen()
    with tempfile.TemporaryDirectory(prefix="yolact-kit-") as temporary:
        names = Path(temporary) / "labels.txt"
        names.write_text("\n".join(labels) + "\n", encoding="utf-8")
        command += [str(folder.resolve()), "--labels", str(names), "--logger-level", "info" if verbose else "warning"]
        with _ending_on_sigterm():
            process = subprocess.run(command, env=_environment(), stdout=sys.stderr.fileno(), check=False)  # noqa: S603
    if process.returncode != 0:
        raise UserError(f"labelme ended with code {process.returncode}; its own messages are above.", _advice())
    return sum(picture.with_suffix(".json").is_file() for picture in pictures), len(pictures)


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """Turns SIGTERM into an exception while it is active, so that `subprocess.run` ends its child as well."""
    # Only the main thread can take signals.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _environment() -> dict[str, str]:
    """This process's environment without what an imported opencv-python has put there for its own Qt."""
    cv2 = re.compile(r"[\\/]cv2[\\/]")
    return {
        name: value for name, value in os.environ.items() if not (name in QT_VARIABLES and cv2.search(value + os.sep))
    }


def _check_screen() -> None:
    """Refuses to start where labelme could not open a window."""
    has_screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
    if platform.system() == "Linux" and not has_screen:
        raise UserError(
            "There is no screen here for labelme to open its window on.",
            "Run it on a desktop, or over `ssh -X`; or label on another computer and copy the JSON files back.",
        )


def _advice() -> str:
    """What to try when labelme did not start."""
    if platform.system() == "Linux":
        return f"If it mentions a Qt platform plugin: `sudo apt install {_QT_LIBRARIES}`."
    return "Run it again with -v to see more."
