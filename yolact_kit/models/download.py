"""The weights that YOLACT's author published, by name: downloaded once, checked and kept in torch's cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPException, HTTPMessage
from pathlib import Path
from typing import IO
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from yolact_kit.config.keys import nearest
from yolact_kit.errors import UserError
from yolact_kit.files import replacing

PREFIX = "coco:"
"""What a name of published weights begins with: the data set that they were trained on."""

AUTHOR = "dbolya"
"""YOLACT's author on Hugging Face; each model is a repository of its own."""

CHUNK = 1 << 20
TIMEOUT = 30.0

TrackDownload = Callable[[Iterable[bytes], str, int | None], Iterable[bytes]]
"""Passes on the chunks of a download and shows progress, from a description and the number of chunks."""

PUBLISHED = (
    "yolact_base",
    "yolact_resnet50",
    "yolact_darknet53",
    "yolact_im700",
    "yolact_plus_base",
    "yolact_plus_resnet50",
)
"""Models whose weights were published, by name."""

CHECKSUM = "X-Linked-ETag"
"""Header in which Hugging Face gives the SHA-256 of a large file, before it redirects to the file."""


def is_published(weights: Path | str) -> bool:
    """Whether ``weights`` is a name such as ``coco:yolact_base``, known or not, rather than a file."""
    return str(weights).startswith(PREFIX)


def address(name: str) -> str:
    """Where the weights of a model lie; ``HF_ENDPOINT`` names a mirror, as for Hugging Face's own tools.

    Args:
        name: Name of the model.

    Example:
        >>> address("yolact_base").rpartition("/")[2]
        'yolact_base_54_800000.pth'
    """
    host = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    return f"{host}/{AUTHOR}/{name.replace('_', '-')}/resolve/main/{name}_54_800000.pth"


def cached_file(name: str) -> Path:
    """Where the weights of a model are kept: torch's cache, which ``TORCH_HOME`` moves."""
    import torch

    return Path(torch.hub.get_dir()) / "checkpoints" / address(name).rpartition("/")[2]


def local_weights(weights: Path | str, track: TrackDownload | None = None) -> str:
    """The weights on this machine: published ones are downloaded if the user gave their name instead of a file.

    Args:
        weights: What the user gave.
        track: As in `published_weights`.

    Returns:
        The downloaded file, or ``weights`` unchanged if they are not such a name.

    Raises:
        UserError: No weights of that name were published, or they cannot be downloaded.
    """
    return str(published_weights(str(weights), track)) if is_published(weights) else str(weights)


def published_weights(weights: str, track: TrackDownload | None = None) -> Path:
    """The file of published weights, downloaded if it is missing.

    Args:
        weights: ``coco:`` and the name of the model.
        track: Wraps the chunks of a download, a description and their number to show progress.

    Returns:
        The file in the cache.

    Raises:
        UserError: There are no weights of that name, they cannot be downloaded, or the download is not the published
            file.
    """
    name = weights.removeprefix(PREFIX)
    if name not in PUBLISHED:
        close = nearest(name, PUBLISHED)
        hint = f"Did you mean '{PREFIX}{close}'? " if close else ""
        raise UserError(f"There are no published weights '{weights}'.", f"{hint}There are: {', '.join(PUBLISHED)}.")
    from yolact_kit.models.original_checkpoint import read_original

    file = cached_file(name)
    if not file.is_file():
        with replacing(file) as beside:
            try:
                _fetch(address(name), beside, track)
                # Read whole before it gets its place: a page of some proxy would have a size as well.
                read_original(beside, name)
            except (OSError, HTTPException, UserError) as error:
                raise _download_error(weights, file, error) from error
    return file


class _Redirect(HTTPRedirectHandler):
    """Follows a redirection and keeps the checksum that came with it."""

    checksum = ""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        self.checksum = headers.get(CHECKSUM) or self.checksum
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(url: str, file: Path, track: TrackDownload | None) -> None:
    """Downloads a file, and checks its size and checksum if the server gives them."""
    checksum, size = hashlib.sha256(), 0
    redirect = _Redirect()
    with build_opener(redirect).open(url, timeout=TIMEOUT) as answer, file.open("wb") as target:
        length = int(answer.headers.get("Content-Length") or 0)
        announced = (answer.headers.get(CHECKSUM) or redirect.checksum).strip('"')
        chunks: Iterable[bytes] = _chunks(answer.read)
        if track is not None:
            chunks = track(chunks, f"Downloading {file.name}", -(-length // CHUNK) or None)
        for chunk in chunks:
            target.write(chunk)
            checksum.update(chunk)
            size += len(chunk)
    if length and size != length:
        raise UserError(f"only {size} of {length} bytes arrived")
    if announced and announced != checksum.hexdigest():
        raise UserError("its checksum is not that of the published file")


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The chunks that ``read`` returns, until there are no more."""
    while chunk := read(CHUNK):
        yield chunk


def _download_error(weights: str, file: Path, error: Exception) -> UserError:
    """What went wrong, and how to do without the download."""
    reason = f"{error.code} {error.reason}" if isinstance(error, HTTPError) else getattr(error, "reason", error)
    url = address(weights.removeprefix(PREFIX))
    return UserError(
        f"The weights '{weights}' could not be downloaded from {url} ({str(reason).rstrip('.')}).",
        f"Download that address elsewhere and put the file at '{file}', or give the file itself in place of "
        f"'{weights}'. Training can do without: `--weights imagenet` or `--weights none`.",
    )
