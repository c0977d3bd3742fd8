"""Finding out what format labels are in, and which files hold them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from yolact_kit.annotations.picture_index import walk
from yolact_kit.annotations.textfiles import decode
from yolact_kit.errors import UserError

Kind = Literal["labelme", "voc", "coco", "yolo", "broken", "other"]

_HEAD = 1 << 16
_YOLO_LINE = re.compile(r"\s*\d+(\s+[0-9.eE+-]+){4,}\s*$")


@dataclass(slots=True)
class Found:
    """The files of a source.

    Attributes:
        format: Format of the labels.
        files: Annotation files, those that cannot be read included.
        others: Files that look like annotations but are not of this format.
        masks: Whether there are only mask pictures of VOC, without XML files.
    """

    format: Literal["labelme", "voc", "coco", "yolo"]
    files: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    masks: bool = False


def detect_format(source: Path, asked: str = "auto", masks: Path | None = None) -> Found:
    """Finds the annotation files under a folder.

    Args:
        source: A folder, or one annotation file.
        asked: The format, or ``auto``.
        masks: A folder of mask pictures, which may be all the annotation there is.

    Returns:
        The format and the files.

    Raises:
        UserError: There is no annotation file, or it is unclear which format is meant.

    Example:
        >>> detect_format(Path("photos")).format  # doctest: +SKIP
        'labelme'
    """
    if not source.exists():
        raise UserError(f"'{source}' does not exist.", "Check the spelling, or give the path of the folder.")
    files = walk(source) if source.is_dir() else [source]
    mask_files = _mask_files(files) or (walk(masks) if masks is not None and masks.is_dir() else [])
    kinds: dict[Path, Kind] = {path: sniff(path) for path in files if path.suffix.lower() in (".json", ".xml", ".txt")}
    chosen = _choose(source, Counter(kinds.values()), asked, files, bool(mask_files))
    suffix = ".xml" if chosen == "voc" else ".txt" if chosen == "yolo" else ".json"
    mine = [path for path, kind in kinds.items() if path.suffix.lower() == suffix and kind in (chosen, "broken")]
    others = [path for path, kind in kinds.items() if path.suffix.lower() == suffix and path not in mine]
    if chosen == "voc" and not mine and mask_files:
        return Found("voc", mask_files, others, masks=True)
    if not mine:
        raise UserError(f"'{source}' holds no annotation file of the format '{chosen}'.", "Check --from.")
    return Found(chosen, mine, others)


def sniff(path: Path) -> Kind:
    """What a file is, by its beginning, or by all of it where that says nothing.

    Args:
        path: A JSON, XML or text file.

    Returns:
        The format; ``broken`` for what cannot be read and may have been an annotation file.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError:
        return "broken"
    kind = _sniff_bytes(head, path.suffix.lower(), whole=len(head) < _HEAD)
    if kind == "other" and len(head) == _HEAD and path.suffix.lower() == ".json":
        kind = _sniff_bytes(path.read_bytes(), ".json", whole=True)
    return kind


def _sniff_bytes(data: bytes, suffix: str, whole: bool) -> Kind:
    text = _forgiving(data)
    if suffix == ".txt":
        lines = [line for line in text.splitlines() if line.strip()]
        return "yolo" if lines and all(_YOLO_LINE.match(line) for line in lines[:20]) else "other"
    if not text.strip("\0 \t\r\n"):
        return "broken"
    if suffix == ".xml":
        root = re.search(
            r"<\s*([A-Za-z_][\w.-]*)", re.sub(r"<!DOCTYPE.*?(\]\s*)?>|<[?!].*?>", "", text, flags=re.DOTALL)
        )
        if root is None or "<!ENTITY" in text:
            return "broken"
        return "voc" if root.group(1) == "annotation" else "other"
    if re.search(r'"shapes"\s*:', text):
        return "labelme"
    if re.search(r'"(images|annotations|categories)"\s*:\s*\[', text):
        return "coco"
    if whole and not text.rstrip("\0 \t\r\n").endswith(("}", "]")):
        return "broken"
    return "other"


def _forgiving(data: bytes) -> str:
    """The text of the beginning of a file, whose last character may be cut."""
    for cut in range(4):
        decoded = decode(data[: len(data) - cut])
        if decoded is not None:
            return decoded[0]
    return data.decode("latin-1")


def _choose(
    source: Path, counts: Counter[Kind], asked: str, files: list[Path], masks: bool
) -> Literal["labelme", "voc", "coco", "yolo"]:
    formats: dict[str, Literal["labelme", "voc", "coco", "yolo"]] = {
        "labelme": "labelme", "voc": "voc", "coco": "coco", "yolo": "yolo",
    }  # fmt: skip
    if asked != "auto":
        return formats[asked]
    if (source / "dataset.yaml").is_file():
        return "coco"
    ranked = [(kind, count) for kind, count in counts.most_common() if kind in formats]
    full = [pair for pair in ranked if pair[0] != "yolo"] or ranked
    if not full:
        return _without_formats(source, counts, files, masks)
    if len(full) > 1 and full[0][1] == full[1][1]:
        raise UserError(
            f"'{source}' holds as many {full[0][0]} as {full[1][0]} files.", "Say which you mean with --from."
        )
    return formats[full[0][0]]


def _without_formats(source: Path, counts: Counter[Kind], files: list[Path], masks: bool) -> Literal["labelme", "voc"]:
    if masks:
        return "voc"
    broken = [path for path in files if path.suffix.lower() in (".json", ".xml")] if counts["broken"] else []
    if broken:
        return "voc" if all(path.suffix.lower() == ".xml" for path in broken) else "labelme"
    what = "is empty" if not files else "holds no annotation file of labelme, VOC or COCO"
    raise UserError(
        f"'{source}' {what}." if source.is_dir() else f"'{source}' is not an annotation file of labelme, VOC or COCO.",
        "Give the folder with the JSON or XML files; `yolact-kit annotate PICTURES` makes some.",
    )


def _mask_files(files: list[Path]) -> list[Path]:
    """Mask pictures of VOC: those of objects where there are any, else those of classes."""
    for folder in ("SegmentationObject", "SegmentationClass"):
        found = [path for path in files if path.parent.name == folder and path.suffix.lower() == ".png"]
        if found:
            return found
    return []
