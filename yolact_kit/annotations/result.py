"""The result of reading a source, put together from the results of its files."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.labels.groups import describe_groups
from yolact_kit.annotations.labels.merging import settle_numbers
from yolact_kit.annotations.labels.numbered import NumberedClass
from yolact_kit.annotations.labels.spelling import check_labels, check_map
from yolact_kit.annotations.objects import IGNORE, NO_LABELS, map_label
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
    check_map(options.label_map or {}, set(listed or ()).union(*(result.labels for result in results)), general)
    problems = general.found + [problem for result in results for problem in result.problems]
    merged = merge_same(files, results, problems, index.root)
    labelled = sorted((item for item, _ in merged), key=lambda item: item.picture.file)
    _refuse_nothing(labelled, source, options, problems)
    whole = Problems()
    numbered, listed = settle_numbers(labelled, listed, options, whole)
    labels = Counter(instance.label for instance in _instances(labelled) if instance.label != IGNORE)
    classes = _classes(labels, listed, options)
    _ignore_for_all(labelled, classes)
    root = source if source.is_dir() else source.parent
    depth_range = settle_depth(labelled, root, options.depth_range, whole)
    _check_objects(_instances(labelled), whole)
    check_labels(labels, whole)
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


def _check_objects(instances: list[Instance], problems: Problems) -> None:
    """Reports that there is no object, or that all are in one group."""
    if not instances:
        problems.add("no-objects", "No picture has an object that could be read.")
    groups = describe_groups(instances)
    if groups is not None:
        problems.add("group-everywhere", groups)


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
