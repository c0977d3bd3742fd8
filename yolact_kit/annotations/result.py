"""The result of reading a source, put together from the results of its files."""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.objects import IGNORE, NO_LABELS, map_label, plain_label, same_key
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import Problem, SourceError, has_errors
from yolact_kit.annotations.readers.registry import label_format
from yolact_kit.annotations.source import LabelFiles, Labelled, PictureResult


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
        why: How the format was recognised, for people.
    """

    format: str
    classes: list[str]
    labelled: list[Labelled]
    problems: list[Problem]
    splits: dict[str, str] = field(default_factory=dict)
    left_out: int = 0
    without_labels: list[str] = field(default_factory=list)
    why: str = ""

    def dataset(self, name: str = "labels") -> Dataset:
        """The pictures as a data set with the one split ``all``, pixels where they lie in the source."""
        pictures: list[Picture] = [item.picture for item in self.labelled]
        return Dataset(name, self.classes, {"all": pictures})


def assemble(
    found: LabelFiles,
    source: Path,
    index: PictureIndex,
    options: ReadOptions,
    listed: list[str] | None,
    outcomes: list[PictureResult],
    general: Problems,
) -> ReadResult:
    """Puts together the outcomes of the pictures.

    Args:
        found: The annotation files.
        source: The source, as the user gave it.
        index: The pictures that could have been used.
        options: How labels were read.
        listed: Classes that the files list; None where they do not.
        outcomes: What became of each picture.
        general: Problems of no picture.

    Returns:
        The whole.

    Raises:
        SourceError: Nothing is left, no picture or no object of the given classes.
    """
    _check_map(options.label_map or {}, set(listed or ()).union(*(outcome.labels for outcome in outcomes)), general)
    problems = general.found + [problem for outcome in outcomes for problem in outcome.problems]
    merged = _merge_same(found, outcomes, problems)
    labelled = sorted((item for item, _ in merged), key=lambda item: item.picture.file)
    if not labelled:
        advice = (
            "Mend the problems listed above." if problems else "Look into the files: they do not mention any picture."
        )
        raise SourceError(f"No labelled picture could be read from '{source}'.", advice, problems)
    instances = [instance for item in labelled for instance in item.picture.instances]
    if not instances and any(problem.code == "label-not-in-classes" for problem in problems):
        given = ", ".join(f"'{name}'" for name in options.classes or ())
        raise SourceError(f"No object has a label among the given classes {given}.", "Check --classes.", problems)
    labels = Counter(instance.label for instance in instances if instance.label != IGNORE)
    classes = _classes(labels, listed, options)
    if len(instances) > labels.total():
        for item in labelled:
            item.picture.instances = _ignored_for_all(item.picture.instances, classes)
    whole = Problems()
    if not instances:
        whole.add("no-objects", "No picture has an object that could be read.")
    check_labels(labels, whole)
    used = {item.picture.path for item in labelled} | _spoken_of(outcomes)
    without = [entry.relative for entry in index.entries.values() if entry.path not in used]
    left_out = sum(1 for outcome in outcomes if outcome.labelled is None and _counts(outcome.problems))
    splits = _own_splits(found, merged, whole)
    return ReadResult(
        found.format,
        classes,
        labelled,
        problems + whole.found,
        splits,
        left_out,
        sorted(without),
        found.why,
    )


def _check_map(label_map: Mapping[str, str | None], labels: set[str], problems: Problems) -> None:
    """Looks for labels that are to be mapped but are not there, as where one is misspelt."""
    there = {plain_label(label) for label in labels}
    near = {label.casefold(): label for label in there}
    for old in dict.fromkeys(map(plain_label, label_map)):
        if old not in there:
            close = difflib.get_close_matches(old.casefold(), near, n=1)
            meant = f"; the nearest label is '{near[close[0]]}'" if close else ""
            problems.add("map-unused", f"No object has the label '{old}'{meant}.")


def _own_splits(found: LabelFiles, merged: list[tuple[Labelled, str]], problems: Problems) -> dict[str, str]:
    """The splits that the source has; one alone counts only where the files of annotations are the splits."""
    splits = {item.picture.file: split for item, split in merged if split}
    if not splits or (not label_format(found.format).lists_pictures and not {"train"} < set(splits.values())):
        return {}
    if len(splits) < len(merged):
        problems.add("split-partial", f"{len(merged) - len(splits)} pictures are in no split of the source.")
    return splits


def _ignored_for_all(instances: list[Instance], classes: list[str]) -> list[Instance]:
    """Makes of a region that is to be ignored whatever the class a crowd of each class, since COCO knows no other."""
    return [
        replace(instance, label=label)
        for instance in instances
        for label in (classes if instance.label == IGNORE else [instance.label])
    ]


def _counts(problems: list[Problem]) -> bool:
    return has_errors(problems) or any(problem.code == "picture-skipped" for problem in problems)


def _spoken_of(outcomes: list[PictureResult]) -> set[Path]:
    """Pictures that were found for labels which were left out."""
    return {outcome.path for outcome in outcomes if outcome.path is not None}


def _merge_same(
    found: LabelFiles, outcomes: list[PictureResult], problems: list[Problem]
) -> list[tuple[Labelled, str]]:
    """The pictures, each once: of COCO the objects are put together, of a file a picture only one file counts."""
    by_picture: dict[Path, list[PictureResult]] = defaultdict(list)
    for outcome in outcomes:
        if outcome.labelled is not None:
            by_picture[outcome.labelled.picture.path].append(outcome)
    merge = _merge_listed if label_format(found.format).lists_pictures else _choose_own
    kept: list[tuple[Labelled, str]] = []
    for same in by_picture.values():
        chosen = same[0]
        if len(same) > 1:
            chosen = merge(same, problems)
        if chosen.labelled is not None:
            kept.append((chosen.labelled, chosen.split))
    return kept


def _merge_listed(same: list[PictureResult], problems: list[Problem]) -> PictureResult:
    first = same[0].labelled
    assert first is not None
    collected = Problems(first.source.name)
    collected.add("image-listed-twice", f"The picture '{first.picture.file}' is listed {len(same)} times.")
    whole = {same_key(instance): instance for instance in first.picture.instances}
    for other in (outcome.labelled for outcome in same[1:]):
        for instance in other.picture.instances if other is not None else ():
            if whole.setdefault(same_key(instance), instance) is not instance:
                collected.add("duplicate", f"An object of '{first.picture.file}' ({instance.label}) appears again.")
    first.picture.instances = list(whole.values())
    problems += collected.found
    return same[0]


def _choose_own(same: list[PictureResult], problems: list[Problem]) -> PictureResult:
    """The labels that have the picture's name; without any, the picture is left out."""
    items = [outcome.labelled for outcome in same if outcome.labelled is not None]
    own = [item for item in items if item.source.stem in (item.picture.path.stem, item.picture.path.name)]
    keep = own[0] if len(own) == 1 else None
    for outcome in same:
        item = outcome.labelled
        if item is None or item is keep:
            continue
        collected = Problems(item.source.name)
        other = next(one.source.name for one in items if one is not item)
        collected.add("picture-labelled-twice", f"'{item.picture.file}' has labels in '{other}' as well.")
        problems += collected.found
        outcome.problems += collected.found
        outcome.labelled = None
    return next((outcome for outcome in same if outcome.labelled is not None), same[0])


