"""Mending a data set as far as that is safe: the result goes to a new folder, the input is not changed.

Labels are mended by the functions that read them for `yolact_kit.datasets.convert`; other problems of a data set that
is already split are mended here.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.dataset_folder import copy_pictures, save_dataset
from yolact_kit.annotations.problem_kinds import PROBLEM_KINDS
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.readers.registry import SourceFormat
from yolact_kit.config.schema import ModelConfig
from yolact_kit.datasets.checks.folder import read_folder
from yolact_kit.datasets.checks.objects import TINY, shape_key
from yolact_kit.datasets.checks.subject import scan_pictures
from yolact_kit.datasets.convert import ConvertOptions, convert
from yolact_kit.files import atomic_write_text, check_out, new_folder
from yolact_kit.json_text import json_text
from yolact_kit.progress import StepProgress
from yolact_kit.shown_paths import shown_path

REPORT = "mended.json"
"""The file in the new folder that lists what was done."""
MENDABLE = frozenset({
    "annotation-ids", "area-zero", "category-ids", "category-unknown", "clipped", "coordinates-normalised",
    "coordinates-not-finite", "coordinates-odd", "duplicate", "leakage", "outside", "partly-outside",
    "picture-missing", "picture-size", "picture-twice", "picture-undecodable", "points-too-few", "rle-malformed",
    "segmentation-missing", "self-intersecting", "shape-malformed", "tiny",
})  # fmt: skip
"""Codes of the problems that `mend` mends, or for which it leaves out the object or picture."""


@dataclass(frozen=True, slots=True)
class Mended:
    """What was mended.

    Attributes:
        dataset: The mended data set.
        counts: How many things were mended or left out, by a sentence that names the kind.
        problems: Every problem that reading found, as ``convert`` reports them.
    """

    dataset: Dataset
    counts: dict[str, int]
    problems: list[Problem]


def mend(
    path: Path | str,
    out: Path | str,
    model: ModelConfig,
    format: SourceFormat = "auto",
    overwrite: bool = False,
    progress: StepProgress | None = None,
    class_attribute: str | None = None,
) -> Mended:
    """Writes a mended copy of a data set, or of a folder of labels as a data set.

    Objects are clipped to their picture, outlines that cross themselves are mended, ids and classes are put in order,
    boxes are computed again. Objects that have no area, are duplicates, or are too small to learn are left out, and so
    are pictures that cannot be used or that have an object which cannot be read: with only some of its labels, a
    picture would teach wrong negatives. Of pictures with the same pixels and the same labels one is kept, preferably
    one that is not in the training split.

    Args:
        path: A data set folder, its ``dataset.yaml``, or a folder of labels in any format.
        out: The folder to make.
        model: Gives the training size that objects are too small at.
        format: Format of a folder of labels.
        overwrite: Whether an earlier output in the folder is replaced.
        progress: Wraps what takes long: called with the items, their number and a description.
        class_attribute: The attribute of VIA's regions that is their class.

    Returns:
        What was done.

    Raises:
        UserError: Nothing was written: ``out`` cannot be made, or nothing in ``path`` can be used.

    Example:
        >>> mend("data", "mended", model).counts  # doctest: +SKIP
        {'objects that were clipped to the picture': 3}
    """
    path = Path(path)
    source = path.parent if path.name == "dataset.yaml" else path
    check_out(out, overwrite, [source])
    with tempfile.TemporaryDirectory(prefix="yolact-kit-") as temporary:
        pictures = _pictures(source)
        known: SourceFormat = "coco" if pictures is not None else format
        options = ConvertOptions(
            format=known, repair=True, images="link", pictures=pictures, class_attribute=class_attribute
        )
        read = convert(source, Path(temporary) / source.name, options, progress)
        if pictures is not None and pictures.is_relative_to(source):
            _name_from(pictures.relative_to(source), read.dataset)
        counts = _count_by_title(read.problems)
        _drop_tiny(read.dataset, model, counts)
        _drop_copies(read.dataset, counts)
        _write(read.dataset, Path(out), source, overwrite, counts)
    return Mended(read.dataset, counts, read.problems)


def _pictures(source: Path) -> Path | None:
    """The picture folder of a data set; None for other sources."""
    if not (source / "dataset.yaml").is_file():
        return None
    folder, _ = read_folder(source)
    return next((document.pictures for document in folder.documents if document.pictures.is_dir()), None)


def _name_from(folder: Path, dataset: Dataset) -> None:
    """Names pictures relative to the picture folder of the data set, as they were named before."""
    for picture in dataset.pictures():
        name = PurePosixPath(picture.file)
        if name.is_relative_to(folder.as_posix()):
            picture.file = name.relative_to(folder.as_posix()).as_posix()


def _count_by_title(problems: list[Problem]) -> dict[str, int]:
    """What reading mended and left out; for errors, each picture that was left out counts once."""
    counts: Counter[str] = Counter()
    files: set[tuple[str, str]] = set()
    for problem in problems:
        title = PROBLEM_KINDS[problem.code].title
        if problem.severity == "F":
            counts[title] += 1
        elif problem.severity == "S":
            counts[f"left out: {title}"] += 1
        elif problem.severity == "E":
            files.add((title, problem.file))
    counts.update(f"left out with their picture: {title}" for title, _ in files)
    return dict(counts)


def _drop_tiny(dataset: Dataset, model: ModelConfig, counts: dict[str, int]) -> None:
    """Drops objects that are too small to learn, and counts them in ``counts``."""
    dropped = 0
    for picture in dataset.pictures():
        large = [instance for instance in picture.instances if not _is_tiny(instance, picture, model.input_size)]
        dropped += len(picture.instances) - len(large)
        picture.instances = large
    if dropped:
        counts[f"left out: objects with a side below {TINY:g} px at the training size of {model.input_size}"] = dropped


def _is_tiny(instance: Instance, picture: Picture, size: int) -> bool:
    _, _, width, height = instance.box()
    return not instance.crowd and min(width * size / picture.width, height * size / picture.height) < TINY


def _drop_copies(dataset: Dataset, counts: dict[str, int]) -> None:
    """Drops copies of pictures with the same labels; of two in different splits, the one in train."""
    scans = scan_pictures(dataset.pictures())
    keys: set[tuple[str, frozenset[object]]] = set()
    dropped = 0
    # The training split comes last, so of two copies the one in another split comes first and stays.
    for split in sorted(dataset.splits, key=lambda name: name == "train"):
        unique: list[Picture] = []
        for picture in dataset.splits[split]:
            labels = frozenset((instance.label, shape_key(instance)) for instance in picture.instances)
            key = scans[picture.path].digest, labels
            if key not in keys:
                unique.append(picture)
            keys.add(key)
        dropped += len(dataset.splits[split]) - len(unique)
        dataset.splits[split] = unique
    if dropped:
        counts["left out: pictures that appeared twice with the same labels"] = dropped


def _write(dataset: Dataset, out: Path, source: Path, overwrite: bool, counts: dict[str, int]) -> None:
    """Writes the mended data set, and what was done to it, into its folder."""
    dataset.name = out.resolve().name
    with new_folder(out, overwrite, [source]) as folder:
        copy_pictures(dataset.pictures(), folder / "images")
        save_dataset(dataset, folder, source=str(source), options={"mended": True})
        atomic_write_text(folder / REPORT, json_text({"source": shown_path(source), "done": counts}, indent=True))
    dataset.root = out
    for picture in dataset.pictures():
        picture.path = out / "images" / picture.file
