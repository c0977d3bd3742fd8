"""Turning labelled pictures of any format into a data set folder to train on."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import dataclass, field, fields, replace
from itertools import count
from pathlib import Path
from typing import Any

from yolact_kit.annotations.choices import PictureFiles, SplitMethod, TargetFormat
from yolact_kit.annotations.dataset import Dataset, Picture
from yolact_kit.annotations.dataset_folder import load_dataset, save_dataset
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.problems import Problem, StrictError, has_errors, without_folders_in
from yolact_kit.annotations.read import read_source
from yolact_kit.annotations.readers.labelme import embedded_picture
from yolact_kit.annotations.readers.left_out import LeftOutObject
from yolact_kit.annotations.result import ReadResult
from yolact_kit.annotations.source import Labelled
from yolact_kit.annotations.source_folder import REPORT
from yolact_kit.annotations.writers import LAYOUTS
from yolact_kit.datasets.conversion_counts import count_conversion
from yolact_kit.datasets.label_map_file import write_label_map
from yolact_kit.datasets.leakage import find_leakage, same_pictures
from yolact_kit.datasets.splits import SplitOptions, group_pattern, split_pictures, split_sizes
from yolact_kit.files import atomic_write_text, check_out, new_folder, with_ending
from yolact_kit.json_text import json_text
from yolact_kit.parallel import in_parallel
from yolact_kit.pixels.depth import DepthRange
from yolact_kit.pixels.pictures import read_picture
from yolact_kit.pixels.writing import rgb_name, write_picture
from yolact_kit.progress import StepProgress
from yolact_kit.shown_paths import shown_path


@dataclass(frozen=True, kw_only=True)
class ConvertOptions(ReadOptions):
    """Options for making a data set.

    Attributes:
        to: The format to write: ``coco`` makes a folder to train on, the others are for other programs.
        split: How pictures are divided; None for the splits that the source has, or at random if it has none.
        val: Share of the pictures for validation; None for 0.2.
        test: Share of the pictures for the test; None for 0.
        seed: Random seed.
        group_by: Regular expression that finds a picture's group in its path.
        keep_splits: An earlier data set, whose pictures keep their splits.
        images: Whether pictures are copied, linked, or kept where they are.
        strict: Whether nothing is written if anything at all is wrong.
        overwrite: Whether an earlier output in the folder is replaced.
    """

    to: TargetFormat = "coco"
    split: SplitMethod | None = None
    val: float | None = None
    test: float | None = None
    seed: int = 0
    group_by: str | None = None
    keep_splits: Path | None = None
    images: PictureFiles = "copy"
    strict: bool = False
    overwrite: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The options that differ from their defaults, as plain values."""
        default = ConvertOptions()
        unsaid = ("workers", "processes", "overwrite")
        changed = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in unsaid}
        return {name: _plain(value) for name, value in changed.items() if value != getattr(default, name)}


