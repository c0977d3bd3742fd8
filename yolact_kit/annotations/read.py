"""Reading labels of any format: from a folder to pictures with their instances, and everything that is wrong."""

from __future__ import annotations

import warnings
from pathlib import Path

from yolact_kit.annotations.detect_format import detect_format
from yolact_kit.annotations.json_files import read_json
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.claims import check_claims
from yolact_kit.annotations.readers.contract import Jobs, ReadContext
from yolact_kit.annotations.readers.registry import label_format
from yolact_kit.annotations.result import ReadResult, assemble_result
from yolact_kit.annotations.source import LabelFiles, PictureResult
from yolact_kit.annotations.source_folder import REPORT, SourceFolder
from yolact_kit.errors import UserError
from yolact_kit.parallel import PROCESSES_FROM, in_parallel
from yolact_kit.progress import Progress


def read_source(source: Path | str, options: ReadOptions | None = None, progress: Progress | None = None) -> ReadResult:
    """Reads the labels under a folder, whatever their format, and the pictures that they belong to.

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
    _check_paths(options)
    folder = SourceFolder(source, options.masks)
    labels = detect_format(folder, options.format)
    problems = _foreign_files(labels, folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, about damaged pictures: problems say it better
        roots = [*_picture_folders(folder.root), folder.root, *([options.pictures] if options.pictures else [])]
        index = PictureIndex(roots, folder, labels.files)
        jobs = label_format(labels.format).jobs(ReadContext(labels, folder, index, options, problems))
        results = _run(jobs, options, progress)
    check_claims(results, labels, index, options)
    used = {result.path for result in results if result.path is not None}
    problems.found += folder.passed_over(used.union(labels.files))
    return assemble_result(labels, source, index, options, jobs.classes, results, problems)


def _check_paths(options: ReadOptions) -> None:
    """Refuses folders and files that are named in the options and do not exist."""
    for folder, name in ((options.pictures, "pictures"), (options.masks, "masks")):
        if folder is not None and not folder.is_dir():
            raise UserError(f"The folder of {name} '{folder}' does not exist.", f"Check the spelling of --{name}.")
    if options.colors is not None and not options.colors.is_file():
        raise UserError(f"The file of colours '{options.colors}' does not exist.", "Check the spelling of --colors.")


def _run(jobs: Jobs, options: ReadOptions, progress: Progress | None) -> list[PictureResult]:
    """Reads all pictures, in parallel if that is faster."""
    spawn = options.processes and len(jobs.items) >= PROCESSES_FROM
    # Without pictures to decode threads only wait for each other.
    workers = options.workers if spawn or options.verify else 1
    results = in_parallel(jobs.read, jobs.items, workers, spawn)
    return list(progress(results, len(jobs.items)) if progress else results)


def _picture_folders(root: Path) -> list[Path]:
    """The folder of the pictures in a folder that `convert` wrote; their paths in the data set are relative to it."""
    if not (root / REPORT).is_file():
        return []
    if (root / "data.yaml").is_file():
        return sorted(path for path in (root / "images").glob("*") if path.is_dir())
    for described, folder in (("dataset.yaml", root / "images"), ("labelmap.txt", root / "JPEGImages")):
        if (root / described).is_file() and folder.is_dir():
            return [folder]
    return []


def _foreign_files(labels: LabelFiles, folder: SourceFolder) -> Problems:
    """Problems of files that look like annotations of another format, or of no format."""
    whole = Problems()
    for path in labels.others:
        problems = Problems(folder.name(path))
        if path.suffix.lower() != ".json" or read_json(path, problems) is not None:
            problems.add("file-not-annotation", f"It holds no annotations of the format '{labels.format}'.")
        whole.found += problems.found
    return whole
