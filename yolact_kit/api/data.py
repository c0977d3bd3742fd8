"""Data sets as the Python API accepts them."""

from __future__ import annotations

from pathlib import Path

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.annotations.dataset_folder import load_dataset

DatasetLike = Dataset | Path | str
"""A data set: one that was loaded or saved, its folder, or its ``dataset.yaml``."""


def folder_of(data: DatasetLike) -> Path:
    """The path of a data set.

    Args:
        data: The data set.

    Returns:
        Its folder, or its ``dataset.yaml``.

    Raises:
        UserError: It is not on disk.
    """
    return data.folder() if isinstance(data, Dataset) else Path(data)


def loaded(data: DatasetLike) -> Dataset:
    """A data set with its labels.

    Args:
        data: The data set.

    Returns:
        The data set itself, or the one in the folder.
    """
    return data if isinstance(data, Dataset) else load_dataset(data)
