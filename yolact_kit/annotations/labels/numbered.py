"""Labels that people numbered by hand, such as ``cup_1`` and ``cup_2``: whether the numbers count objects."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from yolact_kit.words import counted

_SEPARATOR = r"[-_ .:#－＿＃]"
_NUMBER_LAST = re.compile(
    rf"(?P<base>.+?)(?:{_SEPARATOR}+(?:no|nr|num|number|번호)\.?)?{_SEPARATOR}*[(\[{{（［]?(?P<number>\d+)[)\]}}）］]?"
    r"(?:번째|번|호)?",
    re.IGNORECASE,
)
_NUMBER_FIRST = re.compile(rf"[#(\[（［]?(?P<number>\d+)[)\]）］]?번?{_SEPARATOR}+(?P<base>\D.*)")

_FEW = 2
"""A label with at most this many objects teaches nothing as a class of its own."""
_MANY_LABELS = 10
"""So many labels of a few objects each are not classes, whatever their numbers are."""
_SOME_LABELS = 5
"""So many are needed where the name itself speaks for classes."""
_REPEATS = 0.25
"""Labels of which a larger share of objects repeats a number of the same picture do not count objects."""
_REGULAR = 0.9
"""Share of pictures whose numbers must begin at the first one and run on, if numbers count the objects of a picture."""
_MANY_SINGLES, _MANY_SINGLES_SHARE = 5, 4
"""So many classes with a single object, and at least one class in four, are spoken of."""
_YEARS = range(1900, 2100)
_KINDS = frozenset({
    "class", "cls", "type", "kind", "category", "group", "grade", "level", "layer", "stage", "phase", "zone",
    "model", "version", "size", "series", "style", "variant", "species", "cultivar", "degree", "lane", "cam", "camera",
    "클래스", "종류", "유형", "타입", "등급", "단계", "층", "모델", "버전", "차선", "그룹", "품종",
})  # fmt: skip
"""Words whose number is the name: an object called ``type`` means nothing, one called ``type 2`` does."""

_SHOWN = 4
"""At most this many labels are listed in a sentence."""


@dataclass(slots=True)
class NumberedClass:
    """Labels that differ only by a number.

    Attributes:
        base: What they have in common.
        objects: How many objects each label has, in the order of the numbers; the base itself comes first if it is a
            label.
        counts_objects: Whether the numbers count objects, so that the labels are one class.
        reason: What speaks for it, or against it, in words.
        others: Labels without objects that a file lists.
    """

    base: str
    objects: dict[str, int]
    counts_objects: bool = False
    reason: str = ""
    others: list[str] = field(default_factory=list)

    @property
    def label_map(self) -> dict[str, str]:
        """The new label of each: the base, or the label itself where they stay apart."""
        return {label: self.base if self.counts_objects else label for label in (*self.objects, *self.others)}

    def __str__(self) -> str:
        """The first labels, and how many objects all have, in words."""
        labels = list(self.objects)
        names = ", ".join(f"'{label}'" for label in labels[:_SHOWN])
        more = f" and {len(labels) - _SHOWN} more" if len(labels) > _SHOWN else ""
        return f"{names}{more} ({counted(sum(self.objects.values()), 'object')})"


@dataclass(frozen=True, slots=True)
class _Habits:
    """How the labels of several names are numbered together.

    Attributes:
        run_on: The numbers run on over the whole set, as in ``cup_1``, ``plate_2``, ``cup_3``: each is there once.
        begin_anew: They run on over the objects of a picture, and begin anew in the next.
    """

    run_on: bool = False
    begin_anew: bool = False


def split_number(label: str) -> tuple[str, int] | None:
    """Takes apart a label with a number at its end or at its beginning.

    Args:
        label: The label.

    Returns:
        The rest of it, in composed Unicode form, and the number; None if it has no number or no other name.

    Example:
        >>> split_number("cup_1"), split_number("컵 (2)"), split_number("3. cup"), split_number("cup")
        (('cup', 1), ('컵', 2), ('cup', 3), None)
    """
    text = unicodedata.normalize("NFC", label.strip())
    match = _NUMBER_LAST.fullmatch(text) or _NUMBER_FIRST.fullmatch(text)
    if match is None or not any(character.isalpha() for character in match["base"]):
        return None
    return match["base"].strip(), int(match["number"])


def find_numbered(
    pictures: Sequence[Counter[str]],
    kept: Collection[str] = (),
    listed: Iterable[str] = (),
    names: Collection[str] = (),
) -> list[NumberedClass]:
    """Finds labels that differ only by a number, and decides by their objects whether they are one class.

    Numbers count objects where most labels have one or two objects and the numbers begin at 0 or 1 and run on, or where
    the numbers begin anew in each picture. Labels that are in one picture several times, and names whose number is
    part of the name (``type 2``, ``F16``, years) stay apart.

    Args:
        pictures: How many objects of each label each picture has.
        kept: Labels to leave alone.
        listed: Labels that a file lists, with or without objects.
        names: Names that are classes for certain: numbers behind these count objects.

    Returns:
        The labels of each name; one label alone only where others are numbered.

    Example:
        >>> numbered = find_numbered([Counter(["cup_1", "cup_2"]), Counter(["cup_1"])])
        >>> numbered[0].base, numbered[0].counts_objects
        ('cup', True)
    """
    appearances = _appearances(pictures)
    families = _families([*appearances, *listed], kept)
    habits = _habits(list(families.values()), appearances)
    classes: list[NumberedClass] = []
    # A single numbered label says nothing by itself; it is read as the others are.
    lone: list[NumberedClass] = []
    for base, numbers in families.items():
        numbered = _numbered_class(base, numbers, appearances, habits)
        if base in names:
            numbered.counts_objects, numbered.reason = True, f"'{base}' is one of the given classes"
        if numbered.objects:
            (classes if len(numbered.objects) > 1 or base in names else lone).append(numbered)
    if any(numbered.counts_objects for numbered in classes):
        classes += [numbered for numbered in lone if numbered.counts_objects]
    return classes


def _numbered_class(
    base: str, numbers: dict[str, int], appearances: Mapping[str, dict[int, int]], habits: _Habits
) -> NumberedClass:
    """The labels of one name, and what their objects say of their numbers."""
    numbered = NumberedClass(base, {})
    for label in sorted(numbers, key=lambda label: numbers[label]):
        if label in appearances:
            numbered.objects[label] = sum(appearances[label].values())
        else:
            numbered.others.append(label)
    evidence = _Evidence(base, {label: numbers[label] for label in numbered.objects}, appearances, habits)
    numbered.counts_objects, numbered.reason = evidence.judge()
    return numbered


def _appearances(pictures: Sequence[Counter[str]]) -> dict[str, dict[int, int]]:
    """How many objects of each label a picture has, by the index of the picture."""
    appearances: dict[str, dict[int, int]] = defaultdict(dict)
    for index, picture in enumerate(pictures):
        for label, count in picture.items():
            appearances[label][index] = count
    return appearances


def _families(labels: Iterable[str], kept: Collection[str]) -> dict[str, dict[str, int]]:
    """The number of each label by what it has in common with others; the base itself counts as -1."""
    families: dict[str, dict[str, int]] = defaultdict(dict)
    plain = {label: unicodedata.normalize("NFC", label.strip()) for label in labels}
    for label, name in plain.items():
        parts = split_number(label)
        if parts is not None and not {label, name} & set(kept):
            families[parts[0]][label] = parts[1]
    for label, name in plain.items():
        if name in families and split_number(label) is None:
            families[name][label] = -1
    return families


def _habits(families: list[dict[str, int]], appearances: Mapping[str, dict[int, int]]) -> _Habits:
    """How labels of several names are numbered together; neither way where there is one name only."""
    numbers: list[int] = []
    by_picture: dict[int, list[int]] = defaultdict(list)
    for family in families:
        for label, number in family.items():
            if number >= 0 and label in appearances:
                numbers.append(number)
                for index in appearances[label]:
                    by_picture[index].append(number)
    if len(families) < 2 or len(numbers) < _SOME_LABELS:
        return _Habits()
    is_once = len(set(numbers)) == len(numbers)
    return _Habits(is_once and _run_from_start(numbers), _begin_anew(list(by_picture.values())))


def _begin_anew(pictures: list[list[int]]) -> bool:
    """Whether the numbers of nearly every picture begin at the first one and run on."""
    start = min(number for numbers in pictures for number in numbers)
    regular = sum(sorted(numbers) == list(range(start, start + len(numbers))) for numbers in pictures)
    return start <= 2 and regular >= _REGULAR * len(pictures)


def _run_from_start(numbers: Sequence[int], has_base: bool = False) -> bool:
    """Whether numbers begin at 0 or 1, or at 2 after a name without a number, with few gaps."""
    return min(numbers) <= 1 + has_base and 2 * (len(numbers) + has_base) > max(numbers)


class _Evidence:
    """What the objects of labels that differ by a number say about them.

    Args:
        base: What the labels have in common.
        numbers: The number of each label; -1 for the base itself.
        appearances: How many objects of each label each picture has.
        habits: How labels of several names are numbered together.
    """

    def __init__(
        self, base: str, numbers: Mapping[str, int], appearances: Mapping[str, dict[int, int]], habits: _Habits
    ) -> None:
        self.base = base
        self.has_base = -1 in numbers.values()
        self.numbers = {label: number for label, number in numbers.items() if number >= 0}
        self.appearances = {label: appearances[label] for label in self.numbers}
        self.objects = {label: sum(counts.values()) for label, counts in self.appearances.items()}
        self.habits = habits

    def judge(self) -> tuple[bool, str]:
        """Whether the numbers count objects, and why."""
        if not self.numbers:
            return False, "none has a number"
        few = median(self.objects.values()) <= _FEW
        if len(self.numbers) == 1 and not self.has_base:
            return few and not self._is_name(), "the other labels are numbered as well"
        if self._repeat():
            return False, "some are there several times in one picture"
        return self._judge_few() if few else self._judge_many()

    def _judge_few(self) -> tuple[bool, str]:
        """Whether labels of one or two objects each are one class."""
        labels = len(self.numbers)
        from_start = self.habits.run_on or _run_from_start(list(self.numbers.values()), self.has_base)
        if self._is_name() and not (from_start and labels >= _SOME_LABELS):
            return False, f"the number may be part of the name, and they have {self._amount()}"
        if from_start or labels >= _MANY_LABELS:
            singles = sum(count == 1 for count in self.objects.values())
            return True, f"{singles} of {counted(labels, 'numbered label')} {_has(singles)} a single object"
        return False, "their numbers do not begin at 0 or 1 and run on"

    def _judge_many(self) -> tuple[bool, str]:
        """Whether labels of more objects each are one class."""
        if self._is_name():
            return False, f"the number may be part of the name, and they have {self._amount()}"
        if self._begin_anew() or self.habits.begin_anew:
            return True, "the numbers begin anew in each picture"
        return False, f"they have {self._amount()}, and the numbers do not begin anew in each picture"

    def _amount(self) -> str:
        """How many objects the labels have, in words."""
        least, most = min(self.objects.values()), max(self.objects.values())
        amount = counted(most, "object") if least == most else f"{least} to {most} objects"
        return f"{amount} each" if len(self.objects) > 1 else amount

    def _repeat(self) -> bool:
        """Whether labels are in one picture several times, more often than the parts of a few objects would be."""
        total = sum(self.objects.values())
        repeated = total - sum(map(len, self.appearances.values()))
        return repeated > 1 and repeated > _REPEATS * total

    def _is_name(self) -> bool:
        """Whether the number seems to be part of a name: ``type 2``, ``M6``, ``USB3``, ``model_2019``."""
        is_glued = any(label.strip() == f"{self.base}{number}" for label, number in self.numbers.items())
        is_acronym = self.base.isupper() and len(self.base) <= 4 and is_glued
        is_short = self.base.isascii() and (len(self.base) <= 2 or is_acronym)
        last_word = re.split(r"[-_ .]+", self.base.casefold())[-1]
        are_years = all(number in _YEARS for number in self.numbers.values())
        return is_short or last_word in _KINDS or are_years

    def _begin_anew(self) -> bool:
        """Whether the numbers of this name begin anew in nearly each picture."""
        by_picture: dict[int, list[int]] = defaultdict(list)
        for label, counts in self.appearances.items():
            for index in counts:
                by_picture[index].append(self.numbers[label])
        starts = min(self.numbers.values()) <= 1 + self.has_base
        return starts and _begin_anew(list(by_picture.values()))


def _has(number: int) -> str:
    return "has" if number == 1 else "have"


def describe_singles(objects: Mapping[str, int]) -> str | None:
    """Says that many classes have a single object, of which nothing can be learnt.

    Args:
        objects: How many objects each class has.

    Returns:
        A sentence; None if only a few classes are so.

    Example:
        >>> describe_singles({"a": 1, "b": 1, "c_1": 1, "c_2": 1, "d": 1, "e": 9})
        "5 of 6 classes have a single object, such as 'a', 'b', 'c_1', 'c_2'; 2 of these differ by a number only."
    """
    present = [label for label, count in objects.items() if count]
    singles = [label for label in present if objects[label] == 1]
    if len(singles) < _MANY_SINGLES or _MANY_SINGLES_SHARE * len(singles) < len(present):
        return None
    names = ", ".join(f"'{label}'" for label in singles[:_SHOWN])
    numbered = 0
    for family in _families(present, ()).values():
        numbered += sum(objects[label] == 1 for label in family) if len(family) > 1 else 0
    differ = f"; {numbered} of these differ by a number only" if numbered else ""
    return f"{len(singles)} of {len(present)} classes have a single object, such as {names}{differ}."


def suggested_map(
    classes: Iterable[NumberedClass], label_map: Mapping[str, str | None] | None = None
) -> dict[str, str | None]:
    """The map that gives numbered labels one class each, for people to edit.

    Args:
        classes: Labels that differ by a number; those that stay apart are mapped to themselves.
        label_map: The map that labels were read with; the new one does the same to other labels.

    Returns:
        New label by old label; None drops objects of the label.
    """
    suggested: dict[str, str] = {}
    for numbered in classes:
        suggested.update(numbered.label_map)
    chained: dict[str, str | None] = {}
    for old, new in (label_map or {}).items():
        chained[old] = suggested.get(new, new) if new is not None else None
    return {**suggested, **chained}
