"""The result of reading a source, put together from the results of its files."""

from __future__ import annotations

import difflib
import json
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.numbered_labels import NumberedClass, describe_singles, find_numbered, split_number
from yolact_kit.annotations.objects import IGNORE, NO_LABELS, map_label, plain_label, same_key
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import Problem, SourceError, has_errors
from yolact_kit.annotations.readers.depth import settle_depth
from yolact_kit.annotations.readers.left_out import LeftOutObject, left_out_objects
from yolact_kit.annotations.readers.merging import merge_same
from yolact_kit.annotations.readers.registry import label_format
from yolact_kit.annotations.source import LabelFiles, Labelled, PictureResult
from yolact_kit.pixels.depth import DepthRange


@dataclass(slots=True)
class ReadResult:
    """What a source holds.

    Attributes:
        format: Format of the labels.
        classes: Class names: the given ones in their order, else those of the labels, alphabetical.
        labelled: The pictures, in the order of their paths.
        problems: Everything that is wrong.
        splits: Names of the splits by picture, where the source has splits.
        left_out: Pictures left out because of an error, or because they are missing.
        without_labels: Pictures that no annotation file mentions.
        left_out_objects: The objects of the files that are not in the data set.
        why: How the format was recognised, for people.
        numbered: Labels that differ only by a number, as they were before they were merged.
        depth_range: The values that become black and white in pictures of more than 8 bits; None where there are none.
    """

    format: str
    classes: list[str]
    labelled: list[Labelled]
    problems: list[Problem]
    splits: dict[str, str] = field(default_factory=dict)
    left_out: int = 0
    without_labels: list[str] = field(default_factory=list)
    left_out_objects: list[LeftOutObject] = field(default_factory=list)
    why: str = ""
    numbered: list[NumberedClass] = field(default_factory=list)
    depth_range: DepthRange | None = None

    def dataset(self, name: str = "labels") -> Dataset:
        """The pictures as a data set with the one split ``all``, pixels where they lie in the source."""
        pictures: list[Picture] = [item.picture for item in self.labelled]
        return Dataset(name, self.classes, {"all": pictures}, depth_range=self.depth_range)


def assemble_result(
    files: LabelFiles,
    source: Path,
    index: PictureIndex,
    options: ReadOptions,
    listed: list[str] | None,
    results: list[PictureResult],
    general: Problems,
) -> ReadResult:
    """Puts together the results of the pictures.

    Args:
        files: The annotation files.
        source: The source, as the user gave it.
        index: The pictures that could have been used.
        options: How labels were read.
        listed: Classes that the files list; None where they do not.
        results: What became of each picture.
        general: Problems of no picture.

    Returns:
        The whole.

    Raises:
        SourceError: Nothing is left, no picture or no object of the given classes.
    """
    _check_map(options.label_map or {}, set(listed or ()).union(*(result.labels for result in results)), general)
    problems = general.found + [problem for result in results for problem in result.problems]
    merged = merge_same(files, results, problems, index.root)
    labelled = sorted((item for item, _ in merged), key=lambda item: item.picture.file)
    _refuse_nothing(labelled, source, options, problems)
    whole = Problems()
    numbered = _numbered_classes(labelled, listed, options, whole)
    if options.merge_numbered:
        _merge_numbered(labelled, numbered, whole)
        listed = _merge_listed_classes(listed, numbered)
    else:
        _report_numbered(numbered, whole)
    labels = Counter(instance.label for instance in _instances(labelled) if instance.label != IGNORE)
    classes = _classes(labels, listed, options)
    _ignore_for_all(labelled, classes)
    root = source if source.is_dir() else source.parent
    depth_range = settle_depth(labelled, root, options.depth_range, whole)
    if not _instances(labelled):
        whole.add("no-objects", "No picture has an object that could be read.")
    check_labels(labels, whole)
    _check_groups(labelled, whole)
    splits = _splits_of_source(files, merged, whole)
    return ReadResult(
        files.format,
        classes,
        labelled,
        problems + whole.found,
        splits,
        sum(map(_is_rejected, results)),
        _without_labels(index, labelled, results),
        left_out_objects(results, general.found + whole.found),
        files.why,
        numbered,
        depth_range,
    )


def _instances(labelled: list[Labelled]) -> list[Instance]:
    return [instance for item in labelled for instance in item.picture.instances]


