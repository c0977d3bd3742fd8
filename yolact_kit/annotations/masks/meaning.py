"""What the colours of mask pictures stand for, where no XML files say it: objects, or classes, and which."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from yolact_kit.annotations.file_names import comparable
from yolact_kit.annotations.masks.colours import Colour
from yolact_kit.annotations.masks.files import OF_OBJECTS, mask_folder
from yolact_kit.annotations.masks.pictures import read_mask
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.errors import UserError

CITYSCAPES = 1000
"""Cityscapes and sets like it number objects as the number of their class times this, plus a number of their own."""
_MOST_CLASSES = 100
"""Sets with such numbers have fewer classes than this."""
_PEEKS = 20
"""Pictures that are looked at to find out what their colours are."""

ColourNames = dict[Colour, str | None]


class PartsError(UserError):
    """Mask pictures do not tell objects of a class apart, and ``--parts-as-objects`` was not given."""


@dataclass(frozen=True, slots=True)
class MaskMeaning:
    """What the colours of a set's mask pictures stand for.

    Attributes:
        objects: What an object is: a colour; a file; or a connected part of what has the colour of a class.
        label: The class of all objects; empty where colours tell it.
        names: Class name by colour, None for background.
        classes: Mask pictures with a colour for each class, beside those of objects, by stem.
        numbered: Whether numbers are that of a class times 1000, plus one for the object.
    """

    objects: Literal["colour", "file", "part"]
    label: str = ""
    names: ColourNames = field(default_factory=dict)
    classes: dict[str, Path] = field(default_factory=dict)
    numbered: bool = False

    def __str__(self) -> str:
        """What an object is, for people."""
        each = {"colour": "a colour", "file": "a file", "part": "a connected part"}[self.objects]
        if self.numbered:
            return f"numbers are class * {CITYSCAPES} + object, as in Cityscapes"
        return f"{each} for each object" + (f" of '{self.label}'" if self.label else "")


def find_meaning(
    masks: list[Path],
    one_file_each: bool,
    classes: dict[str, Path],
    names: ColourNames,
    options: ReadOptions,
    problems: Problems,
) -> MaskMeaning:
    """Finds out what colours stand for: from folders, files of colours, ``--classes``, and the pictures themselves.

    Args:
        masks: The mask pictures.
        one_file_each: Whether each object has a file of its own.
        classes: Mask pictures with a colour for each class, by stem.
        names: Class name by colour, as a file of colours says.
        options: ``classes`` gives the only class, or classes in the order of their numbers.
        problems: Where problems are added.

    Returns:
        The meaning.

    Raises:
        UserError: It is unclear.
    """
    given = options.classes or ()
    labels = set(filter(None, names.values())) or set(given)
    only = next(iter(labels)) if len(labels) == 1 else ""
    by_order: ColourNames = dict(zip(((number,) for number in range(1, len(given) + 1)), given, strict=True))
    if one_file_each:
        return _of_files(masks, only)
    if _show_objects(masks[0]):
        return _of_objects(masks, only, classes, names or by_order)
    if names:
        return _of_named_colours(masks, only, names, options)
    if only:
        return _of_one_class(masks, only, options, problems)
    if not labels:
        raise _unclear(masks)
    return _of_classes(masks, by_order, options)


_ONE_CLASS = "If all objects are of one class, name it with --classes NAME."
_PARTS = "Take each connected part as an object with --parts-as-objects; objects of a class that touch then become one."


def _show_objects(path: Path) -> bool:
    """Whether a mask picture has a colour for each object, by its folder or its name."""
    return mask_folder(path, "SegmentationObject") is not None or bool(OF_OBJECTS.search(comparable(path.stem)))


def _of_files(masks: list[Path], only: str) -> MaskMeaning:
    """The meaning of pictures that show one object each."""
    if not only:
        raise UserError(f"It is unclear of which class the objects in '{masks[0]}' and others are.", _ONE_CLASS)
    return MaskMeaning("file", only)


def _of_objects(masks: list[Path], only: str, classes: dict[str, Path], names: ColourNames) -> MaskMeaning:
    """The meaning of pictures whose colours are objects."""
    if classes and names:
        return MaskMeaning("colour", names=names, classes=classes)
    if _are_numbered(masks, names):
        return MaskMeaning("colour", names=names, numbered=True)
    if any(_thousands(colours) for colours in _sample(masks)):
        raise _unclear(masks)
    if only:
        return MaskMeaning("colour", only)
    if classes:
        raise UserError(
            f"It is unclear which colour stands for which class in the mask pictures, such as '{masks[0]}'.",
            "Name them with --colors FILE, a file of lines such as `cup,0,0,230`.",
        )
    raise UserError(
        f"It is unclear of which class the objects in '{masks[0]}' and others are: there are no pictures of classes, "
        "as in SegmentationClass.",
        _ONE_CLASS,
    )


def _of_named_colours(masks: list[Path], only: str, names: ColourNames, options: ReadOptions) -> MaskMeaning:
    """The meaning of pictures whose colours a file names."""
    if _are_numbered(masks, names):
        return MaskMeaning("colour", names=names, numbered=True)
    unnamed = [colours for colours in _sample(masks) if len([c for c in colours if c not in names]) > 1]
    if not only or not unnamed or options.colors is not None:
        return _of_classes(masks, names, options)
    if options.classes is not None and set(options.classes) == {only}:
        return MaskMeaning("colour", only)
    raise UserError(
        f"The mask pictures, such as '{masks[0]}', have up to {max(map(len, unnamed))} colours each, but the only "
        f"class is '{only}'.",
        f"If each colour is an object, say so with --classes {only}.",
    )


def _of_classes(masks: list[Path], names: ColourNames, options: ReadOptions) -> MaskMeaning:
    """The meaning of pictures whose colours are classes, if connected parts may be taken as objects."""
    if _are_numbered(masks, names):
        return MaskMeaning("colour", names=names, numbered=True)
    # A file of colours that names a colour for each class is a request to take apart what has that colour.
    if options.parts_as_objects or options.colors is not None:
        return MaskMeaning("part", names=names)
    raise PartsError(
        f"The mask pictures, such as '{masks[0]}', have a colour for each class, not for each object.", _PARTS
    )


def _of_one_class(masks: list[Path], only: str, options: ReadOptions, problems: Problems) -> MaskMeaning:
    """The meaning of pictures without names of colours, where ``--classes`` gives one class."""
    if options.parts_as_objects:
        return MaskMeaning("part", only)
    peeks: list[list[Colour]] = []
    has_several = False
    for colours in _colours_of(masks):
        if _thousands(colours):
            raise _unclear(masks)
        has_several = has_several or len(colours) > 1
        peeks.append(colours)
        if has_several and len(peeks) >= _PEEKS:
            break
    if not has_several:
        raise PartsError(
            f"The mask pictures, such as '{masks[0]}', have one colour each, which does not tell objects apart.",
            _PARTS,
        )
    if len(peeks) > 2 and all(colours == peeks[0] for colours in peeks):
        numbers = ", ".join(str(colour[0]) for colour in peeks[0][:5])
        problems.add(
            "mask-numbers-same", f"All mask pictures have the same colours {numbers}, each taken as an object."
        )
    return MaskMeaning("colour", only)


def _sample(masks: list[Path]) -> Iterator[list[Colour]]:
    """The colours of some mask pictures from all over the set: reading all of them twice would take too long."""
    yield from _colours_of(masks[:: -(-len(masks) // _PEEKS)])


def _colours_of(masks: list[Path]) -> Iterator[list[Colour]]:
    """The colours of each mask picture but the background; pictures that cannot be read are reported later."""
    for path in masks:
        try:
            yield [forms[0] for forms in read_mask(path, {}).colours.values()]
        except ValueError:
            continue


def _are_numbered(masks: list[Path], names: ColourNames) -> bool:
    """Whether numbers are class * 1000 + object, of classes that have names."""
    for colours in _sample(masks):
        if any((number,) in names for number in _thousands(colours)):
            return not all(colour in names for colour in colours)
    return False


def _thousands(colours: list[Colour]) -> list[int]:
    """The classes that numbers from 1000 on stand for in Cityscapes; none if they count objects."""
    numbers = [colour[0] for colour in colours if len(colour) == 1]
    if any(_MOST_CLASSES <= number < CITYSCAPES for number in numbers):
        return []
    classes = [number // CITYSCAPES for number in numbers if number >= CITYSCAPES]
    return [number for number in classes if number < _MOST_CLASSES]


def _unclear(masks: list[Path]) -> UserError:
    """The error where nothing says of which class objects are, with what the pictures look like."""
    most: list[Colour] = max(_sample(masks), key=len, default=[])
    classes = sorted(set(_thousands(most)))
    if classes:
        return UserError(
            f"The numbers in the mask pictures, such as {most[-1][0]} in '{masks[0]}', are probably class * "
            f"{CITYSCAPES} + object, as in Cityscapes: the classes {', '.join(map(str, classes))}.",
            "Name them with --colors FILE, a file of lines such as `person: 24`.",
        )
    if len(most) < 2:
        advice = f"Name the class with --classes NAME. {_PARTS}"
    else:
        advice = (
            f"If each is an object, name their class with --classes NAME; if each is a class, name the colours with "
            f"--colors FILE, a file of lines such as `cup,{most[0][0]}`."
        )
    return UserError(
        f"It is unclear which colour stands for which class in the mask pictures, such as '{masks[0]}': there are up "
        f"to {len(most)} in a picture.",
        advice,
    )
