"""Reading text files in whatever encoding they were written."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from yolact_kit.annotations.problem_kinds import Problems

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(rb"<\?xml[^>]*encoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_HANGUL = re.compile("[\uac00-\ud7a3\u3131-\u318e]")
_NOT_WORDS = ("tag:yaml.org,2002:null", "tag:yaml.org,2002:merge")


class _Words(yaml.SafeLoader):
    """YAML in which everything without quotes is plain text, numbers and truth values included."""


_Words.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag in _NOT_WORDS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_text(path: Path, problems: Problems) -> str | None:
    """Reads a text file: UTF-8, UTF-8 or UTF-16 with a byte order mark, UTF-16 without, CP949, GBK.

    Args:
        path: The file.
        problems: Where problems are added: encodings other than UTF-8, empty files, files that cannot be read.

    Returns:
        The text; None where an error was added.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.add("file-unreadable", f"The file cannot be opened: {error.strerror}.")
        return None
    if not data.strip(b" \t\r\n\0"):
        problems.add("file-empty", "The file is empty.")
        return None
    decoded = decode(data)
    if decoded is None:
        problems.add("file-encoding-unknown", "The file is not text in any known encoding.")
        return None
    text, encoding = decoded
    if encoding != "utf-8":
        problems.add("file-not-utf8", f"The file is encoded as {encoding.upper()}.")
    return text


def decode(data: bytes) -> tuple[str, str] | None:
    """Decodes text of an unknown encoding.

    Args:
        data: The bytes.

    Returns:
        The text without a byte order mark, and the encoding's name; None where no known encoding fits.

    Example:
        >>> decode("컵".encode("cp949"))
        ('컵', 'cp949')
        >>> decode("杯子".encode("gbk"))
        ('杯子', 'gbk')
    """
    for encoding in _candidates(data):
        try:
            return data.decode(encoding).removeprefix("\ufeff"), encoding
        except (UnicodeDecodeError, LookupError):
            continue
    return _decode_east_asian(data)


def decode_beginning(data: bytes) -> str:
    """Decodes the beginning of a text file, whose last character may be cut in two."""
    for cut in range(4):
        decoded = decode(data[: len(data) - cut])
        if decoded is not None:
            return decoded[0]
    return data.decode("latin-1")


def xml_root(text: str) -> str | None:
    """The name of the root element of XML, given the beginning of the text; None if there is no element in it.

    Example:
        >>> xml_root('<?xml version="1.0"?><!-- VOC --><annotation>')
        'annotation'
    """
    elements = re.sub(r"<!DOCTYPE.*?(\]\s*)?>|<[?!].*?>", "", text, flags=re.DOTALL)
    root = re.search(r"<\s*([A-Za-z_][\w.-]*)", elements)
    return root.group(1) if root else None


def _candidates(data: bytes) -> list[str]:
    """Encodings to try: that of a byte order mark, UTF-16 by its zero bytes, else UTF-8 and what XML declares."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return [encoding]
    # In UTF-16 every second byte of Latin text is zero: the one that comes first shows the byte order.
    head = data[:200]
    if b"\0" in head:
        return ["utf-16-le"] if head[1::2].count(0) > head[0::2].count(0) else ["utf-16-be"]
    declaration = _DECLARED.match(data[:200].lstrip())
    declared = declaration.group(1).decode("ascii").lower() if declaration else "utf-8"
    return ["utf-8"] if declared in ("utf-8", "utf8") else ["utf-8", declared]


def _decode_east_asian(data: bytes) -> tuple[str, str] | None:
    """Tells CP949 from GBK, in which nearly all bytes are valid: what could be either is read as Korean."""
    readings: dict[str, str] = {}
    for encoding in ("cp949", "gbk"):
        with suppress(UnicodeDecodeError):
            readings[encoding] = data.decode(encoding)
    if "cp949" in readings and ("gbk" not in readings or _is_korean(readings["cp949"])):
        return readings["cp949"], "cp949"
    return (readings["gbk"], "gbk") if readings else None


def _is_korean(text: str) -> bool:
    """Whether all characters beyond ASCII are Hangul. Chinese text read as CP949 has Chinese characters, too."""
    others = [character for character in text if ord(character) > 127]
    return all(_HANGUL.match(character) for character in others)


def yaml_words(text: str) -> Any:
    """Reads YAML or JSON that holds names: ``on``, ``no`` and ``007`` are names like any other.

    Args:
        text: The document.

    Returns:
        The document, with text in place of truth values, numbers and dates.

    Raises:
        yaml.YAMLError: It is not YAML.

    Example:
        >>> yaml_words("names: [on, off, 007]")
        {'names': ['on', 'off', '007']}
    """
    loader = _Words(text)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()