def _refuse_nothing(labelled: list[Labelled], source: Path, options: ReadOptions, problems: list[Problem]) -> None:
    """Refuses a source without a usable picture, or whose objects all have labels that ``--classes`` does not list."""
    if not labelled:
        advice = "Mend the problems listed above."
        if not problems:
            advice = "Look into the files: they do not mention any picture."
        raise SourceError(f"No labelled picture could be read from '{source}'.", advice, problems)
    has_other_labels = any(problem.code == "label-not-in-classes" for problem in problems)
    if has_other_labels and not _instances(labelled):
        classes = ", ".join(f"'{name}'" for name in options.classes or ())
        raise SourceError(f"No object has a label among the given classes {classes}.", "Check --classes.", problems)


def _check_map(label_map: Mapping[str, str | None], labels: set[str], problems: Problems) -> None:
    """Reports labels that the map renames but no object has: one may be misspelt."""
    plain = {plain_label(label) for label in labels}
    by_casefold = {label.casefold(): label for label in plain}
    for old in dict.fromkeys(map(plain_label, label_map)):
        if old not in plain:
            matches = difflib.get_close_matches(old.casefold(), by_casefold, n=1)
            hint = f"; the nearest label is '{by_casefold[matches[0]]}'" if matches else ""
            problems.add("map-unused", f"No object has the label '{old}'{hint}.")


def _splits_of_source(files: LabelFiles, merged: list[tuple[Labelled, str]], problems: Problems) -> dict[str, str]:
    """The splits that the source has. A single split counts only if the annotation files are the splits."""
    splits = {item.picture.file: split for item, split in merged if split}
    are_splits = label_format(files.format).lists_pictures or {"train"} < set(splits.values())
    if not splits or not are_splits:
        return {}
    if len(splits) < len(merged):
        problems.add("split-partial", f"{len(merged) - len(splits)} pictures are in no split of the source.")
    return splits


def _ignore_for_all(labelled: list[Labelled], classes: list[str]) -> None:
    """Turns every region that all classes ignore into one crowd of each class, in place.

    COCO knows no other way to ignore a region.
    """
    if not any(instance.label == IGNORE for instance in _instances(labelled)):
        return
    for item in labelled:
        instances: list[Instance] = []
        for instance in item.picture.instances:
            labels = classes if instance.label == IGNORE else [instance.label]
            instances += [replace(instance, label=label) for label in labels]
        item.picture.instances = instances


def _is_rejected(result: PictureResult) -> bool:
    """Whether a picture was left out because of an error, or because it is missing."""
    is_missed = has_errors(result.problems) or any(problem.code == "picture-skipped" for problem in result.problems)
    return result.labelled is None and is_missed


def _without_labels(index: PictureIndex, labelled: list[Labelled], results: list[PictureResult]) -> list[str]:
    """The pictures that no annotation file mentions, not even one that was left out."""
    mentioned = {item.picture.path for item in labelled}
    mentioned |= {result.path for result in results if result.path is not None}
    return sorted(entry.relative for entry in index.entries.values() if entry.path not in mentioned)


def _classes(labels: Counter[str], listed: list[str] | None, options: ReadOptions) -> list[str]:
    """The classes: those of ``--classes``, else those that the files list (renamed by ``--map``), else all labels."""
    if options.classes is not None:
        return list(options.classes)
    if listed is None:
        return sorted(labels)
    classes: list[str] = []
    for name in listed:
        new = map_label(name, options.label_map or {})
        is_class = new is not None and new not in NO_LABELS and (new in labels or new in listed)
        if new is not None and is_class and new not in classes:
            classes.append(new)
    return classes


def _check_groups(labelled: list[Labelled], problems: Problems) -> None:
    """Looks for one group that all shapes of several pictures are in: the objects of a label were probably not one."""
    groups = {str(instance.extra.get("group_id")) for item in labelled for instance in item.picture.instances}
    in_parts = sum(len(instance.extra.get("parts", ())) > 1 for item in labelled for instance in item.picture.instances)
    if len(groups) == 1 and in_parts > 1:
        message = f"Every shape has the group id {groups.pop()}, so those of a label are one object in each picture."
        problems.add("group-everywhere", message)


def _numbered_classes(
    labelled: list[Labelled], listed: list[str] | None, options: ReadOptions, problems: Problems
) -> list[NumberedClass]:
    """Labels that differ only by a number, but for those that ``--map``, ``--classes`` or ``--keep-numbered`` name."""
    pictures = []
    for item in labelled:
        pictures.append(Counter(instance.label for instance in item.picture.instances if instance.label != IGNORE))
    label_map = options.label_map or {}
    kept = {*(options.classes or ()), *filter(None, label_map.values())}
    kept |= _labels_to_keep({label for picture in pictures for label in picture}, options.keep_numbered, problems)
    renamed = [map_label(name, label_map) for name in listed or ()]
    return find_numbered(pictures, kept, filter(None, renamed), options.classes or ())


