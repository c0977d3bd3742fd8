"""Converts a folder of labels and accounts for every object: objects in = objects out + each one left out, by name.

The objects of the folder are counted here from the files themselves with plain JSON and XML, not by the package. What
was left out is read from the conversion's report, ``conversion.json``:

    python benchmarks/account_for_objects.py FOLDER [OPTIONS OF convert ...]

Exits with 1 if the sum does not come out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AREAS = {"polygon", "rectangle", "circle", "mask", "rotation", "oriented_rectangle", None}
"""Types of labelme's shapes that can be parts of an object."""
NO_GROUPS = {"", "null", "None", "False", "[]"}
"""Group ids, as text, that mean none; in CVAT's files, 0 as well."""


@dataclass
class Count:
    """What the files of one format hold.

    Attributes:
        files: Files with entries.
        entries: Entries for objects: shapes, annotations, regions, rows, elements.
        joined: Entries that are further parts of an object, by a common group.
    """

    files: int = 0
    entries: int = 0
    joined: int = 0


def count_folder(folder: Path, passed_over: frozenset[str] = frozenset()) -> dict[str, Count]:
    """Counts the objects of the annotation files in a folder, by format, without files that are left out as a whole."""
    counts: dict[str, Count] = defaultdict(Count)
    for path in sorted(folder.rglob("*")):
        if any(part.startswith(".") for part in path.relative_to(folder).parts) or not path.is_file():
            continue
        if path.relative_to(folder).as_posix() in passed_over:
            continue
        for format, entries, joined in count_file(path):
            counts[format].files += 1
            counts[format].entries += entries
            counts[format].joined += joined
    return counts


def count_file(path: Path) -> Iterator[tuple[str, int, int]]:
    """The format, the entries and the joined entries of a file; nothing if it holds no labels."""
    suffix = path.suffix.lower()
    if suffix == ".json":
        yield from count_json(path)
    elif suffix == ".xml":
        yield from count_xml(path)
    elif suffix == ".txt":
        rows = [
            line.split() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
        ]
        if rows and all(len(row) >= 5 and all(map(is_number, row)) for row in rows):
            yield "yolo", len(rows), 0


def is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def count_json(path: Path) -> Iterator[tuple[str, int, int]]:
    """As `count_file`, for labelme, COCO and VIA."""
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        return
    if not isinstance(document, dict):
        return
    if isinstance(document.get("shapes"), list):
        shapes = [shape for shape in document["shapes"] if isinstance(shape, dict)]
        groups = Counter(
            (shape.get("label"), str(shape["group_id"]))
            for shape in shapes
            if str(shape.get("group_id")) not in NO_GROUPS and shape.get("shape_type") in AREAS
        )
        yield "labelme", len(document["shapes"]), sum(groups.values()) - len(groups)
    elif isinstance(document.get("annotations"), list) and isinstance(document.get("images"), list):
        annotations = [item for item in document["annotations"] if isinstance(item, dict)]
        is_other = bool(annotations) and all(item.keys() & {"caption", "segments_info"} for item in annotations)
        if not is_other:
            yield "coco", len(document["annotations"]), 0
    else:
        files = document.get("_via_img_metadata", document)
        values = files.values() if isinstance(files, dict) else ()
        entries = [file for file in values if isinstance(file, dict) and "regions" in file and "filename" in file]
        if entries:
            yield "via", sum(len(entry["regions"]) for entry in entries), 0


def count_xml(path: Path) -> Iterator[tuple[str, int, int]]:
    """As `count_file`, for CVAT and VOC."""
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError:
        return
    if root.tag == "annotations":
        shapes = [shape for image in root.iter("image") for shape in image if shape.tag != "tag"]
        frames = [shape for track in root.iter("track") for shape in track if shape.get("outside") != "1"]
        groups = Counter(
            (image.get("id"), shape.get("label"), shape.get("group_id"))
            for image in root.iter("image")
            for shape in image
            if shape.get("group_id", "0") not in {*NO_GROUPS, "0"}
        )
        yield "cvat", len(shapes) + len(frames), sum(groups.values()) - len(groups)
    elif root.tag == "annotation":
        yield "voc", sum(1 for item in root.iter("object") if (item.findtext("deleted") or "0").strip() != "1"), 0


def convert(folder: Path, out: Path, options: list[str]) -> tuple[int, str]:
    """Runs the real command; returns its exit code and what it printed."""
    words = [sys.executable, "-m", "yolact_kit", "convert", str(folder), str(out), *options]
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8")
    return done.returncode, done.stderr


def account(folder: Path, options: list[str]) -> dict[str, Any]:
    """Converts a folder and compares what went in with what came out."""
    counts = count_folder(folder)
    with tempfile.TemporaryDirectory() as parent:
        code, text = convert(folder, Path(parent, "out"), options)
        report = Path(parent, "out", "conversion.json")
        if not report.is_file():
            entries = {format: count.entries for format, count in counts.items()}
            return {"folder": folder.name, "exit": code, "in": entries, "refused": text.strip()}
        document = json.loads(report.read_text(encoding="utf-8"))
    files = frozenset(item["file"] for item in document["problems"] if item["code"] == "file-other-task")
    counts = count_folder(folder, files)
    left_out, objects = document["left_out_objects"], document["counts"]["objects"]
    count = counts[document["counts"]["format"]]
    return {
        "folder": folder.name,
        "format": document["counts"]["format"],
        "files": count.files,
        "files_passed_over": sorted(files),
        "pictures": document["counts"]["pictures"],
        "exit": code,
        "in": count.entries,
        "joined": count.joined,
        "out": objects,
        "left_out": len(left_out),
        "missing": count.entries - count.joined - objects - len(left_out),
        "unnamed": sum(not (item["file"] and item["object"] and item["reason"]) for item in left_out),
        "reasons": dict(Counter(item["reason"] for item in left_out).most_common()),
    }


def main() -> None:
    """Prints the account of a folder as JSON."""
    result = account(Path(sys.argv[1]), sys.argv[2:])
    print(json.dumps(result, ensure_ascii=False, indent=1))
    sys.exit(1 if result.get("missing", 0) or result.get("unnamed", 0) else 0)


if __name__ == "__main__":
    main()
