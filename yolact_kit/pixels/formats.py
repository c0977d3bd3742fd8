"""Which files are pictures or videos, by the suffixes of their names: one list for all of the program."""

from __future__ import annotations

from pathlib import PurePath

from PIL import features

_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif")
_FORMATS: dict[str, tuple[str, ...]] = {
    "JPEG": _JPEG, "MPO": (*_JPEG, ".mpo"), "PNG": (".png", ".apng"), "BMP": (".bmp", ".dib"),
    "TIFF": (".tif", ".tiff"), "WEBP": (".webp",), "GIF": (".gif",), "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
    "AVIF": (".avif",), "JPEG2000": (".jp2", ".j2k", ".jpx", ".jpf", ".j2c", ".jpc"), "TGA": (".tga",),
    "PCX": (".pcx",), "SGI": (".sgi",),
}  # fmt: skip
_FEATURES = {"WEBP": "webp", "AVIF": "avif", "JPEG2000": "jpg_2000"}
"""Formats that Pillow reads only if it was built with a library."""


def _is_read(format: str) -> bool:
    """Whether this machine's Pillow reads a format; older ones do not know every feature."""
    feature = _FEATURES.get(format)
    return feature is None or (feature in {*features.modules, *features.codecs} and bool(features.check(feature)))


SUFFIXES = {format: suffixes for format, suffixes in _FORMATS.items() if _is_read(format)}
"""File name suffixes, in lower case, by Pillow's names of the formats of pictures that are read."""

EXTENSIONS = frozenset(suffix for suffixes in SUFFIXES.values() for suffix in suffixes)
"""File name suffixes of the pictures that are read, in lower case."""

VIDEO_EXTENSIONS = frozenset(
    {".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".wmv", ".mpg", ".mpeg", ".ts", ".flv", ".3gp", ".mts", ".m2ts",
     ".ogv"}
)  # fmt: skip
"""File name suffixes of videos, in lower case."""

_UNREAD = {
    "HEIC": ".heic .heif .hif .heics",
    "camera raw": ".3fr .arw .cr2 .cr3 .crw .dng .erf .iiq .kdc .mrw .nef .nrw .orf .pef .raf .raw .rw2 .rwl .sr2 .srf "
    ".srw .x3f",
    "Photoshop": ".psd .psb",
    "GIMP": ".xcf",
    "SVG": ".svg .svgz",
    "PDF": ".pdf",
    "PostScript": ".eps .ps",
    "JPEG XL": ".jxl",
    "high dynamic range": ".exr .hdr",
    "DICOM": ".dcm .dicom",
    "NIfTI": ".nii",
    "microscope": ".czi .lif .nd2 .ndpi .svs .vsi",
    "Windows metafile": ".emf .wmf",
}
_UNREAD_BY_SUFFIX = {suffix: name for name, suffixes in _UNREAD.items() for suffix in suffixes.split()}
_UNREAD_BY_SUFFIX.update(
    {suffix: format for format in _FORMATS.keys() - SUFFIXES.keys() for suffix in _FORMATS[format]}
)


_SIGNATURES = {b"8BPS": "Photoshop", b"%PDF": "PDF", b"%!PS": "PostScript", b"\xff\x0a": "JPEG XL"}
_BRANDS = {b"heic": "HEIC", b"heix": "HEIC", b"hevc": "HEIC", b"mif1": "HEIC", b"crx ": "camera raw"}


def is_picture(path: PurePath | str) -> bool:
    """Whether a file is a picture that can be read, by its name.

    Example:
        >>> is_picture("A.JPG"), is_picture("a.heic")
        (True, False)
    """
    return PurePath(path).suffix.lower() in EXTENSIONS


def may_have_frames(path: PurePath | str) -> bool:
    """Whether a picture may have several pages or frames, by its name; what phones add to a JPEG file is none."""
    formats = ("TIFF", "GIF", "WEBP", "PNG", "AVIF")
    return PurePath(path).suffix.lower() in {suffix for format in formats for suffix in SUFFIXES.get(format, ())}


def is_video(path: PurePath | str) -> bool:
    """Whether a file is a video, by its name."""
    return PurePath(path).suffix.lower() in VIDEO_EXTENSIONS


def unread_format(path: PurePath | str) -> str:
    """The format of a file that is a picture, or may hold some, but is not read; empty for other files.

    Example:
        >>> unread_format("IMG_1.HEIC"), unread_format("a.jpg")
        ('HEIC', '')
    """
    return _UNREAD_BY_SUFFIX.get(PurePath(path).suffix.lower(), "")


def unread_content(start: bytes) -> str:
    """The format that is not read of a file with another one's name, by its first 12 bytes; empty if unknown.

    Example:
        >>> unread_content(b"%PDF-1.7")
        'PDF'
    """
    if start[4:8] == b"ftyp":
        return _BRANDS.get(start[8:12], "")
    return next((format for signature, format in _SIGNATURES.items() if start.startswith(signature)), "")
