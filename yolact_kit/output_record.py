"""The record of the files in an output folder, so that nothing but these is ever replaced or removed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from functools import cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from yolact_kit.earlier_outputs import earlier_files
from yolact_kit.errors import UserError

NAME = ".yolact-kit"
"""Name of the record: a line of JSON for each file, in the folder that the files are in."""

PARTIAL = re.compile(r"\..*\.[0-9a-f]{8}\.partial")
"""Names of half-written files and folders, which a process that was killed leaves behind."""

_ABOUT = "The files that yolact-kit wrote into this folder. --overwrite removes only these, if they are unchanged."
_OF_THE_SYSTEM = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What file managers write into the folders that they show."""
_LARGE = 64 << 20
"""Bytes above which a file is not read for its digest: nobody changes weights or a video by hand in place."""
_NAMED = 3
"""Foreign files that a message names."""
_appending = threading.Lock()


class _Version(NamedTuple):
    """A file as it was written: its bytes, and the digest of its content, empty where the size is enough."""

    size: int
    digest: str


class _Record:
    """What a record says.

    Args:
        lines: Its lines.

    Attributes:
        versions: Every version of each file that was written, by the file's path.
        changing: Patterns of files that are ours whatever they hold, since a command adds to them while it runs.
    """

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self.versions: dict[str, set[_Version]] = defaultdict(set)
        self.changing: list[str] = []
        for line in lines:
            with suppress(ValueError, KeyError, TypeError):  # a line whose writing was cut short
                entry = json.loads(line)
                if "changing" in entry:
                    self.changing.append(str(entry["changing"]))
                elif "file" in entry:
                    version = _Version(int(entry["size"]), str(entry["digest"]))
                    self.versions[_key(str(entry["file"]))].add(version)

    def covers(self, name: str, path: Path) -> bool:
        """Whether a file is one that was written, and unchanged.

        Args:
            name: Its path in the folder, with forward slashes.
            path: The file.
        """
        if any(fnmatchcase(name, pattern) for pattern in self.changing):
            return True
        size = path.lstat().st_size
        digests = {version.digest for version in self.versions.get(_key(name), ()) if version.size == size}
        # Not the time, which changes where the whole folder is copied or unpacked.
        return "" in digests or (bool(digests) and _digest(path) in digests)


def begin_record(folder: Path, changing: Iterable[str] = ()) -> None:
    """Makes a folder with a record: each file that is written into it from now on by `files.replacing` is added.

    Args:
        folder: The folder; made where it is missing. A record that is there goes on.
        changing: Patterns of files that grow or are written by other libraries, such as ``train.log``; they count as
            written here whatever they hold.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _append(folder, [{"about": _ABOUT}, *({"changing": pattern} for pattern in changing)])


def record_folder(folder: Path) -> None:
    """Records every file that is in a folder, all of which must have been written by this program.

    Args:
        folder: The folder.
    """
    entries = [_entry(name, path) for name, path in _walk(folder) if path.name != NAME]
    _append(folder, [{"about": _ABOUT}, *entries])


def record_file(path: Path, content: Path) -> None:
    """Adds a file to the record of the nearest folder above it that has one; does nothing where none has.

    Args:
        path: The file that will be there.
        content: Where its content is now.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100  links stay as they are
    for folder in path.parents:
        if PARTIAL.fullmatch(folder.name):
            return  # all of it is recorded when it is complete
        if (folder / NAME).is_file():
            _append(folder, [_entry(path.relative_to(folder).as_posix(), content)])
            return


def settle_record(folder: Path) -> None:
    """Sorts a record that is complete, so that it does not tell in which order the files were written.

    Args:
        folder: The folder that has the record.
    """
    lines = (folder / NAME).read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
    beside = folder / f".{NAME}.{secrets.token_hex(4)}.partial"
    beside.write_text("".join(sorted(set(lines))), encoding="utf-8", errors="surrogateescape", newline="\n")
    beside.replace(folder / NAME)


def foreign_files(folder: Path, exceptions: Collection[Path] = ()) -> Iterator[Path]:
    """The files in a folder that this program did not write, or that were changed since.

    A folder inside it that has a record of its own is judged by that one.

    Args:
        folder: The folder.
        exceptions: Files that will stay anyway, and are not looked at.

    Yields:
        Their paths, one at a time, in the order of their names.

    Raises:
        UserError: A folder cannot be read.
    """
    for path, ours in _judged(folder):
        if not ours and path not in exceptions:
            yield path


