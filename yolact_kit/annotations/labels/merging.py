"""Making one class of labels that people numbered, and saying what became of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.annotations.labels.numbered import NumberedClass, find_numbered, split_number
from yolact_kit.annotations.objects import IGNORE, map_label, plain_label, same_key
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source import Labelled


def settle_numbers(
    labelled: list[Labelled], listed: list[str] | None, options: ReadOptions, problems: Problems
) -> tuple[list[NumberedClass], list[str] | None]:
    """Finds labels that people numbered, and gives those of each name one class, in place, if the options say so.

    Every object stays one of its own; objects that become identical count once.

    Args:
        labelled: The pictures.
        listed: Classes that the files list; None where they do not.
        options: How labels are read; what ``--map``, ``--classes`` and ``--keep-numbered`` name stays as it is.
        problems: Where it is said which labels are numbered, or what was merged and what was not.

    Returns:
        The labels of each name as they were, and the listed classes under their new names.
    """
    numbered = _numbered_classes(labelled, listed, options, problems)
    if not options.merge_numbered:
        _report_numbered(numbered, problems)
        return numbered, listed
    _merge_numbered(labelled, numbered, problems)
    return numbered, _merge_listed(listed, numbered)


def _numbered_classes(
    labelled: list[Labelled], listed: list[str] | None, options: ReadOptions, problems: Problems
) -> list[NumberedClass]:
    """Labels that differ only by a number, without those that the user has named."""
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
    """Gives the labels of each name one class, in place, where their numbers count objects."""
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


def _merge_listed(listed: list[str] | None, numbered: list[NumberedClass]) -> list[str] | None:
    """The classes that files list, under their new names, each once."""
    if listed is None:
        return None
    new_labels: dict[str, str] = {}
    for labels in numbered:
        new_labels.update(labels.label_map)
    return list(dict.fromkeys(new_labels.get(name, name) for name in listed))
