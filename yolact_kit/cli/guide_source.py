"""What the guide finds out about the user's folder, and what it has to ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

from yolact_kit.cli.console import fail, say, track
from yolact_kit.cli.guide_texts import Language, text
from yolact_kit.cli.steps import announce, plain_command, run_command, short_path
from yolact_kit.errors import UserError

if TYPE_CHECKING:
    from yolact_kit.annotations.options import ReadOptions
    from yolact_kit.annotations.problems import Problem
    from yolact_kit.annotations.readers.registry import FormatName, SourceFormat
    from yolact_kit.annotations.result import ReadResult
    from yolact_kit.annotations.source_folder import SourceFolder

_ENOUGH_FOR_TEST = 15
_SHOWN = 3
"""At most this many classes of numbered labels are shown."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks questions, or takes their defaults.

    Attributes:
        language: Language of the questions.
        yes: Whether to take every default without asking.
    """

    language: Language
    yes: bool

    def text(self, key: str, **values: object) -> str:
        """A text of the catalogue in the user's language."""
        return text(key, self.language, **values)

    def confirm(self, key: str, default: bool = True) -> bool:
        """Asks a question with yes or no."""
        return default if self.yes else typer.confirm(self.text(key), default=default, err=True)

    def prompt(self, key: str, default: str | None = None, choices: Iterable[str] = ()) -> str:
        """Asks for a line of text until one of ``choices`` is given, where there are any."""
        if self.yes and default is not None:
            return default
        allowed = list(choices)
        question = self.text(key) + (f" ({', '.join(allowed)})" if allowed else "")
        while True:
            answer: str = typer.prompt(question, default=default, err=True).strip().strip("'\"")
            if answer and (not allowed or answer in allowed):
                return answer


def require_folder(source: Path, asker: Asker) -> None:
    """Checks that the source is a folder that is not empty.

    Raises:
        UserError: It is missing, not a folder, or empty.
    """
    if not source.exists():
        raise UserError(asker.text("missing", source=source), asker.text("missing_advice"))
    if not source.is_dir():
        raise UserError(asker.text("not_a_folder", source=source), asker.text("missing_advice"))
    if not any(source.iterdir()):
        raise UserError(asker.text("empty", source=source), _empty_advice(asker))


def _empty_advice(asker: Asker) -> str:
    from yolact_kit.annotations.readers.registry import format_titles

    return asker.text("empty_advice", formats=format_titles(asker.text("or")))


def examine(source: Path, asker: Asker) -> dict[str, Any]:
    """Works out the options of `convert` for a folder, and asks for what it cannot work out.

    Args:
        source: The folder.
        asker: Asks.

    Returns:
        Answers by name: ``format``, ``pictures``, ``box_as_mask``, ``class_attribute``,
        ``merge_numbered``, ``val``, ``test``.

    Raises:
        UserError: There are no labels in the folder, or none that can be used.
    """
    from yolact_kit.annotations.options import ReadOptions

    require_folder(source, asker)
    options = ReadOptions(format=_find_format(source, asker))
    say(asker.text("reading", source=short_path(source.resolve())))
    read, options = _merge_numbered(source, *_read(source, options, asker), asker)
    _say_counts(read, asker)
    # Shares are asked of `convert` only where the source has no splits; few pictures leave none for a test.
    val = test = None
    if not read.splits:
        val, test = 0.2, (0.2 if len(read.labelled) >= _ENOUGH_FOR_TEST else 0)
    return {
        "format": options.format,
        "pictures": str(options.pictures) if options.pictures is not None else None,
        "box_as_mask": options.box_as_mask,
        "class_attribute": options.class_attribute,
        "merge_numbered": options.merge_numbered,
        "val": val,
        "test": test,
    }


def _find_format(source: Path, asker: Asker) -> SourceFormat:
    """The format of the labels: found out, or asked for if there are several; offers to label pictures first."""
    from yolact_kit.annotations.detect_format import detect_format
    from yolact_kit.annotations.masks.hints import MasksUnnamedError
    from yolact_kit.annotations.source_folder import SourceFolder

    folder = SourceFolder(source)
    try:
        detect_format(folder)
    except MasksUnnamedError:
        raise
    except UserError:
        formats = _formats(folder)
        if len(formats) > 1:
            return cast("SourceFormat", asker.prompt("ask_format", default=formats[0], choices=formats))
        _label_first(folder, asker)
        detect_format(source)
    return "auto"


def _formats(folder: SourceFolder) -> list[FormatName]:
    """The formats that a folder holds, the better choice first, and says what is known of them."""
    from yolact_kit.annotations.detect_format import file_kinds, recognised_formats
    from yolact_kit.annotations.readers.rival_formats import comparison, rivals

    choices = rivals(recognised_formats(folder, file_kinds(folder)))
    if len(choices) > 1:
        say(comparison(choices))
    return [rival.format.name for rival in choices]


def _label_first(folder: SourceFolder, asker: Asker) -> None:
    """Labels pictures that have no labels yet, in labelme."""
    source, pictures = folder.source, len(_pictures(folder))
    if not pictures:
        raise UserError(asker.text("nothing", source=source), _empty_advice(asker))
    message = asker.text("unlabelled", source=source, pictures=pictures)
    command = plain_command(["annotate", source, "--labels", "a,b"])
    advice = asker.text("unlabelled_advice", command=command)
    if asker.yes:
        raise UserError(message, advice)
    say(message)
    if not asker.confirm("ask_annotate"):
        raise UserError(message, advice)
    words: list[str | Path] = ["annotate", source, "--labels", asker.prompt("ask_classes")]
    announce(asker.text("title_annotate"), words)
    run_command(words)