def refuse_foreign(folder: Path, exceptions: Collection[Path] = ()) -> None:
    """Refuses a folder that holds anything but unchanged files of this program.

    Args:
        folder: The folder.
        exceptions: As in `foreign_files`.

    Raises:
        UserError: It does; the message names the first such files.
    """
    files = list(islice(foreign_files(folder, exceptions), _NAMED + 1))
    if files:
        names = [f"'{path.relative_to(folder)}'" for path in files]
        listed = ", ".join(names[:_NAMED]) + (" and more" if len(names) > _NAMED else "")
        raise UserError(
            f"'{folder}' is not replaced, because it holds what yolact-kit did not write, or what was changed since: "
            f"{listed}.",
            "Give the name of a new folder, or move these files out of it first.",
        )


def remove_own_files(folder: Path) -> None:
    """Removes the files of this program from a folder; whatever else is in it stays, and so does the folder.

    Args:
        folder: The folder.
    """
    # The record goes last: where this is cut short, the rest is still known as ours.
    for path, ours in reversed(list(_judged(folder))):
        if ours:
            path.unlink(missing_ok=True)
    for parent, folders, _ in os.walk(folder, topdown=False):
        for name in folders:
            with suppress(OSError):  # it is a link, or has files that stay
                (Path(parent) / name).rmdir()


def _judged(folder: Path) -> Iterator[tuple[Path, bool]]:
    """The files in a folder, and whether each is an unchanged one of this program."""
    record = cache(_read_record)

    @cache
    def owner(inner: Path) -> Path:
        """The nearest folder with a record."""
        return inner if inner == folder or (inner / NAME).is_file() else owner(inner.parent)

    for _, path in _walk(folder):
        nearest = owner(path.parent)
        yield path, _is_ours(path.relative_to(nearest), path, record(nearest))


def _is_ours(name: Path, path: Path, record: _Record) -> bool:
    if name.as_posix() == NAME or path.name in _OF_THE_SYSTEM:
        return not path.is_symlink()
    if any(PARTIAL.fullmatch(part) for part in name.parts):
        return True
    return record.covers(name.as_posix(), path)


def _read_record(folder: Path) -> _Record:
    """The record of a folder; where it has none, what is certainly from an earlier version."""
    file = folder / NAME
    if not file.is_file():
        record = _Record()
        for name in earlier_files(folder):
            record.versions[_key(name)].add(_Version((folder / name).stat().st_size, ""))
        return record
    with file.open(encoding="utf-8", errors="surrogateescape") as lines:
        return _Record(lines)


def _walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, with its path in it; links are files, whatever they lead to."""

    def refuse(error: OSError) -> None:
        raise UserError(f"'{error.filename}' cannot be read: {error.strerror}.", "Give the name of a new folder.")

    for parent, folders, files in os.walk(folder, onerror=refuse):
        folders.sort()
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        for name in sorted(files + links):
            path = Path(parent) / name
            yield path.relative_to(folder).as_posix(), path


def _entry(name: str, content: Path) -> dict[str, str | int]:
    size = content.lstat().st_size
    return {"file": name, "size": size, "digest": _digest(content) if size <= _LARGE else ""}


def _digest(path: Path) -> str:
    """A short digest of a file's content; of a link, of where it leads to."""
    if path.is_symlink():
        return hashlib.blake2b(os.fsencode(path.readlink()), digest_size=12).hexdigest()
    with path.open("rb") as stream:
        digest = hashlib.blake2b(digest_size=12)
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
        return digest.hexdigest()


def _key(name: str) -> str:
    """A name in the one Unicode form, since macOS may give it back in another."""
    return unicodedata.normalize("NFC", name)


def _append(folder: Path, entries: Iterable[dict[str, str | int] | dict[str, str]]) -> None:
    text = "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
    with _appending, (folder / NAME).open("ab+") as stream:
        # A process that was killed may have left half a line.
        if stream.tell() and stream.seek(-1, os.SEEK_END) and stream.read(1) != b"\n":
            stream.write(b"\n")
        stream.write(text.encode("utf-8", errors="surrogateescape"))
