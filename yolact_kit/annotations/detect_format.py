"""Finding out the format of labels, and which files hold them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from yolact_kit.annotations.masks.hints import masks_without_options
from yolact_kit.annotations.readers.contract import FolderSign, LabelFormat
from yolact_kit.annotations.readers.foreign import FOREIGN_SUFFIXES
from yolact_kit.annotations.readers.registry import (
    FORMAT_NAMES,
    SourceFormat,
    format_titles,
    label_format,
    label_formats,
)
from yolact_kit.annotations.readers.rival_formats import comparison, rivals
from yolact_kit.annotations.sniffing import FileKind, sniff, sniff_foreign
from yolact_kit.annotations.source import LabelFiles
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.errors import UserError

Kinds = Mapping[Path, FileKind]


def detect_format(source: Path | SourceFolder, format: SourceFormat = "auto") -> LabelFiles:
    """Finds the annotation files of a source.

    Args:
        source: A folder, or one annotation file.
        format: The format, or ``auto``.

    Returns:
        The format and the files.

    Raises:
        UserError: There is no annotation file, or it is unclear which format is meant.

    Example:
        >>> detect_format(Path("photos")).format  # doctest: +SKIP
        'labelme'
    """
    folder = source if isinstance(source, SourceFolder) else SourceFolder(source)
    if not folder.source.exists():
        raise UserError(f"'{folder.source}' does not exist.", "Check the spelling, or give the path of the folder.")
    kinds = file_kinds(folder)
    chosen = label_format(format) if format != "auto" else _choose(folder, kinds)
    labels = chosen.label_files(folder, kinds)
    if not labels.files:
        _refuse_foreign(folder, kinds)
        raise _no_file_of(chosen, folder, kinds)
    return labels


def file_kinds(folder: SourceFolder) -> dict[Path, FileKind]:
    """What kind of file each candidate is, by the path; files with other suffixes are left out."""
    suffixes = {suffix for format in label_formats() for suffix in format.suffixes}
    return {path: sniff(path) for path in folder.candidates if path.suffix.lower() in suffixes}


def recognised_formats(folder: SourceFolder, kinds: Kinds) -> dict[LabelFormat, list[Path]]:
    """The formats that a source holds, by the content of its files.

    Args:
        folder: The source.
        kinds: What `file_kinds` says.

    Returns:
        Files by format. A format that is not certain of its files is left out where there is another one.
    """
    files: dict[LabelFormat, list[Path]] = {}
    for format in label_formats():
        own = [path for path, kind in kinds.items() if kind == format.name]
        if own:
            files[format] = own
    if len(files) > 1:
        files = {format: own for format, own in files.items() if format.is_certain(folder, own)} or files
    return files


def _choose(folder: SourceFolder, kinds: Kinds) -> LabelFormat:
    """The only format of a source: by a file that describes it, or by the content, or by the layout of files."""
    # The strongest evidence decides: a description of the folder, then the content of files, then their layout, then
    # pictures that are labels themselves. Files that are broken are last: reading them reports what is wrong.
    signs = {format: format.folder_sign(folder) for format in label_formats()}
    best = max(signs, key=lambda format: signs[format])
    if signs[best] == FolderSign.DESCRIPTION:
        return best
    recognised = recognised_formats(folder, kinds)
    if len(recognised) > 1:
        raise _several_formats(folder, recognised)
    if recognised:
        return next(iter(recognised))
    if signs[best] > FolderSign.NONE:
        return best
    return _format_of_broken(folder, kinds)


def _several_formats(folder: SourceFolder, recognised: dict[LabelFormat, list[Path]]) -> UserError:
    """The error for a source with labels of several formats, with what to know for the choice."""
    listed = " and ".join(f"{format.name} ({format.evidence(files)})" for format, files in recognised.items())
    choices = " or ".join(f"--from {format.name}" for format in recognised)
    ranked = rivals(recognised)
    command = f'yolact-kit convert "{folder.source}" OUT --from {ranked[0].format.name}'
    return UserError(
        f"'{folder.source}' holds labels of several formats: {listed}. {comparison(ranked)}",
        f"Say which you mean with {choices}, or give the folder of one of them. By these figures the better choice is "
        f"`{command}`.",
    )


def _format_of_broken(folder: SourceFolder, kinds: Kinds) -> LabelFormat:
    """The format to read broken files as, so that reading them reports what is wrong with each."""
    if "broken" in kinds.values():
        suffixes = {path.suffix.lower() for path in folder.candidates} & {".json", ".xml"}
        return next(format for format in label_formats() if suffixes & set(format.suffixes))
    _refuse_foreign(folder, kinds)
    raise masks_without_options(folder) or _no_annotation_file(folder)


def _no_annotation_file(folder: SourceFolder) -> UserError:
    """The error for a source without any annotation file."""
    what = f"holds no annotation file of {format_titles(' or ')}"
    if not folder.source.is_dir():
        what = f"is not an annotation file of {format_titles(' or ')}"
    elif not folder.candidates:
        what = "is empty"
    return UserError(
        f"'{folder.source}' {what}.",
        "Give the folder with the JSON, XML or text files; `yolact-kit annotate PICTURES` makes some.",
    )


def _no_file_of(chosen: LabelFormat, folder: SourceFolder, kinds: Kinds) -> UserError:
    """The error for a source without a file of the chosen format."""
    others = sorted({kind for kind in kinds.values() if kind in FORMAT_NAMES} - {chosen.name})
    advice = (
        f"Give --from {' or --from '.join(others)}: it holds such labels." if others else "Check --from and the folder."
    )
    return UserError(f"'{folder.source}' holds no annotation file of the format '{chosen.name}'.", advice)


def _refuse_foreign(folder: SourceFolder, kinds: Kinds) -> None:
    """Refuses labels in a format that is not read, with advice on how to export them; not beside readable labels."""
    if any(kind in FORMAT_NAMES for kind in kinds.values()):
        return
    for path in folder.candidates:
        foreign = sniff_foreign(path) if path.suffix.lower() in FOREIGN_SUFFIXES else None
        if foreign is not None:
            raise UserError(f"'{path}' holds labels in {foreign.name}, which is not read.", foreign.advice)
