"""Output folders without a record of their files, as versions before it wrote them: what in them is certainly ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FILES_OF_A_RUN = (
    "config.yaml",
    "dataset.yaml",
    "train.log",
    "metrics.csv",
    "diagnosis.txt",
    "training.png",
    "checkpoints/last.ckpt",
    "checkpoints/previous.ckpt",
    "weights/best.safetensors",
    "weights/last.safetensors",
)
"""What a training run writes, apart from the pictures of its progress and the files of trackers."""
_PROGRESS = "progress/step-[0-9][0-9][0-9][0-9][0-9][0-9]/[0-9][0-9][0-9]_*.jpg"
_SECONDS = 60.0
"""A file that is newer than the end of the conversion or the run by more than this was changed, or is somebody's."""


def earlier_files(folder: Path) -> Iterator[str]:
    """The files of a data set folder or a run folder that has no record.

    Args:
        folder: The folder.

    Yields:
        Their paths in the folder, with forward slashes; nothing for other folders.
    """
    last = [file for file in (folder / "conversion.json",) if file.is_file()]
    names = _files_of_a_data_set(folder) if last else _files_of_a_run(folder)
    last = last or [*folder.glob("weights/*.safetensors"), *folder.glob("checkpoints/*.ckpt")]
    end = max((file.stat().st_mtime for file in last), default=0.0) + _SECONDS
    for name in names:
        file = folder / name
        if file.is_file() and file.lstat().st_mtime <= end:
            yield name


def _files_of_a_data_set(folder: Path) -> list[str]:
    """What ``convert`` has written, by its own account: ``dataset.yaml`` and the annotation files that it names."""
    import yaml  # only here, since few folders come without a record

    names = ["conversion.json", "dataset.yaml"]
    try:
        described: dict[str, Any] = yaml.safe_load((folder / "dataset.yaml").read_text(encoding="utf-8-sig"))
        for split in described["splits"].values():
            names.append(split["annotations"])
            document = json.loads((folder / split["annotations"]).read_text(encoding="utf-8-sig"))
            names += [f"{split['images']}/{image['file_name']}" for image in document["images"]]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        return []
    return names


def _files_of_a_run(folder: Path) -> list[str]:
    progress = [file.relative_to(folder).as_posix() for file in folder.glob(_PROGRESS)]
    return [*FILES_OF_A_RUN, *progress]
