"""Finding out what format labels are in, and which files hold them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Literal

from yolact_kit.annotations.picture_index import walk
from yolact_kit.annotations.readers.foreign import Foreign, foreign_format
from yolact_kit.annotations.readers.mask_pictures import mask_folder
from yolact_kit.annotations.readers.yolo import find_yaml, is_label_file, is_name_file, picture_stems
from yolact_kit.annotations.source import Found, Known
from yolact_kit.annotations.textfiles import decode
from yolact_kit.errors import UserError

Kind = Literal["labelme", "voc", "coco", "yolo", "broken", "other"]

_HEADS = 1 << 12, 1 << 16
"""Bytes that are read from the beginning of a file: the first number is enough for nearly all files."""
REPORT = "conversion.json"
"""Name of the report that `yolact_kit.datasets.convert` writes into the folder of a data set."""

_YOLO_LINE = re.compile(r"\s*\d+(\.0*)?(\s+[0-9.eE+-]+){4,}\s*$")

_KNOWN: dict[str, Known] = {"labelme": "labelme", "voc": "voc", "coco": "coco", "yolo": "yolo"}
_SIGNS: dict[Known, str] = {
    "labelme": "JSON files with 'shapes'",
    "voc": "XML files with '<annotation>'",
    "coco": "JSON files with 'images' and 'annotations'",
    "yolo": "text files with lines of numbers",
}


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
    described = source if source.is_file() and source.suffix.lower() in (".yaml", ".yml") else None
    source = source.parent if described is not None else source
    files = walk(source) if source.is_dir() else [source]
    files = [path for path in files if path != source / REPORT]
    mask_files = _mask_files(files) or (walk(masks) if masks is not None and masks.is_dir() else [])
    kinds: dict[Path, Kind] = {path: sniff(path) for path in files if path.suffix.lower() in (".json", ".xml", ".txt")}
    chosen = _choose(source, kinds, asked, files, bool(mask_files))
    if chosen == "yolo":
        return _found_yolo(source, files, kinds, described)
    suffix = ".xml" if chosen == "voc" else ".json"
    same = {path: kind in (chosen, "broken") for path, kind in kinds.items() if path.suffix.lower() == suffix}
    mine, others = ([path for path, fits in same.items() if fits is wanted] for wanted in (True, False))
    if chosen == "voc" and not mine and mask_files:
        why = f"mask pictures in '{mask_files[0].parent.name}', without XML files"
        return Found("voc", mask_files, others, masks=True, why=why)
    if not mine:
        _refuse_foreign(others)
        raise _without(source, chosen, kinds)
    if chosen == "coco" and (source / "dataset.yaml").is_file():
        return Found(chosen, mine, others, why="dataset.yaml")
    return Found(chosen, mine, others, why=_why(chosen, mine))


def _why(chosen: Known, mine: list[Path]) -> str:
    return f"{len(mine)} {_SIGNS[chosen]}, such as '{mine[0].name}'"


def _found_yolo(source: Path, files: list[Path], kinds: dict[Path, Kind], described: Path | None) -> Found:
    described = described or find_yaml(files)
    stems = picture_stems(files)
    texts = [path for path in files if path.suffix.lower() == ".txt"]
    mine = [path for path in texts if is_label_file(path, stems, source) or kinds[path] == "yolo"]
    if not mine:
        raise _without(source, "yolo", kinds)
    return Found("yolo", mine, why=_why("yolo", mine), described=described)


def sniff(path: Path) -> Kind:
    """What a file is, by its beginning, or by all of it where that says nothing.

    Args:
        path: A JSON, XML or text file.

    Returns:
        The format; ``broken`` for what cannot be read and may have been an annotation file.
    """
    suffix = path.suffix.lower()
    try:
        with path.open("rb") as stream:
            data = b""
            for size in _HEADS:
                data += stream.read(size - len(data))
                kind = _sniff_bytes(data, suffix, whole=len(data) < size)
                if len(data) < size or kind in _KNOWN:
                    return kind
            return _sniff_bytes(data + stream.read(), suffix, whole=True) if suffix == ".json" else kind
    except OSError:
        return "broken"


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
    listed = re.findall(r'"(images|annotations)"\s*:\s*\[', text)
    if "images" in listed or (listed and foreign_format(text) is None):
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


def _choose(source: Path, kinds: dict[Path, Kind], asked: str, files: list[Path], masks: bool) -> Known:
    """The format that is asked for, or the only one that there is."""
    if asked != "auto":
        return _KNOWN[asked]
    if (source / "dataset.yaml").is_file() and find_yaml([source / "dataset.yaml"]) is None:
        return "coco"
    found: dict[Known, list[Path]] = {name: [] for name in _KNOWN.values()}
    for path, kind in kinds.items():
        if kind in found:
            found[kind].append(path)
    stems = picture_stems(files)
    others = any(paths for name, paths in found.items() if name != "yolo")
    if others and not any(is_label_file(path, stems, source) for path in found["yolo"]):
        found["yolo"] = []  # some table of numbers
    several = [name for name in found if found[name]] or _yolo_by_place(source, files, stems)
    if not several:
        return _without_formats(source, Counter(kinds.values()), files, masks)
    if len(several) > 1:
        listed = " and ".join(f"{name} ({_why(name, found[name])})" for name in several)
        choices = " or ".join(f"--from {name}" for name in several)
        raise UserError(
            f"'{source}' holds labels of several formats: {listed}.",
            f"Say which you mean with {choices}, or give the folder of one of them.",
        )
    return several[0]


def _yolo_by_place(source: Path, files: list[Path], stems: set[Path]) -> list[Known]:
    """YOLO where the places of files say so, although no row of them can be read."""
    named = find_yaml(files) is not None or any(map(is_name_file, files))
    texts = [path for path in files if path.suffix.lower() == ".txt"]
    return ["yolo"] if named and any(is_label_file(path, stems, source) for path in texts) else []


def _without_formats(source: Path, counts: Counter[Kind], files: list[Path], masks: bool) -> Literal["labelme", "voc"]:
    if masks:
        return "voc"
    broken = [path for path in files if path.suffix.lower() in (".json", ".xml")] if counts["broken"] else []
    if broken:
        return "voc" if all(path.suffix.lower() == ".xml" for path in broken) else "labelme"
    _refuse_foreign(files)
    what = "is empty" if not files else "holds no annotation file of labelme, VOC, COCO or YOLO"
    raise UserError(
        f"'{source}' {what}."
        if source.is_dir()
        else f"'{source}' is not an annotation file of labelme, VOC, COCO or YOLO.",
        "Give the folder with the JSON, XML or text files; `yolact-kit annotate PICTURES` makes some.",
    )


def _without(source: Path, chosen: Known, kinds: dict[Path, Kind]) -> UserError:
    there = sorted({kind for kind in kinds.values() if kind in _KNOWN} - {chosen})
    advice = f"Give --from {' or --from '.join(there)}: it holds such." if there else "Check --from and the folder."
    return UserError(f"'{source}' holds no annotation file of the format '{chosen}'.", advice)


def _refuse_foreign(files: list[Path]) -> None:
    """Says what to do about labels in a format that another program keeps for itself, if there are any."""
    for path in (path for path in files if path.suffix.lower() in (".json", ".xml")):
        foreign = _foreign_format(path)
        if foreign is not None:
            raise UserError(f"'{path}' holds labels in {foreign.name}, which is not read.", foreign.advice)


def _foreign_format(path: Path) -> Foreign | None:
    try:
        with path.open("rb") as stream:
            return foreign_format(_forgiving(stream.read(_HEADS[-1])))
    except OSError:
        return None


def _mask_files(files: list[Path]) -> list[Path]:
    """Mask pictures of VOC: those of objects where there are any, else those of classes."""
    for folder in ("SegmentationObject", "SegmentationClass"):
        found = [path for path in files if path.suffix.lower() == ".png" and mask_folder(path, folder)]
        if found:
            return found
    return []
