"""Reading labels of any format: from a folder to pictures with their instances, and everything that is wrong."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TypeVar

import yaml

from yolact_kit.annotations.coco import CocoFile, read_coco
from yolact_kit.annotations.detect_format import REPORT, Found, detect_format
from yolact_kit.annotations.labelme import read_json, read_labelme
from yolact_kit.annotations.mask_pictures import Colour, MaskFolder, find_masks
from yolact_kit.annotations.matching import match
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex, normal, walk
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.result import ReadResult, SourceError, assemble
from yolact_kit.annotations.source import Outcome, RawPicture
from yolact_kit.annotations.split_lists import NAMES, SplitLists, read_lists
from yolact_kit.annotations.voc import prepare, read_voc
from yolact_kit.annotations.voc_masks import attach_masks, learn_names
from yolact_kit.annotations.yolo import by_stem, name_picture, read_set, read_yolo
from yolact_kit.errors import UserError

T = TypeVar("T")
R = TypeVar("R")
Progress = Callable[[Iterable[Outcome], int], Iterable[Outcome]]

Job = Callable[[], Outcome]
"""Reads one picture with its labels."""


def read_source(source: Path | str, options: ReadOptions | None = None, progress: Progress | None = None) -> ReadResult:
    """Reads the labels under a folder, whatever their format, and decodes every picture that they speak of.

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
    if options.pictures is not None and not options.pictures.is_dir():
        raise UserError(f"The folder of pictures '{options.pictures}' does not exist.", "Check --pictures.")
    found = detect_format(source, options.format, options.masks)
    root = source if source.is_dir() else source.parent
    general = _others(found, root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        roots = [*_picture_folders(root), root, *([options.pictures] if options.pictures else [])]
        index = PictureIndex(roots, found.files)
        jobs, classes = _JOBS[found.format](found, root, index, options, general)
        outcomes = in_parallel(lambda job: job(), jobs, options.workers)
        wrapped = progress(outcomes, len(jobs)) if progress else outcomes
        done = list(wrapped)
    return assemble(found, source, index, options, classes, done, general)


def in_parallel(function: Callable[[T], R], items: list[T], workers: int) -> Iterator[R]:
    """Applies a function to items at the same time.

    Decoding pictures, most of the work, leaves Python's lock, so that threads keep every core busy; processes would
    first have to load everything once more.

    Args:
        function: What to do with an item.
        items: The items.
        workers: Number of threads.

    Yields:
        The results, in the order of the items.
    """
    if workers <= 1 or len(items) < 2:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        try:
            yield from pool.map(function, items)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


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


def _labelme_jobs(
    found: Found, root: Path, index: PictureIndex, options: ReadOptions, general: Problems
) -> tuple[list[Job], None]:
    lists = read_lists(sorted(root.glob("*.txt")))

    def read(path: Path) -> Outcome:
        problems = Problems(_name(path, root))
        raw = read_labelme(path, options, problems)
        if raw is None:
            return Outcome(None, problems.found)
        outcome = match(raw, index, options, problems)
        if outcome.labelled is not None:
            outcome.split = lists.split_of(PurePosixPath(outcome.labelled.picture.file))
        return outcome

    return [partial(read, path) for path in found.files], None


def _voc_jobs(
    found: Found, root: Path, index: PictureIndex, options: ReadOptions, general: Problems
) -> tuple[list[Job], None]:
    stems = set() if found.masks else {normal(path.stem) for path in found.files}
    files = walk(root)
    masks = find_masks(files, stems, options)
    if masks is not None:
        index.discard({*masks.files.values(), *masks.classes.values()})
    raws: list[tuple[RawPicture, Problems]] = []
    jobs: list[Job] = []
    for path in masks.files.values() if found.masks and masks else found.files:
        problems = Problems(_name(path, root))
        raw = RawPicture(path, "", path.stem, None) if found.masks else read_voc(path, options, problems)
        if raw is not None:
            raws.append((raw, problems))
        else:
            jobs.append(partial(Outcome, None, problems.found))
    prepare([raw for raw, _ in raws])
    names = _mask_names([raw for raw, _ in raws], masks, found, options)
    _refuse_boxes([raw for raw, _ in raws], masks, options)
    lists = _image_sets(files)

    def read(raw: RawPicture, problems: Problems) -> Outcome:
        attach_masks(raw, masks, names, options, problems)
        outcome = match(raw, index, options, problems)
        below = raw.source.relative_to(root) if raw.source.is_relative_to(root) else Path(raw.source.name)
        outcome.split = lists.split_of(PurePosixPath(below.with_suffix("").as_posix()))
        return outcome

    return jobs + [partial(read, raw, problems) for raw, problems in raws], None


def _image_sets(files: list[Path]) -> SplitLists:
    """The splits of ``ImageSets``: those for segmentation, else any."""
    for kind in ("Segmentation", "Main", "Layout"):
        lists = read_lists(path for path in files if path.parts[-3:-1] == ("ImageSets", kind))
        if lists:
            return lists
    return SplitLists({})


def _yolo_jobs(
    found: Found, root: Path, index: PictureIndex, options: ReadOptions, general: Problems
) -> tuple[list[Job], list[str]]:
    general.file = _name(found.described, root) if found.described else ""
    whole = read_set(found.described, walk(root), root, options, general)
    pictures = by_stem(index)
    raws: list[tuple[RawPicture, Problems]] = []
    jobs: list[Job] = []
    for path in found.files:
        problems = Problems(_name(path, root))
        raw = read_yolo(path, whole.names, options, problems)
        if raw is None:
            jobs.append(partial(Outcome, None, problems.found))
            continue
        name_picture(raw, pictures)
        raws.append((raw, problems))
    _refuse_boxes([raw for raw, _ in raws], None, options)

    def read(raw: RawPicture, problems: Problems) -> Outcome:
        for item in raw.objects:
            if not item.parts:
                problems.add("mask-missing", "It has a box, but no outline.", item.name)
        outcome = match(raw, index, options, problems)
        if outcome.path is not None:
            outcome.split = whole.split_of(outcome.path)
        return outcome

    return jobs + [partial(read, raw, problems) for raw, problems in raws], list(dict.fromkeys(whole.names.values()))


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


def _coco_jobs(
    found: Found, root: Path, index: PictureIndex, options: ReadOptions, general: Problems
) -> tuple[list[Job], list[str]]:
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
            f"The files {names} list different classes.", "Give every file the same categories.", general.found
        )

    def read(raw: RawPicture, problems: Problems, split: str) -> Outcome:
        outcome = match(raw, index, options, problems)
        outcome.split = split
        return outcome

    jobs = [partial(read, raw, found_in, split) for document, split in files for raw, found_in in document.pictures]
    classes = [name for document, _ in files for name in document.classes]
    return list(jobs), order or sorted(set(classes))


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
