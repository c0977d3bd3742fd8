"""The commands of the guide's steps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from yolact_kit.cli.guide_project import Project
from yolact_kit.cli.steps import short_path

Words = list[str | Path]


def step_command(step: str, project: Project) -> Words:
    """The command of a step, without the program's name.

    The remains of an interrupted step are overwritten; an interrupted training is resumed.

    Args:
        step: Name of the step.
        project: The project.

    Returns:
        The words that follow ``yolact-kit``.
    """
    builders: dict[str, Callable[[Project], Words]] = {
        "convert": _convert,
        "validate": _validate,
        "config": _config,
        "train": _train,
        "evaluate": _evaluate,
        "predict": _predict,
    }
    return builders[step](project)


def measured_split(project: Project) -> str:
    """The split to measure on: ``test`` if it has pictures, else ``val``, else ``train``."""
    from yolact_kit.annotations.dataset_folder import load_dataset

    splits = load_dataset(project.folder / "data").splits
    for name in ("test", "val"):
        if splits.get(name):
            return name
    return "train"


def gather_pictures(project: Project, split: str) -> int:
    """Copies the pictures of a split to a folder of their own, as a user's new pictures would be.

    Args:
        project: The project.
        split: Name of the split.

    Returns:
        The number of pictures.
    """
    from yolact_kit.annotations.dataset_folder import copy_pictures, load_dataset

    pictures = load_dataset(project.folder / "data").splits[split]
    copy_pictures(pictures, project.folder / "pictures")
    return len(pictures)


def _convert(project: Project) -> Words:
    answers = project.answers
    words: Words = ["convert", project.short_source(), project.folder / "data"]
    if answers.get("format", "auto") != "auto":
        words += ["--from", answers["format"]]
    if answers.get("pictures"):
        words += ["--pictures", short_path(Path(answers["pictures"]))]
    if answers.get("box_as_mask"):
        words += ["--box-as-mask"]
    if answers.get("merge_numbered"):
        words += ["--merge-numbered"]
    if answers.get("class_attribute"):
        words += ["--class-attribute", str(answers["class_attribute"])]
    for share in ("val", "test"):
        if answers.get(share):
            words += [f"--{share}", str(answers[share])]
    return words + _overwrite(project.folder / "data")


def _validate(project: Project) -> Words:
    return ["validate", project.folder / "data"]


def _config(project: Project) -> Words:
    out = project.folder / "config.yaml"
    return ["config", project.folder / "data", "--out", out, *_overwrite(out)]


def _train(project: Project) -> Words:
    run = project.folder / "run"
    time = ["--time", str(project.answers["time"])]
    if (run / "checkpoints" / "last.ckpt").is_file():
        return ["train", "--resume", run, *time]
    weights = ["--weights", str(project.answers["weights"])]
    return ["train", project.folder / "config.yaml", *weights, *time, "--out", run, *_overwrite(run)]


def _evaluate(project: Project) -> Words:
    out, split = project.folder / "evaluation", measured_split(project)
    words: Words = ["evaluate", project.folder / "run", project.folder / "data", "--split", split, "--out", out]
    return words + _overwrite(out)


def _predict(project: Project) -> Words:
    out = project.folder / "predictions"
    return ["predict", project.folder / "run", project.folder / "pictures", "--out", out, *_overwrite(out)]


def _overwrite(out: Path) -> Words:
    """The option to overwrite, where an interrupted step left a file or a folder with something in it."""
    has_remains = out.is_file() or (out.is_dir() and any(out.iterdir()))
    return ["--overwrite"] if has_remains else []
