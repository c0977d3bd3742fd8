"""Writing without half-written results: beside the target first, then renamed into place."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from yolact_kit.errors import UserError

_LONGEST_NAME = 255
"""Bytes that the name of a file may have on the usual file systems."""


def atomic_write_text(path: Path | str, text: str) -> None:
    """Writes a text file as UTF-8: either the whole of it is there afterwards, or the file is as it was before.

    Args:
        path: The file; missing folders above it are made.
        text: Its content, newlines as they are.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "목록.txt"
        >>> atomic_write_text(file, "컵")
        >>> file.read_text(encoding="utf-8")
        '컵'
    """
    atomic_write_bytes(path, text.encode("utf-8"))


def atomic_write_bytes(path: Path | str, data: bytes) -> None:
    """Writes a file: either the whole of it is there afterwards, or the file is as it was before.

    Args:
        path: The file; missing folders above it are made.
        data: Its content.
    """
    with replacing(path) as beside, beside.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def with_ending(path: str, ending: str) -> str:
    """Adds an ending to a path, and shortens the name where file systems would refuse it.

    Args:
        path: The path, with forward slashes.
        ending: The ending, such as ``.png``.

    Returns:
        The path, the last part of which has at most 255 bytes.

    Example:
        >>> with_ending("a/picture", ".png")
        'a/picture.png'
        >>> len(with_ending("너트" * 50, "-2.png").encode())
        255
    """
    folder, slash, name = path.rpartition("/")
    while len(os.fsencode(name + ending)) > _LONGEST_NAME:
        name = name[:-1]
    return folder + slash + name + ending


@contextmanager
def replacing(path: Path | str) -> Iterator[Path]:
    """A temporary file beside ``path`` that takes its place when the body ends well and is removed when it raises.

    Args:
        path: The file; missing folders above it are made.

    Yields:
        The file to write.

    Raises:
        UserError: What should be a folder above it is a file.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UserError(f"'{path}' cannot be written: {error.strerror}.", "Choose another place.") from error
    beside = _beside(path)
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def new_folder(out: Path | str, overwrite: bool = False, inputs: Iterable[Path | str] = ()) -> Iterator[Path]:
    """A folder that comes into being as a whole or not at all.

    The body writes into a temporary folder beside ``out``. It is renamed to ``out`` when the body ends well, and
    removed when it raises.

    Args:
        out: The folder to make.
        overwrite: Whether a folder of that name that is not empty may be replaced.
        inputs: What the body reads: ``out`` must be neither one of them, nor inside of one, nor around one.

    Yields:
        The temporary folder to write to.

    Raises:
        UserError: ``out`` is not empty and ``overwrite`` is not set, is a file, touches an input, or cannot be made. If
            another program has filled it while the body ran, the result is kept beside it, and the message says where.

    Example:
        >>> import tempfile
        >>> out = Path(tempfile.mkdtemp()) / "out"
        >>> with new_folder(out) as folder:
        ...     _ = (folder / "a.txt").write_text("a", encoding="utf-8")
        >>> [path.name for path in out.iterdir()]
        ['a.txt']
    """
    out = Path(out).resolve()
    check_out(out, overwrite, inputs)
    beside = _beside(out)
    try:
        beside.mkdir(parents=True)
    except OSError as error:
        raise UserError(f"The folder '{out}' cannot be made: {error.strerror}.", "Choose another place.") from error
    try:
        yield beside
        _move_into_place(beside, out, overwrite)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def check_out(out: Path | str, overwrite: bool = False, inputs: Iterable[Path | str] = ()) -> None:
    """Checks, before any work is done, that an output folder may be written.

    Args:
        out: The folder.
        overwrite: Whether it may be there already and hold something.
        inputs: What will be read while it is written.

    Raises:
        UserError: As `new_folder` says.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise UserError(f"'{out}' is a file, not a folder.", "Give the name of a new folder.")
    real = out.resolve()
    for source in (Path(given).resolve() for given in inputs):
        folder = source if source.is_dir() else source.parent
        if real == source or (real == folder and source != folder) or source in real.parents:
            raise UserError(
                f"The output folder '{out}' lies inside the input '{source}', or is the same.",
                "Give an output folder outside of the input.",
            )
        if real in source.parents and overwrite:
            raise UserError(f"Overwriting '{out}' would delete the input '{source}'.", "Give another output folder.")
    if out.is_dir() and any(out.iterdir()):
        if not overwrite:
            raise UserError(
                f"The output folder '{out}' is not empty.", "Give another one, or --overwrite to replace what is in it."
            )
        if real == Path.home().resolve() or real in (Path.cwd().resolve(), *Path.cwd().resolve().parents):
            raise UserError(f"'{out}' is not a folder to overwrite.", "Give the name of a new folder.")
    nearest = next(folder for folder in (real, *real.parents) if folder.exists())
    try:
        # Tried, since permissions do not tell of everything: a share may be read-only, /proc takes no files.
        Path(tempfile.mkdtemp(dir=nearest)).rmdir()
    except OSError as error:
        raise UserError(
            f"The folder '{out}' cannot be made or written: {error.strerror}.", "Choose another place."
        ) from error


def run_folder(command: str, base: Path | str = "runs") -> Path:
    """The default output folder of a command: ``runs/COMMAND-N`` with the first N that is free.

    Args:
        command: Name of the command.
        base: Folder of all runs.

    Returns:
        The path; nothing is made.

    Example:
        >>> run_folder("train", "/nowhere").name
        'train-1'
    """
    return _first_free(Path(base) / command, 1)


def _first_free(path: Path, first: int) -> Path:
    """The path with the lowest number after its name, from ``first`` on, that does not exist."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in count(first))
    return next(one for one in numbered if not one.exists())


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name[:50]}.{secrets.token_hex(4)}.partial")


def _move_into_place(beside: Path, out: Path, overwrite: bool) -> None:
    if not out.exists():
        beside.rename(out)
    elif any(out.iterdir()):
        if not overwrite:  # it was empty when the work began
            kept = _first_free(out, 2)
            beside.rename(kept)
            raise UserError(f"Another program has written to '{out}' meanwhile.", f"The result is in '{kept}' instead.")
        old = _beside(out)
        out.rename(old)
        try:
            beside.rename(out)
        except BaseException:
            old.rename(out)
            raise
        shutil.rmtree(old, ignore_errors=True)
    else:
        # An empty folder may be a mount point or the current folder, so it stays and is filled.
        for child in sorted(beside.iterdir()):
            child.rename(out / child.name)