@dataclass(slots=True)
class ConversionResult:
    """The result of a conversion.

    Attributes:
        dataset: The data set.
        problems: Everything that was wrong.
        counts: Pictures, objects and problems, as in ``conversion.json``.
        left_out_objects: The objects of the labels that are not in the data set.
        label_map: The file beside the data set with the suggested map of numbered labels; None if there are none.
    """

    dataset: Dataset
    problems: list[Problem]
    counts: dict[str, Any]
    left_out_objects: list[LeftOutObject] = field(default_factory=list)
    label_map: Path | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing was left out because of an error."""
        return not has_errors(self.problems)

    def to_dict(self) -> dict[str, Any]:
        """The content of ``conversion.json``."""
        return {
            "counts": self.counts,
            "problems": [problem.to_dict() for problem in self.problems],
            "left_out_objects": [item.to_dict() for item in self.left_out_objects],
        }


def convert(
    source: Path | str, out: Path | str, options: ConvertOptions | None = None, progress: StepProgress | None = None
) -> ConversionResult:
    """Turns labelled pictures into a data set folder: COCO annotations by split, pictures, ``dataset.yaml``.

    The folder is written completely or not at all; the source is not changed.

    Args:
        source: A folder, or one annotation file.
        out: The folder to make.
        options: How.
        progress: Wraps what takes long, for a progress bar: called with the items, their number and a description.

    Returns:
        The data set, and everything that was wrong.

    Raises:
        UserError: Nothing was written: the source holds nothing, an option is wrong, or ``strict`` found a problem.

    Example:
        >>> convert("photos", "data", ConvertOptions(val=0.25)).counts["pictures"]  # doctest: +SKIP
        18
    """
    source, out, options = Path(source), Path(out), options or ConvertOptions()
    earlier = _check_call(source, out, options)
    if earlier is not None and options.depth_range is None:
        options = replace(options, depth_range=earlier.depth_range)
    reading = (lambda items, count: progress(items, count, "Reading")) if progress else None
    result = read_source(source, options, reading)
    return _write(result, source, out, options, earlier, progress)


def write_labels(
    result: ReadResult,
    source: Path | str,
    out: Path | str,
    options: ConvertOptions | None = None,
    progress: StepProgress | None = None,
) -> ConversionResult:
    """Makes a data set folder from labels that were read before; these are not changed.

    Args:
        result: What was read.
        source: Where it was read from.
        out: The folder to make.
        options: How; the options of reading are not looked at.
        progress: As in `convert`.

    Returns:
        As `convert`.
    """
    source, out, options = Path(source), Path(out), options or ConvertOptions()
    earlier = _check_call(source, out, options)
    # Names and paths of pictures change while they are written.
    labelled = [replace(item, picture=replace(item.picture)) for item in result.labelled]
    return _write(replace(result, labelled=labelled), source, out, options, earlier, progress)


def _inputs(source: Path, options: ConvertOptions) -> list[Path]:
    """The inputs, which the new folder must not touch."""
    folder = source.parent if source.suffix.lower() in (".yaml", ".yml") else source
    return [path for path in (folder, options.pictures, options.masks) if path is not None and path.exists()]


def _check_call(source: Path, out: Path, options: ConvertOptions) -> Dataset | None:
    """Refuses options that make no sense before reading; returns the earlier data set that the new one continues."""
    check_out(out, options.overwrite, _inputs(source, options))
    split_sizes(0, _share(options.val, 0.2), _share(options.test, 0.0))
    group_pattern(options.group_by)
    return load_dataset(options.keep_splits) if options.keep_splits is not None else None


def _write(
    result: ReadResult,
    source: Path,
    out: Path,
    options: ConvertOptions,
    earlier: Dataset | None,
    progress: StepProgress | None,
) -> ConversionResult:
    renamed = _name_pictures(result.labelled, by_stem=options.to != "coco")
    splits = _split(result, options, earlier)
    problems = result.problems + renamed + _check_splits(splits, result, options)
    base = _base(result, source, options, problems)
    dataset = Dataset(out.resolve().name, result.classes, splits, out, result.depth_range)
    _refuse_if_strict(problems, options)
    with new_folder(out, options.overwrite, _inputs(source, options)) as folder:
        problems += _write_labels(dataset, folder, out, str(source), base, options)
        _refuse_if_strict(problems, options)
        targets = _targets(dataset, options)
        if base is None:
            _write_pictures(result.labelled, folder, targets, options, progress)
        problems = without_folders_in(problems, _inputs(source, options))
        counts = count_conversion(dataset, result, problems, options.verify, options.split)
        conversion = ConversionResult(dataset, problems, counts, result.left_out_objects)
        atomic_write_text(folder / REPORT, json_text(conversion.to_dict(), indent=True))
    for picture in dataset.pictures():
        picture.path = base / picture.file if base else out / targets[picture.file]
    conversion.label_map = write_label_map(result, out, options)
    return conversion


def _refuse_if_strict(problems: list[Problem], options: ConvertOptions) -> None:
    if options.strict and problems:
        raise StrictError(
            f"--strict was given and problems were found ({len(problems)}); nothing was written.", problems
        )


def _write_labels(
    dataset: Dataset, folder: Path, out: Path, source: str, base: Path | None, options: ConvertOptions
) -> list[Problem]:
    """Writes everything but the pictures; returns what the format cannot store."""
    problems = Problems()
    if options.to == "coco":
        save_dataset(dataset, folder, _images(base, out), source, options.to_dict())
    elif base is None:
        LAYOUTS[options.to].write(dataset, folder, problems)
    else:
        LAYOUTS[options.to].write(dataset, folder, problems, base=base)
    return problems.found


def _targets(dataset: Dataset, options: ConvertOptions) -> dict[str, str]:
    """Where each picture goes in the folder, by its ``file``."""
    pictures = LAYOUTS[options.to].pictures if options.to != "coco" else "images"
    return {
        picture.file: f"{pictures.format(split=name)}/{picture.file}".lstrip("/")
        for name, split in dataset.splits.items()
        for picture in split
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return shown_path(value.as_posix())
    if isinstance(value, DepthRange):
        return list(value.pair)
    return list(value) if isinstance(value, tuple) else value


def _share(value: float | None, default: float) -> float:
    return default if value is None else value


def _name_pictures(labelled: list[Labelled], by_stem: bool) -> list[Problem]:
    """Gives rewritten pictures a fitting suffix, and pictures whose name is in use another name.

    Args:
        labelled: The pictures.
        by_stem: Whether two pictures may not share a name without suffix, as where each has a label file beside it.

    Returns:
        A problem for each picture that was renamed.
    """
    problems = Problems()
    names = {Path(REPORT).stem} if by_stem else set()
    for item in labelled:
        if item.rewrite:
            item.picture.file = rgb_name(item.picture.file)
        original = item.picture.file
        stem, dot, suffix = original.rpartition(".")
        for number in count(2):
            key = item.picture.file.rpartition(".")[0] if by_stem else item.picture.file
            if key not in names:
                break
            item.picture.file = with_ending(stem, f"-{number}{dot}{suffix}")
        names.add(key)
        if item.picture.file != original:
            problems.file = original
            problems.add("picture-renamed", f"It is '{item.picture.file}' now; another picture has its name.")
    return problems.found


def _split(result: ReadResult, options: ConvertOptions, earlier: Dataset | None) -> dict[str, list[Picture]]:
    """Divides the pictures as the options say; without such options, keeps the splits of the source."""
    pictures = [item.picture for item in result.labelled]
    old_splits = {}
    for name, old_pictures in (earlier.splits if earlier is not None else {}).items():
        old_splits.update({picture.file: name for picture in old_pictures})
    choices = (options.split, options.val, options.test, options.group_by, options.keep_splits)
    if result.splits and all(choice is None for choice in choices):
        old_splits = result.splits
    split_options = SplitOptions(
        method=options.split or "random",
        val=_share(options.val, 0.2),
        test=_share(options.test, 0.0),
        seed=options.seed,
        group_by=options.group_by,
    )
    return split_pictures(pictures, split_options, old_splits, same_pictures(result.labelled))


def _check_splits(splits: dict[str, list[Picture]], result: ReadResult, options: ConvertOptions) -> list[Problem]:
    """Reports classes that are not trained, splits that are empty, and pictures in two splits."""
    problems = Problems()
    trained = {instance.label for picture in splits.get("train", []) for instance in picture.instances}
    for name in result.classes if trained else ():
        if name not in trained:
            problems.add("class-without-training", f"'{name}' has no object in the training split.")
    for name, share in (("val", _share(options.val, 0.2)), ("test", _share(options.test, 0.0))):
        if share > 0 and name not in splits and not result.splits:
            problems.add("split-too-small", f"There are too few pictures for the split '{name}', which stays empty.")
    if "train" not in splits:
        problems.add("split-too-small", "The split 'train' is empty.")
    problems.found += find_leakage(splits, result.labelled)
    return problems.found


def _base(result: ReadResult, source: Path, options: ConvertOptions, problems: list[Problem]) -> Path | None:
    """The folder that all pictures can stay in; None if they have to be copied or linked."""
    if options.images != "keep":
        return None
    new_problems = Problems()
    if options.to != "coco" and not LAYOUTS[options.to].can_keep:
        new_problems.add("keep-impossible", f"The format '{options.to}' has a folder for pictures, so all were linked.")
        problems += new_problems.found
        return None
    for root in (source if source.is_dir() else source.parent, options.pictures):
        if root is not None and all(_lies_in(root, item) for item in result.labelled):
            return root.resolve()
    new_problems.add(
        "keep-impossible", "Pictures had to be changed or lie in several folders, so all were linked or copied."
    )
    problems += new_problems.found
    return None


def _lies_in(root: Path, item: Labelled) -> bool:
    """Whether a picture can stay where it is: its pixels do not change, and ``root`` and its name lead to its file."""
    is_file = not item.rewrite and not item.embedded
    return is_file and root / item.picture.file == item.picture.path


def _images(base: Path | None, out: Path) -> str:
    """How ``dataset.yaml`` names the folder of the pictures."""
    if base is None:
        return "images"
    try:
        return Path(os.path.relpath(base, out.resolve())).as_posix()
    except ValueError:  # another drive
        return base.as_posix()


def _write_pictures(
    labelled: list[Labelled],
    folder: Path,
    targets: dict[str, str],
    options: ConvertOptions,
    progress: StepProgress | None,
) -> None:
    """Writes all pictures to their targets, several at a time."""

    def write(item: Labelled) -> None:
        _write_picture(item, folder / targets[item.picture.file], options)

    with closing(in_parallel(write, labelled, options.workers)) as written:
        for _ in progress(written, len(labelled), "Writing pictures") if progress else written:
            pass


def _write_picture(item: Labelled, target: Path, options: ConvertOptions) -> None:
    """Copies or links a picture, or writes it anew if its pixels change."""
    target.parent.mkdir(parents=True, exist_ok=True)
    content = embedded_picture(item.picture.path) if item.embedded else None
    if item.rewrite:
        source = content if content is not None else item.picture.path
        pixels = read_picture(source, item.orientation, options.max_pixels, item.picture.depth)
        write_picture(target, pixels)
    elif content is not None:
        target.write_bytes(content)
    elif options.images == "copy" or not _link(item.picture.path.resolve(), target):
        shutil.copyfile(item.picture.path, target)


def _link(source: Path, target: Path) -> bool:
    try:
        target.symlink_to(source)
    except (OSError, NotImplementedError):  # Windows needs a privilege for links
        return False
    return True
