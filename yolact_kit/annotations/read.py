"""Reading labels of any format: from a folder to pictures with their instances, and everything that is wrong."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from yolact_kit.annotations.detect_format import REPORT, detect_format
from yolact_kit.annotations.json_files import read_json
from yolact_kit.annotations.matching import match
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex, normal, walk
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import SourceError
from yolact_kit.annotations.readers.coco import CocoFile, read_coco
from yolact_kit.annotations.readers.labelme import read_labelme
from yolact_kit.annotations.readers.mask_pictures import Colour, MaskFolder, find_masks
from yolact_kit.annotations.readers.voc import prepare, read_voc
from yolact_kit.annotations.readers.voc_masks import attach_masks, learn_names
from yolact_kit.annotations.readers.yolo import YoloSet, by_stem, name_picture, read_set, read_yolo
from yolact_kit.annotations.result import ReadResult, assemble
from yolact_kit.annotations.source import Found, Outcome, RawPicture
from yolact_kit.annotations.split_lists import NAMES, SplitLists, read_lists
from yolact_kit.errors import UserError
from yolact_kit.parallel import PROCESSES_FROM, in_parallel

Progress = Callable[[Iterable[Outcome], int], Iterable[Outcome]]
Pending = tuple[RawPicture | None, Problems]
"""What a file says of a picture, None where it cannot be read; and the problems found so far."""


@dataclass(frozen=True, slots=True)
class _Jobs:
    """The pictures that are to be read, and how; other processes can be given both.

    Attributes:
        read: Reads a picture with its labels.
        items: What ``read`` is given for each picture.
        classes: Classes that the files list, None where they do not.
    """

    read: Callable[[Any], Outcome]
    items: list[Any]
    classes: list[str] | None = None


def read_source(source: Path | str, options: ReadOptions | None = None, progress: Progress | None = None) -> ReadResult:
    """Reads the labels under a folder, whatever their format, and the pictures that they belong to.

    Args:
        source: A folder, or one annotation file.
        options: How labels are read.
        progress: Wraps the pictures while they are read, for a progress bar: called with them and their number.

    Returns:
        The pictures, and everything that is wrong with them. A picture with an error in it is left out.

    Raises:
        SourceError: No picture could be read.
        UserError: The source does not exist, holds no annotations, or the options do not fit it.

    Example:
        >>> read_source("photos").classes  # doctest: +SKIP
        ['bolt', 'nut']
    """
    source, options = Path(source), options or ReadOptions()
    for given, name in ((options.pictures, "pictures"), (options.masks, "masks")):
        if given is not None and not given.is_dir():
            raise UserError(f"The folder of {name} '{given}' does not exist.", f"Check the spelling of --{name}.")
    if options.colors is not None and not options.colors.is_file():
        raise UserError(f"The file of colours '{options.colors}' does not exist.", "Check the spelling of --colors.")
    found = detect_format(source, options.format, options.masks)
    root = source if source.is_dir() else source.parent
    general = _others(found, root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        roots = [*_picture_folders(root), root, *([options.pictures] if options.pictures else [])]
        index = PictureIndex(roots, found.files)
        jobs = _JOBS[found.format](found, root, index, options, general)
        spawn = options.processes and len(jobs.items) >= PROCESSES_FROM
        # Without pictures to decode threads only wait for each other.
        workers = options.workers if spawn or options.verify else 1
        outcomes = in_parallel(jobs.read, jobs.items, workers, spawn)
        wrapped = progress(outcomes, len(jobs.items)) if progress else outcomes
        done = list(wrapped)
    return assemble(found, source, index, options, jobs.classes, done, general)


def _picture_folders(root: Path) -> list[Path]:
    """Where pictures lie in a folder that `convert` wrote; their paths in the data set start from there."""
    if not (root / REPORT).is_file():
        return []
    if (root / "data.yaml").is_file():
        return sorted(path for path in (root / "images").glob("*") if path.is_dir())
    for described, folder in (("dataset.yaml", root / "images"), ("labelmap.txt", root / "JPEGImages")):
        if (root / described).is_file() and folder.is_dir():
            return [folder]
    return []


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()


def _others(found: Found, root: Path) -> Problems:
    """Problems of files that look like annotations of another format, or like none."""
    general = Problems()
    for path in found.others:
        problems = Problems(_name(path, root))
        if path.suffix.lower() == ".json" and read_json(path, problems) is None:
            general.found += problems.found
            continue
        problems.add("file-not-annotation", f"It holds no annotations of the format '{found.format}'.")
        general.found += problems.found
    return general


def _labelme_jobs(found: Found, root: Path, index: PictureIndex, options: ReadOptions, general: Problems) -> _Jobs:
    lists = read_lists(sorted(root.glob("*.txt")))
    return _Jobs(partial(_match_labelme, root=root, index=index, options=options, lists=lists), found.files)


def _match_labelme(path: Path, root: Path, index: PictureIndex, options: ReadOptions, lists: SplitLists) -> Outcome:
    problems = Problems(_name(path, root))
    raw = read_labelme(path, options, problems)
    if raw is None:
        return Outcome(None, problems.found)
    outcome = match(raw, index, options, problems)
    if outcome.labelled is not None:
        outcome.split = lists.split_of(PurePosixPath(outcome.labelled.picture.file))
    return outcome


def _voc_jobs(found: Found, root: Path, index: PictureIndex, options: ReadOptions, general: Problems) -> _Jobs:
    stems = set() if found.masks else {normal(path.stem) for path in found.files}
    files = walk(root)
    masks = find_masks(files, stems, options)
    if masks is not None:
        index.discard({*masks.files.values(), *masks.classes.values()})
    items: list[Pending] = []
    for path in dict.fromkeys(masks.files.values()) if found.masks and masks else found.files:
        problems = Problems(_name(path, root))
        raw = RawPicture(path, "", path.stem, None) if found.masks else read_voc(path, options, problems)
        items.append((raw, problems))
    raws = [raw for raw, _ in items if raw is not None]
    prepare(raws)
    if masks is not None and masks.kind == "class" and not masks.names and _all_outlined(raws):
        masks = None
    names = _mask_names(raws, masks, found, options)
    _refuse_boxes(raws, masks, options)
    whole = partial(_match_voc, root=root, index=index, options=options, masks=masks)
    return _Jobs(partial(whole, names=names, lists=_image_sets(files)), items)


def _all_outlined(raws: list[RawPicture]) -> bool:
    """Whether there are objects, and all have outlines: mask pictures of classes then tell nothing more."""
    objects = [item for raw in raws for item in raw.objects]
    return bool(objects) and all(item.parts for item in objects)


def _match_voc(
    item: Pending,
    root: Path,
    index: PictureIndex,
    options: ReadOptions,
    masks: MaskFolder | None,
    names: dict[Colour, str | None],
    lists: SplitLists,
) -> Outcome:
    raw, problems = item
    if raw is None:
        return Outcome(None, problems.found)
    attach_masks(raw, masks, names, options, problems)
    outcome = match(raw, index, options, problems)
    below = raw.source.relative_to(root) if raw.source.is_relative_to(root) else Path(raw.source.name)
    outcome.split = lists.split_of(PurePosixPath(below.with_suffix("").as_posix()))
    return outcome


def _image_sets(files: list[Path]) -> SplitLists:
    """The splits of ``ImageSets``: those for segmentation, else any."""
    for kind in ("Segmentation", "Main", "Layout"):
        lists = read_lists(path for path in files if path.parts[-3:-1] == ("ImageSets", kind))
        if lists:
            return lists
    return SplitLists({})


def _yolo_jobs(found: Found, root: Path, index: PictureIndex, options: ReadOptions, general: Problems) -> _Jobs:
    general.file = _name(found.described, root) if found.described else ""
    whole = read_set(found.described, walk(root), root, options, general)
    pictures = by_stem(index)
    items: list[Pending] = []
    for path in found.files:
        problems = Problems(_name(path, root))
        raw = read_yolo(path, whole.names, options, problems)
        if raw is not None:
            name_picture(raw, pictures)
        items.append((raw, problems))
    _refuse_boxes([raw for raw, _ in items if raw is not None], None, options)
    read = partial(_match_yolo, index=index, options=options, whole=whole)
    return _Jobs(read, items, list(dict.fromkeys(whole.names.values())))


def _match_yolo(item: Pending, index: PictureIndex, options: ReadOptions, whole: YoloSet) -> Outcome:
    raw, problems = item
    if raw is None:
        return Outcome(None, problems.found)
    for row in raw.objects:
        if not row.parts:
            problems.add("mask-missing", "It has a box, but no outline.", row.name)
    outcome = match(raw, index, options, problems)
    if outcome.path is not None:
        outcome.split = whole.split_of(outcome.path)
    return outcome


def _mask_names(
    raws: list[RawPicture], masks: MaskFolder | None, found: Found, options: ReadOptions
) -> dict[Colour, str | None]:
    """Class name by colour, from a file or learned from boxes."""
    if masks is None:
        return {}
    names = learn_names(raws, masks)
    if not names and found.masks and options.classes:
        names = {(number,): name for number, name in enumerate(options.classes, start=1)}
    if not names and (masks.kind == "class" or found.masks):
        folder = next(iter(masks.files.values())).parent.name
        raise UserError(
            f"It is unclear which colour stands for which class in the mask pictures of '{folder}'.",
            "Name them with --colors FILE, a file of lines such as `cup,0,0,230`.",
        )
    return names


def _refuse_boxes(raws: list[RawPicture], masks: MaskFolder | None, options: ReadOptions) -> None:
    objects = [item for raw in raws for item in raw.objects]
    if objects and masks is None and not options.box_as_mask and not any(item.parts for item in objects):
        raise UserError(
            "The labels are boxes only, and there are no mask pictures: there is nothing to learn masks from.",
            "Give the folder of masks with --masks, or take boxes as masks with --box-as-mask; the model then learns "
            "rectangles.",
        )


def _coco_jobs(found: Found, root: Path, index: PictureIndex, options: ReadOptions, general: Problems) -> _Jobs:
    splits, order = _own_splits(found, root)
    files: list[tuple[CocoFile, str]] = []
    for path in found.files if splits is None else list(splits):
        problems = Problems(_name(path, root))
        document = read_coco(path, options, problems)
        general.found += problems.found
        if document is not None:
            files.append((document, splits[path] if splits else ""))
    lists = {frozenset(document.classes): document.path for document, _ in files if document.classes}
    if len(lists) > 1:
        names = " and ".join(f"'{_name(path, root)}'" for path in list(lists.values())[:2])
        raise SourceError(
            f"The files {names} list different classes.",
            "Give every file the same categories, or leave one kind of file in the folder.",
            general.found,
        )
    items = [(raw, problems, split) for document, split in files for raw, problems in document.pictures]
    unordered = {name for document, _ in files for name in document.classes}.difference(order)
    for name in sorted(set.intersection(*([document.groups for document, _ in files if document.classes] or [set()]))):
        general.add("category-group", f"The category '{name}' only names a group of others: it has no object.")
        unordered.discard(name)
    return _Jobs(partial(_match_coco, index=index, options=options), items, [*order, *sorted(unordered)])


def _match_coco(item: tuple[RawPicture, Problems, str], index: PictureIndex, options: ReadOptions) -> Outcome:
    raw, problems, split = item
    outcome = match(raw, index, options, problems)
    outcome.split = split
    return outcome


def _own_splits(found: Found, root: Path) -> tuple[dict[Path, str] | None, list[str]]:
    """The splits that COCO files are, by ``dataset.yaml`` or by their names, and the classes in their order."""
    described = root / "dataset.yaml"
    if described.is_file():
        try:
            document = yaml.safe_load(described.read_text(encoding="utf-8"))
            splits = {root / split["annotations"]: str(name) for name, split in document["splits"].items()}
            return splits, [str(name) for name in document["classes"]]
        except (yaml.YAMLError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
            raise UserError(f"'{described}' is damaged: {error}.", "Convert the labels again.") from error
    by_file: dict[Path, str] = {}
    for path in found.files:
        tokens = [token for token in re.split(r"[^a-z]+", _name(path, root).lower()) if token in NAMES]
        if tokens:
            by_file[path] = NAMES[tokens[-1]]
    named = len(by_file) == len(found.files) and "train" in by_file.values() and len(set(by_file.values())) > 1
    return (by_file if named else None), []


_JOBS = {"labelme": _labelme_jobs, "voc": _voc_jobs, "coco": _coco_jobs, "yolo": _yolo_jobs}
