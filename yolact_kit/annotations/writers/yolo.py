"""Writing YOLO's files for instance segmentation: one text file per picture, one line per object."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import numpy as np
import yaml

from yolact_kit.annotations.bridges import one_outline
from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.problem_kinds import Problems


def write_yolo(dataset: Dataset, folder: Path, problems: Problems) -> None:
    """Writes ``data.yaml`` and ``labels/SPLIT``, for pictures that lie in ``images/SPLIT``.

    Args:
        dataset: The data set; ids of classes are 0..N-1 in its order.
        folder: The folder to write to.
        problems: Where problems are added: crowds, which YOLO's format cannot store.
    """
    ids = {name: number for number, name in enumerate(dataset.classes)}
    for name, pictures in dataset.splits.items():
        for picture in pictures:
            path = folder / "labels" / name / PurePosixPath(picture.file).with_suffix(".txt")
            path.parent.mkdir(parents=True, exist_ok=True)
            problems.file = picture.file
            lines = [yolo_line(instance, picture, ids) for instance in _objects(picture, problems)]
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    # Without a `path`, ultralytics starts from the folder of the file itself.
    folders = {name: f"images/{name}" for name in dataset.splits}
    folders.setdefault("val", folders.get("train", ""))
    document = {**folders, "names": dict(enumerate(dataset.classes))}
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    (folder / "data.yaml").write_text(text, encoding="utf-8")


def yolo_line(instance: Instance, picture: Picture, ids: dict[str, int]) -> str:
    """An object as a line of YOLO's format: the id of its class, then x and y of each point as shares of the picture.

    Several parts and holes are joined into one outline by lines there and back.

    Args:
        instance: The object.
        picture: Its picture.
        ids: Id by name of the class.

    Returns:
        The line, without a line break.

    Example:
        >>> nut = Instance("nut", [np.array([[0.0, 0.0], [8.0, 0.0], [4.0, 5.0]])])
        >>> yolo_line(nut, Picture("a.jpg", 8, 10, Path("a.jpg"), [nut]), {"nut": 0})
        '0 0 0 1 0 0.5 0.5'
    """
    shares = np.clip(one_outline(instance) / (picture.width, picture.height), 0, 1)
    return " ".join([str(ids[instance.label]), *(_plain(value) for value in shares.reshape(-1).tolist())])


def _plain(share: float) -> str:
    """A share to a thousandth of a pixel in pictures of 10,000."""
    return f"{share:.7f}".rstrip("0").rstrip(".")


def _objects(picture: Picture, problems: Problems) -> list[Instance]:
    """The objects that can be written: all but crowds."""
    crowds = sum(instance.crowd for instance in picture.instances)
    if crowds:
        problems.add("crowd-not-written", f"YOLO's format cannot store its {crowds} crowds.")
    return [instance for instance in picture.instances if not instance.crowd]