def _labels_to_keep(labels: set[str], names: tuple[str, ...], problems: Problems) -> set[str]:
    """The labels that ``--keep-numbered`` names, whole or without their number; unused names are reported."""
    kept: dict[str, set[str]] = {name: set() for name in names}
    for label in labels:
        base = (split_number(label) or ("",))[0]
        for name in {label, plain_label(label), base} & kept.keys():
            kept[name].add(label)
    for name, members in kept.items():
        if not members:
            problems.add("keep-unused", f"No object has the label '{name}', or that with a number.")
    return set().union(*kept.values())


def _report_numbered(numbered: list[NumberedClass], problems: Problems) -> None:
    """Reports labels that people numbered; they stay as they are."""
    for labels in numbered:
        if labels.counts_objects:
            problems.add("labels-numbered", f"The labels {labels} look like numbered objects of '{labels.base}'.")
        else:
            message = f"The labels {labels} differ by a number only, but may be classes: {labels.reason}."
            problems.add("labels-numbered", message)


def _merge_numbered(labelled: list[Labelled], numbered: list[NumberedClass], problems: Problems) -> None:
    """Gives numbered labels one class each, in place, and says which do not get one."""
    new_labels: dict[str, str] = {}
    for labels in numbered:
        if labels.counts_objects:
            new_labels.update(labels.label_map)
            problems.add("labels-merged", f"The labels {labels} are the class '{labels.base}' now: {labels.reason}.")
        else:
            problems.add("labels-left", f"The labels {labels} stay apart: {labels.reason}.")
    for item in labelled:
        _rename_objects(item.picture, new_labels, problems)


def _rename_objects(picture: Picture, new_labels: dict[str, str], problems: Problems) -> None:
    """Gives the objects of a picture new labels; of objects that become identical one stays."""
    repeated = Counter(instance.label for instance in picture.instances if instance.label in new_labels)
    new_problems = Problems(picture.file)
    for label, count in repeated.items():
        if count > 1 and label != new_labels[label]:
            new_problems.add("number-repeated", f"{count} shapes are labelled '{label}'; each is an object of its own.")
    if repeated:
        instances: dict[tuple[str, bytes], Instance] = {}
        for instance in picture.instances:
            renamed = replace(instance, label=new_labels.get(instance.label, instance.label))
            if instances.setdefault(same_key(renamed), renamed) is not renamed:
                new_problems.add("duplicate", "It appears twice with the same outline; one is kept.", instance.label)
        picture.instances = list(instances.values())
    problems.found += new_problems.found


def _merge_listed_classes(listed: list[str] | None, numbered: list[NumberedClass]) -> list[str] | None:
    """The classes that files list, under their new names."""
    if listed is None:
        return None
    new_labels: dict[str, str] = {}
    for labels in numbered:
        new_labels.update(labels.label_map)
    return list(dict.fromkeys(new_labels.get(name, name) for name in listed))


def check_labels(labels: Counter[str], problems: Problems) -> None:
    """Looks for labels that are probably meant to be one class.

    Args:
        labels: How many objects have each label.
        problems: Where problems are added.

    Example:
        >>> problems = Problems()
        >>> check_labels(Counter({"Cup": 1, "cup": 9}), problems)
        >>> problems.found[0].code
        'labels-alike'
    """
    # Labels are grouped by a form in which those that people confuse are equal: without case, width and double spaces.
    alike: dict[str, list[str]] = defaultdict(list)
    for label in sorted(labels):
        alike[" ".join(unicodedata.normalize("NFKC", label).casefold().split())].append(label)
    for names in alike.values():
        if len(names) > 1:
            _report_alike(names, labels, problems)
    singles = describe_singles(labels)
    if singles is not None:
        problems.add("classes-single", singles)


def _report_alike(names: list[str], labels: Counter[str], problems: Problems) -> None:
    """Reports labels that hardly differ and suggests which to keep: one in plain form, or the most frequent."""
    listed = ", ".join(f"'{name}' ({labels[name]})" for name in names)
    best = max(names, key=lambda name: (name == plain_label(name), labels[name]))
    label_map = json.dumps({name: best for name in names if name != best}, ensure_ascii=False)
    merging = f"--map with a file of {label_map} merges them"
    problems.add("labels-alike", f"The labels {listed} differ only by case, space or Unicode form; {merging}.")