def _classes(labels: Counter[str], listed: list[str] | None, options: ReadOptions) -> list[str]:
    if options.classes is not None:
        return list(options.classes)
    if listed is None:
        return sorted(labels)
    mapped = [map_label(name, options.label_map or {}) for name in listed]
    kept = (name for name in mapped if name is not None and name not in NO_LABELS)
    return list(dict.fromkeys(name for name in kept if name in labels or name in listed))


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
    alike: dict[str, list[str]] = defaultdict(list)
    numbered: dict[str, list[str]] = defaultdict(list)
    for label in sorted(labels):
        alike[" ".join(unicodedata.normalize("NFKC", label).casefold().split())].append(label)
        match = re.fullmatch(r"(.*?\D)[-_ .]?\d+", label)
        if match:
            numbered[match.group(1).rstrip("-_ .")].append(label)
    for names in alike.values():
        if len(names) > 1:
            listed = ", ".join(f"'{name}' ({labels[name]})" for name in names)
            best = max(names, key=lambda name: (name == plain_label(name), labels[name]))
            merging = _map_file({name: best for name in names if name != best})
            problems.add("labels-alike", f"The labels {listed} differ only by case, space or Unicode form; {merging}.")
    for base, names in numbered.items():
        if len(names) > 1:
            listed = ", ".join(f"'{name}'" for name in names[:4])
            merging = _map_file(dict.fromkeys(names, base))
            problems.add("labels-numbered", f"The labels {listed} look like numbered objects of '{base}'; {merging}.")


def _map_file(label_map: dict[str, str]) -> str:
    return f"--map with a file of {json.dumps(label_map, ensure_ascii=False)} merges them"
