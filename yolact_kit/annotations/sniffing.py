"""What a file is, by its beginning."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Literal

from yolact_kit.annotations.readers.foreign import ForeignFormat, foreign_format
from yolact_kit.annotations.readers.registry import FORMAT_NAMES, FormatName, label_formats
from yolact_kit.annotations.textfiles import decode_beginning, xml_root

FileKind = Literal[FormatName, "broken", "other"]

_HEADS = 1 << 12, 1 << 16
"""Bytes that are read from the beginning of a file: the first number is enough for nearly all files."""
_BLANKS = "\0 \t\r\n"


def sniff(path: Path) -> FileKind:
    """What a file is, by its beginning, or by all of it where that says nothing.

    Args:
        path: A file with a suffix of an annotation file.

    Returns:
        The format; ``broken`` for what cannot be read and may have been an annotation file.
    """
    try:
        with path.open("rb") as stream:
            return _sniff_stream(stream, path.suffix.lower())
    except OSError:
        return "broken"


def sniff_foreign(path: Path) -> ForeignFormat | None:
    """The format of another program that a file is in; None where it is in none that is known."""
    try:
        with path.open("rb") as stream:
            return foreign_format(decode_beginning(stream.read(_HEADS[-1])))
    except OSError:
        return None


def _sniff_stream(stream: BinaryIO, suffix: str) -> FileKind:
    """Reads more and more of a file until its format is clear."""
    # Most files show what they are within 4 KiB, so that a folder of many large files is sniffed fast; only JSON whose
    # signs come late, behind an embedded picture for example, is read as a whole.
    data = b""
    for size in _HEADS:
        data += stream.read(size - len(data))
        is_whole = len(data) < size
        kind = _kind(data, suffix, is_whole)
        if is_whole or kind in FORMAT_NAMES:
            return kind
    if suffix == ".json":
        kind = _kind(data + stream.read(), suffix, is_whole=True)
    return kind


def _kind(data: bytes, suffix: str, is_whole: bool) -> FileKind:
    """What the beginning of a file shows; ``is_whole`` says that it is all of the file."""
    text = decode_beginning(data)
    if _is_no_document(text, suffix):
        return "broken"
    for format in label_formats():
        if suffix in format.suffixes and format.recognises(text):
            return format.name
    cut = suffix == ".json" and is_whole and not text.rstrip(_BLANKS).endswith(("}", "]"))
    return "broken" if cut else "other"


def _is_no_document(text: str, suffix: str) -> bool:
    """Whether a file is empty, or XML without an element or with entities, which could do harm."""
    if suffix not in (".json", ".xml"):
        return False
    return not text.strip(_BLANKS) or (suffix == ".xml" and (xml_root(text) is None or "<!ENTITY" in text))
