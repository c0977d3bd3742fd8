"""Writing files and folders as a whole or not at all: under a temporary name first, then renamed."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from yolact_kit.errors import UserError
from yolact_kit.output_record import foreign_files, record_file, record_folder, refuse_foreign

START_NAMES = ("starter", "imagenet", "none")
"""What `model.weights` may say besides files: names even where a file or folder is called so."""

_LONGEST_NAME = 255
"""Longest name of a file on the usual file systems, in bytes."""


def atomic_write_text(path: Path | str, text: str) -> None:
    """Writes a text file as UTF-8, completely or not at all: after an error, the file is as before.

    Args:
        path: The file; missing folders above it are created.
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
    """Writes a file completely or not at all: after an error, the file is as before.

    Args:
        path: The file; missing folders above it are created.
        data: Its content.
    """
    with replacing(path) as partial, partial.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def with_ending(path: str, ending: str) -> str:
    """Adds an ending to a path, and shortens the name if file systems would refuse it.

    Args:
        path: The path, with forward slashes.
        ending: The ending, such as ``.png``.

    Returns:
        The path; its last part has at most 255 bytes.

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
    """A temporary file beside ``path``: renamed to ``path`` when the body ends well, removed when it raises.

    Args:
        path: The file; missing folders above it are created.

    Yields:
        The file to write.

    Raises:
        UserError: One of the folders above it is a file.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UserError(f"'{path}' cannot be written: {error.strerror}.", "Choose another place.") from error
    partial = _partial_path(path)
    try:
        yield partial
        record_file(path, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def new_folder(out: Path | str, overwrite: bool = False, inputs: Iterable[Path | str] = ()) -> Iterator[Path]:
    """A folder that is written completely or not at all.

    The body writes into a temporary folder beside ``out``. It is renamed to ``out`` when the body ends well, and
    removed when it raises. A hidden file in it records what was written, see `output_record`.

    Args:
        out: The folder to make.
        overwrite: Whether a folder of that name that is not empty may be replaced, if all in it was written like this.
        inputs: What the body reads: ``out`` must be neither one of them, nor inside of one, nor around one.

    Yields:
        The temporary folder to write to.

    Raises:
        UserError: ``out`` is not empty and ``overwrite`` is not set, holds files of the user's, is a file, touches an
            input, or cannot be made. If somebody has filled it while the body ran, the result is kept beside it, and
            the message says where.

    Example:
        >>> import tempfile
        >>> out = Path(tempfile.mkdtemp()) / "out"
        >>> with new_folder(out) as folder:
        ...     _ = (folder / "a.txt").write_text("a", encoding="utf-8")
        >>> sorted(path.name for path in out.iterdir())
        ['.yolact-kit', 'a.txt']
    """
    check_out(out, overwrite, inputs)
    out = Path(out).resolve()
    partial = _partial_path(out)
    try:
        partial.mkdir(parents=True)
    except OSError as error:
        raise UserError(f"The folder '{out}' cannot be made: {error.strerror}.", "Choose another place.") from error
    try:
        yield partial
        record_folder(partial)
        _move_into_place(partial, out, overwrite)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_out(
    out: Path | str, overwrite: bool = False, inputs: Iterable[Path | str] = (), exceptions: Collection[Path] = ()
) -> None:
    """Checks, before any work is done, that an output folder can be written.

    Args:
        out: The folder.
        overwrite: Whether it may exist already and have content, if this program wrote all of it.
        inputs: What will be read while it is written.
        exceptions: Files in it that will stay in any case.

    Raises:
        UserError: As `new_folder` says.
    """
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise UserError(f"'{out}' is a file, not a folder.", "Give the name of a new folder.")
    for source in inputs:
        _check_apart(out, Path(source).resolve(), overwrite)
    if out.is_dir() and any(out.iterdir()):
        _check_replaceable(out, overwrite, exceptions)
    _check_writable(out)


def _check_apart(out: Path, source: Path, overwrite: bool) -> None:
    """Refuses an output folder that is an input, is inside one, or contains one and would delete it."""
    target = out.resolve()
    if target == source or source in target.parents:
        raise UserError(
            f"The output folder '{out}' lies inside the input '{source}', or is the same folder.",
            "Give an output folder outside of the input.",
        )
    if target == source.parent and not source.is_dir():
        raise UserError(
            f"The output folder '{out}' is the one that the input '{source}' lies in.", "Give another output folder."
        )
    if overwrite and target in source.parents:
        raise UserError(f"Overwriting '{out}' would delete the input '{source}'.", "Give another output folder.")


def _check_replaceable(out: Path, overwrite: bool, exceptions: Collection[Path]) -> None:
    """Refuses a folder that is not empty, unless it may be overwritten and holds only what this program wrote."""
    if not overwrite:
        raise UserError(
            f"The output folder '{out}' is not empty.",
            "Give another one, or --overwrite to replace what yolact-kit wrote into it.",
        )
    target, current = out.resolve(), Path.cwd().resolve()
    if target == Path.home().resolve() or target == current or target in current.parents:
        raise UserError(
            f"'{out}' is your home folder, the current folder or one above it, not a folder to overwrite.",
            "Give the name of a new folder.",
        )
    if out.is_symlink():
        raise UserError(
            f"'{out}' is a link to '{target}', not a folder to overwrite.", "Give the name of the folder itself."
        )
    refuse_foreign(out, exceptions)


def _check_writable(out: Path) -> None:
    """Creates and removes a folder in the nearest folder that exists.

    Permissions are not enough to know: a share may be read-only, and /proc accepts no files.
    """
    target = out.resolve()
    nearest = next(folder for folder in (target, *target.parents) if folder.exists())
    try:
        Path(tempfile.mkdtemp(dir=nearest)).rmdir()
    except OSError as error:
        raise UserError(
            f"The folder '{out}' cannot be made or written to: {error.strerror}.", "Choose another place."
        ) from error


def run_folder(command: str, base: Path | str = "runs") -> Path:
    """The default output folder of a command: ``runs/COMMAND-N`` with the first N that is free.

    Args:
        command: Name of the command.
        base: Folder of all runs.

    Returns:
        The path; it is not created.

    Example:
        >>> run_folder("train", "/nowhere").name
        'train-1'
    """
    return _free_numbered_path(Path(base) / command, 1)


def absolute_weights(weights: Path | str) -> str:
    """Weights as a configuration names them, so that they are found from every folder.

    Args:
        weights: A file, a run folder or a name.

    Returns:
        The absolute path if it exists, otherwise the unchanged name; ``starter``, ``imagenet`` and ``none`` are names
        even where there is a file of that name.

    Example:
        >>> absolute_weights("imagenet")
        'imagenet'
    """
    if str(weights) in START_NAMES or not Path(weights).exists():
        return str(weights)
    return str(Path(weights).absolute())


def weights_files(weights: str | None) -> list[Path]:
    """The file that weights are read from, so that no output folder replaces it.

    Args:
        weights: What the user gave.

    Returns:
        A list of the file; empty if ``weights`` is the name of published weights, or does not exist.
    """
    path = Path(weights or "")
    if weights is None or weights in START_NAMES or not path.exists():
        return []
    return [path / "weights" / "best.safetensors" if path.is_dir() else path]


def _free_numbered_path(path: Path, first: int) -> Path:
    """The path with the lowest number after its name, from ``first`` on, that does not exist."""
    numbers = count(first)
    while True:
        candidate = path.with_name(f"{path.name}-{next(numbers)}")
        if not candidate.exists():
            return candidate


def _partial_path(path: Path) -> Path:
    """A hidden name of its own beside ``path``, on the same file system, so that it can be renamed to ``path``."""
    return path.with_name(f".{path.name[:50]}.{secrets.token_hex(4)}.partial")


def _move_into_place(partial: Path, out: Path, overwrite: bool) -> None:
    """Turns a complete temporary folder into ``out``, even if something was created there meanwhile."""
    if not out.exists():
        partial.rename(out)
    elif not any(out.iterdir()):
        # An empty folder may be a mount point or the current folder, so it stays and is filled.
        for child in sorted(partial.iterdir()):
            child.rename(out / child.name)
    elif overwrite:
        _replace_folder(partial, out)
    else:  # it was empty when the work began
        _rescue(partial, out)


def _replace_folder(partial: Path, out: Path) -> None:
    """Puts ``partial`` in the place of ``out``, which is deleted last, and put back if that fails."""
    old = _partial_path(out)
    out.rename(old)
    try:
        # Hours may have passed since the first check; nobody finds the folder under its present name.
        has_foreign_files = next(foreign_files(old), None) is not None
        if not has_foreign_files:
            partial.rename(out)
    except BaseException:
        old.rename(out)
        raise
    if has_foreign_files:
        old.rename(out)
        _rescue(partial, out)
    shutil.rmtree(old, ignore_errors=True)


def _rescue(partial: Path, out: Path) -> None:
    """Keeps a result beside the folder that it was meant for, and raises `UserError`, which says where."""
    rescue = _free_numbered_path(out, 2)
    partial.rename(rescue)
    raise UserError(
        f"Somebody else has written to '{out}' in the meantime.", f"It is as it was; the result is in '{rescue}'."
    )
