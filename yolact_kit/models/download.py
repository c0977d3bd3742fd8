"""The weights that YOLACT's author published, by name: downloaded once, checked and kept in torch's cache."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.request import urlopen

import torch

from yolact_kit.config.keys import nearest
from yolact_kit.errors import UserError
from yolact_kit.files import replacing
from yolact_kit.models.original_checkpoint import read_original

PREFIX = "coco:"
"""What a name of published weights begins with: the data set that they were trained on."""

AUTHOR = "dbolya"
"""YOLACT's author on Hugging Face; each model is a repository of its own."""

CHUNK = 1 << 20
TIMEOUT = 30.0

Track = Callable[[Iterable[bytes], str, int | None], Iterable[bytes]]


class Published(NamedTuple):
    """What is known of a published file.

    Attributes:
        size: Its size in bytes, None where it is not known.
        sha256: Its checksum, "" where it is not known.
    """

    size: int | None = None
    sha256: str = ""


PUBLISHED = {
    "yolact_base": Published(),
    "yolact_resnet50": Published(127_300_392, "c12bb7a7e0343281db7f1407b376970bb52651f121d0b60bc4a49207acb6d6d7"),
    "yolact_darknet53": Published(),
    "yolact_im700": Published(),
    "yolact_plus_base": Published(),
    "yolact_plus_resnet50": Published(),
}


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
    return Path(torch.hub.get_dir()) / "checkpoints" / address(name).rpartition("/")[2]


def published_weights(weights: str, track: Track | None = None) -> Path:
    """The file of published weights, downloaded where it is not yet there.

    Args:
        weights: ``coco:`` and the name of the model.
        track: Wraps the chunks of a download, a description and their number to show progress.

    Returns:
        The file in the cache.

    Raises:
        UserError: There are none of that name, they cannot be had, or what came is not what was published.
    """
    name = weights.removeprefix(PREFIX)
    if name not in PUBLISHED:
        close = nearest(name, PUBLISHED)
        hint = f"Did you mean '{PREFIX}{close}'? " if close else ""
        raise UserError(f"There are no published weights '{weights}'.", f"{hint}There are: {', '.join(PUBLISHED)}.")
    file = cached_file(name)
    if not file.is_file():
        with replacing(file) as beside:
            try:
                _fetch(address(name), beside, PUBLISHED[name], track)
                # Read whole before it gets its place: a page of some proxy would have a size as well.
                read_original(beside, name)
            except (OSError, HTTPException, UserError) as error:
                raise _not_had(weights, file, error) from error
    return file


def _fetch(url: str, file: Path, known: Published, track: Track | None) -> None:
    checksum, size = hashlib.sha256(), 0
    with urlopen(url, timeout=TIMEOUT) as answer, file.open("wb") as target:  # noqa: S310 - https, or the user's mirror
        announced = known.size or int(answer.headers.get("Content-Length") or 0)
        chunks: Iterable[bytes] = _chunks(answer.read)
        if track is not None:
            chunks = track(chunks, f"Downloading {file.name}", -(-announced // CHUNK) or None)
        for chunk in chunks:
            target.write(chunk)
            checksum.update(chunk)
            size += len(chunk)
    if announced and size != announced:
        raise UserError(f"{size} of {announced} bytes came")
    if known.sha256 and checksum.hexdigest() != known.sha256:
        raise UserError("its checksum is not that of the published file")


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while chunk := read(CHUNK):
        yield chunk


def _not_had(weights: str, file: Path, error: Exception) -> UserError:
    reason = f"{error.code} {error.reason}" if isinstance(error, HTTPError) else getattr(error, "reason", error)
    url = address(weights.removeprefix(PREFIX))
    return UserError(
        f"The weights '{weights}' could not be downloaded from {url} ({str(reason).rstrip('.')}).",
        f"Download that address elsewhere and put the file at '{file}', or give the file itself in place of "
        f"'{weights}'. Training can do without: `--weights imagenet` or `--weights none`.",
    )