def _pictures(folder: SourceFolder) -> list[Path]:
    from yolact_kit.pixels.formats import is_picture

    return list(filter(is_picture, folder.files))


@dataclass(frozen=True, slots=True)
class _Attempt:
    """The outcome of reading the labels: a result or an error, and the problems."""

    result: ReadResult | None
    problems: list[Problem]
    error: UserError | None = None

    def is_boxes_only(self) -> bool:
        """Whether most of the objects have a box and no outline."""
        from yolact_kit.annotations.readers.jobs import WITHOUT_OUTLINE, BoxesOnlyError

        labelled = self.result.labelled if self.result is not None else []
        objects = sum(len(item.picture.instances) for item in labelled)
        without = sum(problem.code in WITHOUT_OUTLINE for problem in self.problems)
        return isinstance(self.error, BoxesOnlyError) or without > objects

    def class_attributes(self) -> list[str]:
        """The attributes of objects of which it is unclear which is the class."""
        from yolact_kit.annotations.readers.jobs import UnclearClassError

        return self.error.attributes if isinstance(self.error, UnclearClassError) else []

    def lacks_pictures(self) -> bool:
        """Whether nothing could be read, and a picture was missing."""
        return self.result is None and any(problem.code == "picture-missing" for problem in self.problems)


def _read(source: Path, options: ReadOptions, asker: Asker) -> tuple[ReadResult, ReadOptions]:
    """Reads the labels as `convert` will; asks for what is missing until there is something to train on."""
    attempt = _try_to_read(source, options)
    if attempt.is_boxes_only() and not options.box_as_mask:
        say(asker.text("boxes_only"))
        if not asker.confirm("ask_boxes"):
            raise UserError(asker.text("no_outlines"), asker.text("no_outlines_advice"))
        return _read(source, replace(options, box_as_mask=True), asker)
    if attempt.result is not None:
        return attempt.result, options
    if attempt.class_attributes() and not asker.yes:
        attribute = asker.prompt("ask_class_attribute", choices=attempt.class_attributes())
        return _read(source, replace(options, class_attribute=attribute), asker)
    if attempt.lacks_pictures() and options.pictures is None and not asker.yes:
        return _read(source, replace(options, pictures=Path(asker.prompt("ask_pictures")).absolute()), asker)
    for problem in attempt.problems[:5]:
        fail(f"{problem.file}: {problem.message}", problem.advice)
    assert attempt.error is not None
    raise attempt.error


def _merge_numbered(
    source: Path, read: ReadResult, options: ReadOptions, asker: Asker
) -> tuple[ReadResult, ReadOptions]:
    """Asks whether labels such as ``cup_1`` and ``cup_2`` are one class, where there are such labels."""
    numbered = [labels for labels in read.numbered if labels.counts_objects]
    if not numbered:
        return read, options
    count = sum(len(labels.objects) for labels in numbered)
    examples = "; ".join(f"{labels} -> '{labels.base}'" for labels in numbered[:_SHOWN])
    say(asker.text("numbered", count=count, examples=examples + ("; ..." if len(numbered) > _SHOWN else "")))
    if not asker.confirm("ask_merge"):
        return read, options
    return _read(source, replace(options, merge_numbered=True), asker)


def _try_to_read(source: Path, options: ReadOptions) -> _Attempt:
    """Reads the labels once, whatever comes of it."""
    from yolact_kit.annotations.problems import SourceError
    from yolact_kit.annotations.read import read_source

    try:
        result = read_source(source, options, lambda pictures, total: track(pictures, "Reading", total))
    except UserError as error:
        return _Attempt(None, error.problems if isinstance(error, SourceError) else [], error)
    return _Attempt(result, result.problems)


def _say_counts(read: ReadResult, asker: Asker) -> None:
    """Tells how many pictures, objects and classes there are."""
    objects = sum(len(item.picture.instances) for item in read.labelled)
    names = ", ".join(read.classes[:20]) + (", ..." if len(read.classes) > 20 else "")
    say(
        asker.text(
            "found",
            pictures=len(read.labelled),
            format=read.format,
            objects=objects,
            count=len(read.classes),
            classes=names,
        )
    )
    if read.left_out:
        say(asker.text("left_out", count=read.left_out))
    if read.without_labels:
        say(asker.text("without_labels", count=len(read.without_labels)))


def imagenet_weights_at_hand(backbone: str) -> bool:
    """Whether a backbone's ImageNet weights are on this machine, or could be downloaded now.

    Args:
        backbone: Its torchvision name, such as ``"resnet18"``.
    """
    from urllib.error import URLError
    from urllib.request import Request, urlopen

    import torch
    from torchvision.models import get_model_weights

    url: str = get_model_weights(backbone).IMAGENET1K_V1.url
    if (Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]).is_file():
        return True
    try:
        with urlopen(Request(url, method="HEAD"), timeout=5):  # noqa: S310 - torchvision's own https address
            return True
    except (URLError, OSError):
        return False
