from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.datasets.folders import FolderMaker, good_folder, polygon
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.config.files import template
from yolact_kit.datasets.augmented_copies import HIDDEN, LEFT, SMALL, CopyOptions, write_augmented
from yolact_kit.datasets.checks import validate_folder
from yolact_kit.datasets.pipelines import Pipeline, load_steps
from yolact_kit.errors import UserError

FLIP = [{"HorizontalFlip": {"p": 1.0}}]


@pytest.fixture
def maker(tmp_path: Path) -> FolderMaker:
    return good_folder(tmp_path / "데이터")


def _moved(x: float, scale: float = 1.0) -> list[dict[str, object]]:
    """Moves everything to the right by a share of the picture's width."""
    affine = {"translate_percent": {"x": [x, x], "y": [0, 0]}, "scale": [scale, scale], "rotate": 0, "p": 1.0}
    return [{"Affine": affine}]


def test_old_pictures_and_copies_are_there_and_only_of_train(maker: FolderMaker, tmp_path: Path) -> None:
    root = maker.write()
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    made = write_augmented(load_dataset(root), tmp_path / "out", CopyOptions(copies=2, steps=FLIP))
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == before
    written = load_dataset(tmp_path / "out")
    assert {split: len(pictures) for split, pictures in written.splits.items()} == {"train": 15, "val": 2}
    assert (made.copies, made.objects, made.dropped.total()) == (10, 24, 0)
    assert [picture.file for picture in written.splits["train"][:3]] == [
        "사진 0.png", "사진 0-augmented-1.png", "사진 0-augmented-2.png",
    ]  # fmt: skip
    for old in load_dataset(root).pictures():
        assert (tmp_path / "out" / "images" / old.file).read_bytes() == old.path.read_bytes()


def test_masks_move_with_their_pixels(maker: FolderMaker, tmp_path: Path) -> None:
    root = maker.write()
    write_augmented(load_dataset(root), tmp_path / "out", CopyOptions(copies=1, steps=FLIP))
    old, copy = load_dataset(tmp_path / "out").splits["train"][:2]
    assert (np.array(Image.open(copy.path)) == np.array(Image.open(old.path))[:, ::-1]).all()
    for one, other in zip(old.instances, copy.instances, strict=True):
        assert one.label == other.label
        assert (one.mask(80, 96)[:, ::-1] == other.mask(80, 96)).all()


def test_objects_that_are_lost_are_dropped_and_counted(maker: FolderMaker, tmp_path: Path) -> None:
    for document in maker.documents.values():
        document["annotations"].clear()
    maker.annotate("train", 1, "bolt", polygon(75, 30))  # leaves the picture
    maker.annotate("train", 1, "bolt", polygon(24, 30))  # of 20 px 1.6 stay
    maker.annotate("train", 1, "bolt", polygon(2, 30))
    maker.annotate("train", 1, "bolt", polygon(76, 60), iscrowd=1)
    data = load_dataset(maker.write())
    made = write_augmented(data, tmp_path / "a", CopyOptions(copies=1, steps=_moved(0.73)))
    assert dict(made.dropped) == {LEFT: 2, SMALL: 1}
    made = write_augmented(
        data, tmp_path / "b", CopyOptions(copies=1, steps=_moved(0.73), min_object=1, min_visible=0.5)
    )
    assert dict(made.dropped) == {LEFT: 2, HIDDEN: 1}
    assert made.objects == 1


@pytest.mark.parametrize("name", ["default", "heavy", "aerial"])
def test_what_is_written_is_valid(maker: FolderMaker, tmp_path: Path, name: str) -> None:
    options = CopyOptions(copies=2, steps=load_steps(name))
    write_augmented(load_dataset(maker.write()), tmp_path / "out", options)
    found = validate_folder(tmp_path / "out", template("yolact_nano").model)
    assert [problem for problem in found.problems if problem.severity == "E"] == []


def test_the_same_seed_gives_the_same_copies(maker: FolderMaker, tmp_path: Path) -> None:
    data = load_dataset(maker.write())
    written = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_augmented(data, tmp_path / name, CopyOptions(copies=2, steps=load_steps("heavy"), seed=seed))
        files = sorted((tmp_path / name / "images").rglob("*augmented*"))
        written.append(
            [file.read_bytes() for file in files] + [(tmp_path / name / "annotations/train.json").read_bytes()]
        )
    assert written[0] == written[1]
    assert written[0] != written[2]


