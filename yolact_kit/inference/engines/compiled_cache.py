"""Compiled networks on disk, so that only the first prediction with some weights has to compile them."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_bytes

FOLDER_VARIABLE = "YOLACT_KIT_CACHE"
"""Environment variable that moves the cache."""
LIMIT = 2 * 2**30
"""Bytes that all files may take together; those that were used the longest time ago go first."""
_DIGEST = hashlib.sha256().digest_size
_SUFFIX = ".compiled"


def cache_folder() -> Path:
    """Where compiled networks are kept: the user's cache folder on this system, or what `FOLDER_VARIABLE` says."""
    moved = os.environ.get(FOLDER_VARIABLE)
    if moved:
        return Path(moved)
    from platformdirs import user_cache_path

    return user_cache_path("yolact-kit", appauthor=False)


def file_checksum(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    checksum = hashlib.sha256()
    with open(path, "rb") as file:  # noqa: PTH123  any path-like
        while chunk := file.read(2**20):
            checksum.update(chunk)
    return checksum.hexdigest()


class CompiledCache:
    """Compiled networks by key.

    A file is its content after the content's SHA-256, written beside and renamed into place. So several processes may
    use the cache at once, and a torn or damaged file counts as missing. A folder that cannot be written is no error:
    the network is then compiled each time.

    Args:
        folder: The folder; made when it is needed.
        limit: Bytes that all files may take together.

    Example:
        >>> import tempfile
        >>> cache = CompiledCache(Path(tempfile.mkdtemp()))
        >>> cache.write("a key", b"compiled")
        >>> cache.read("a key"), cache.read("another")
        (b'compiled', None)
    """

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self.folder = folder
        self.limit = limit

    def read(self, key: str) -> bytes | None:
        """The content that was written under a key; None if there is none, or it is damaged."""
        file = self._file(key)
        try:
            stored = file.read_bytes()
            os.utime(file)  # the time of the last use, by which `write` chooses what goes
        except OSError:
            return None
        digest, content = stored[:_DIGEST], stored[_DIGEST:]
        return content if hashlib.sha256(content).digest() == digest else None

    def write(self, key: str, content: bytes) -> None:
        """Keeps content under a key, and removes what has not been used for long if there is too much."""
        with contextlib.suppress(OSError, UserError):
            atomic_write_bytes(self._file(key), hashlib.sha256(content).digest() + content)
            self._trim()

    def _file(self, key: str) -> Path:
        return self.folder / f"{hashlib.sha256(key.encode('utf-8')).hexdigest()[:40]}{_SUFFIX}"

    def _trim(self) -> None:
        """Removes the files that were used the longest time ago, until the others fit."""
        files = []
        for file in self.folder.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(OSError):  # another process has removed it
                status = file.stat()
                files.append((status.st_mtime, status.st_size, file))
        total = 0
        for _, size, file in sorted(files, reverse=True):
            total += size
            if total > self.limit:
                with contextlib.suppress(OSError):  # on Windows, a file that another process reads stays
                    file.unlink()
