"""Pictures that several annotation files have."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from yolact_kit.annotations.objects import same_key
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.readers.registry import label_format
from yolact_kit.annotations.source import LabelFiles, Labelled, PictureResult
from yolact_kit.annotations.source_folder import name_below


def merge_same(
    files: LabelFiles, results: list[PictureResult], problems: list[Problem], root: Path
) -> list[tuple[Labelled, str]]:
    """Takes each picture once.

    If several files list a picture, their objects are combined in formats whose files list many pictures. In others a
    picture has one annotation file, and one of the files must be wrong.

    Args:
        files: The annotation files.
        results: What became of each picture; those that must be left out lose it.
        problems: Where problems are added.
        root: The folder of the source.

    Returns:
        The pictures, with their splits.
    """
    by_picture: dict[Path, list[PictureResult]] = defaultdict(list)
    for result in results:
        if result.labelled is not None:
            by_picture[result.labelled.picture.path].append(result)
    merge = _merge_listed if label_format(files.format).lists_pictures else _choose_own
    merged: list[tuple[Labelled, str]] = []
    for same in by_picture.values():
        result = merge(same, problems, root) if len(same) > 1 else same[0]
        if result.labelled is not None:
            merged.append((result.labelled, result.split))
    return merged


def _merge_listed(same: list[PictureResult], problems: list[Problem], root: Path) -> PictureResult:
    """Combines the objects of one picture; identical ones count once."""
    first = same[0].labelled
    assert first is not None
    if _contradict(same):
        return _leave_out_listed(same, problems, root)
    picture, new_problems = first.picture, Problems(name_below(root, first.source))
    new_problems.add("image-listed-twice", f"The picture '{picture.file}' is listed {len(same)} times.")
    instances = {same_key(instance): instance for instance in picture.instances}
    for result in same[1:]:
        own = result.labelled.picture.instances if result.labelled is not None else []
        new_problems.file = result.file
        for instance, name in zip(own, result.objects, strict=True):
            if instances.setdefault(same_key(instance), instance) is not instance:
                new_problems.add("duplicate", f"Another file lists it in '{picture.file}' as well.", name)
                result.left_out.append((name, "duplicate"))
    picture.instances = list(instances.values())
    problems += new_problems.found
    return same[0]


def _contradict(same: list[PictureResult]) -> bool:
    """Whether files that are different splits agree on no object of a picture, as if it were two pictures."""
    contents: dict[str, set[Any]] = defaultdict(set)
    for result in same:
        if result.labelled is not None:
            contents[result.split] |= {same_key(instance) for instance in result.labelled.picture.instances}
    is_split = len(contents) > 1 and "" not in contents
    return is_split and any(contents.values()) and not set.intersection(*contents.values())


def _leave_out_listed(same: list[PictureResult], problems: list[Problem], root: Path) -> PictureResult:
    """Leaves out a picture of which two splits say different things: it may be two pictures with one name."""
    for result in same:
        item, result.labelled = result.labelled, None
        if item is not None:
            other = next(other for other in same if other.split != result.split)
            message = f"'{item.picture.file}' is in the split '{other.split}' as well, with other objects there."
            new_problems = Problems(name_below(root, item.source))
            new_problems.add("image-in-two-splits", message)
            problems += new_problems.found
            result.problems += new_problems.found
    return same[0]


def _choose_own(same: list[PictureResult], problems: list[Problem], root: Path) -> PictureResult:
    """Chooses the annotation file with the picture's name; if none or several have it, the picture is left out."""
    items = [(result, result.labelled) for result in same if result.labelled is not None]
    chosen = _own([item for _, item in items])
    for result, item in items:
        if item is chosen:
            continue
        new_problems = Problems(name_below(root, item.source))
        other = next(name_below(root, other.source) for _, other in items if other is not item)
        new_problems.add("picture-labelled-twice", f"'{item.picture.file}' has labels in '{other}' as well.")
        problems += new_problems.found
        result.problems += new_problems.found
        result.labelled = None
    return next((result for result, item in items if item is chosen), same[0])


def _own(items: list[Labelled]) -> Labelled | None:
    """The only one with its picture's name, or the only one of these beside its picture; None if several are."""
    own = [item for item in items if _has_name_of_picture(item)]
    beside = [item for item in own if item.source.parent == item.picture.path.parent]
    candidates = beside or own
    return candidates[0] if len(candidates) == 1 else None


def _has_name_of_picture(item: Labelled) -> bool:
    """Whether the annotation file has the name of its picture: ``a.json`` or ``a.jpg.json`` for ``a.jpg``."""
    return item.source.stem in (item.picture.path.stem, item.picture.path.name)
