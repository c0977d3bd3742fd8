"""Pictures from the network, with nothing but the standard library."""

from __future__ import annotations

import re
from http.client import HTTPException
from pathlib import PurePosixPath
from urllib.error import HTTPError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import Request, build_opener

from yolact_kit.pixels.pictures import PictureError

MAX_BYTES = 100 * 2**20
"""Files larger than this are not downloaded completely."""

_TIMEOUT = 30
_ADDRESS = re.compile(r"https?://[^/]", re.IGNORECASE)


def is_address(source: str) -> bool:
    """Whether a source is the address of something on the network.

    Example:
        >>> is_address("https://example.org/cup.jpg"), is_address("C:/cup.jpg")
        (True, False)
    """
    return _ADDRESS.match(source) is not None


def name_of_address(address: str) -> str:
    """The name of a picture from the network.

    Args:
        address: Its address.

    Returns:
        The last part of the address's path, or the host if there is none.

    Example:
        >>> name_of_address("https://example.org/a/%EC%BB%B5.jpg?size=2")
        '컵.jpg'
    """
    parts = urlsplit(address)
    name = PurePosixPath(unquote(parts.path)).name or parts.netloc
    return re.sub(r"[<>:\"/\\|?*\x00-\x1f]", "_", name)


def fetch_picture(address: str, max_bytes: int = MAX_BYTES) -> bytes:
    """Fetches a picture file.

    Args:
        address: Its address, http or https.
        max_bytes: Larger files are refused.

    Returns:
        The content of the file.

    Raises:
        PictureError: It cannot be fetched, or is too large.
    """
    # Browsers show addresses with letters of every script, but only ASCII is sent.
    request = Request(quote(address, safe="%/:=&?~#+!$,;'@()*[]"), headers={"User-Agent": "yolact-kit"})  # noqa: S310
    try:
        with build_opener().open(request, timeout=_TIMEOUT) as answer:
            content: bytes = answer.read(max_bytes + 1)
    except (OSError, HTTPException, ValueError) as error:
        reason = f"{error.code} {error.reason}" if isinstance(error, HTTPError) else getattr(error, "reason", error)
        raise PictureError(
            f"The picture '{address}' could not be fetched ({str(reason).rstrip('.')}).",
            "Check the address and the network, or download the picture elsewhere and give the file.",
            "picture-missing",
        ) from error
    if len(content) > max_bytes:
        raise PictureError(
            f"The picture '{address}' has more than {max_bytes >> 20} MB.",
            "Download it by other means, and give the file.",
            "picture-too-large",
        )
    return content