def test_copies_take_no_name_that_is_taken(maker: FolderMaker, tmp_path: Path) -> None:
    maker.picture("val", "사진 0-augmented-1.png", ["bolt"], seed=50)
    write_augmented(load_dataset(maker.write()), tmp_path / "out", CopyOptions(copies=1, steps=FLIP))
    files = [picture.file for picture in load_dataset(tmp_path / "out").pictures()]
    assert len(set(files)) == len(files)
    assert "사진 0-augmented-2.png" in files


def test_a_damaged_picture_is_left_out(maker: FolderMaker, tmp_path: Path) -> None:
    root = maker.write()
    (root / "images" / "사진 1.png").write_bytes(b"no picture")
    made = write_augmented(load_dataset(root), tmp_path / "out", CopyOptions(copies=1, steps=FLIP))
    assert "사진 1.png" in made.broken[0].message
    assert len(load_dataset(tmp_path / "out").splits["train"]) == 8


def test_nothing_is_written_where_it_cannot_be(maker: FolderMaker, tmp_path: Path) -> None:
    data = load_dataset(maker.write())
    for out, steps in ((tmp_path / "out", [{"Nothing": {}}]), (maker.root / "out", FLIP)):
        with pytest.raises(UserError):
            write_augmented(data, out, CopyOptions(copies=1, steps=steps))
        assert not out.exists()
    data.splits["train"] = []
    with pytest.raises(UserError, match="no pictures in 'train'"):
        write_augmented(data, tmp_path / "out", CopyOptions(copies=1, steps=FLIP))


def test_an_interrupt_leaves_nothing(maker: FolderMaker, tmp_path: Path) -> None:
    def interrupted(done: Iterable[Any], _total: int) -> Iterator[Any]:
        yield next(iter(done))
        raise KeyboardInterrupt

    data = load_dataset(maker.write())
    before = sorted(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        write_augmented(data, tmp_path / "out", CopyOptions(copies=20, steps=FLIP), interrupted)
    time.sleep(0.2)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["light", "default", "heavy", "aerial"])
def test_shipped_pipelines_make_of_maps_what_they_make_of_each_mask(
    maker: FolderMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    data = load_dataset(maker.write())
    options = CopyOptions(copies=3, steps=load_steps(name))
    write_augmented(data, tmp_path / "maps", options)
    assert Pipeline(options.steps).moves_masks_only()
    monkeypatch.setattr(Pipeline, "moves_masks_only", lambda _self: False)
    write_augmented(data, tmp_path / "masks", options)
    documents = [(tmp_path / folder / "annotations/train.json").read_bytes() for folder in ("maps", "masks")]
    assert documents[0] == documents[1]


def test_a_crowded_picture_needs_no_mask_for_each_object(maker: FolderMaker, tmp_path: Path) -> None:
    for column in range(3, 93, 4):
        for row in range(3, 77, 4):
            maker.annotate("train", 1, "bolt", polygon(column - 1, row - 1, 3))
    data = load_dataset(maker.write())
    tracemalloc.start()
    write_augmented(data, tmp_path / "out", CopyOptions(copies=1, steps=FLIP, min_object=1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * 437 * 80 * 96  # bytes of a mask for each, before and after


def test_a_crowded_picture_is_refused_where_each_object_needs_a_mask(
    maker: FolderMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yolact_kit.datasets.augmented_copies._MOST_MASKS", 80 * 96)
    steps = [{"Morphological": {"p": 1.0}}]
    with pytest.raises(UserError, match=r"'사진 .\.png' has \d objects on 96 x 80 px") as caught:
        write_augmented(load_dataset(maker.write()), tmp_path / "out", CopyOptions(copies=1, steps=steps))
    assert "Morphological" in caught.value.advice
    assert not (tmp_path / "out").exists()


def test_neighbours_do_not_mix_where_masks_grow(maker: FolderMaker, tmp_path: Path) -> None:
    for document in maker.documents.values():
        document["annotations"].clear()
    maker.annotate("train", 1, "bolt", [[10, 10, 20, 10, 20, 20, 10, 20]])
    maker.annotate("train", 1, "너트", [[20, 10, 30, 10, 30, 20, 20, 20]])
    steps = [{"Morphological": {"scale": [3, 3], "operation": "dilation", "p": 1.0}}]
    write_augmented(load_dataset(maker.write()), tmp_path / "out", CopyOptions(copies=1, steps=steps))
    copies = [p for p in load_dataset(tmp_path / "out").splits["train"] if "augmented" in p.file and p.instances]
    assert [[instance.box() for instance in copy.instances] for copy in copies] == [
        [(9, 9, 12, 12), (19, 9, 12, 12)],
    ]  # fmt: skip
