from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from yolact_kit.annotations.dataset import Dataset
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.config.schema import ModelConfig
from yolact_kit.datasets.checks import validate_folder

STARTER = Path(__file__).parent.parent.parent / "examples" / "starter"
SIDE = 160
COUNT = 300


@pytest.fixture(scope="module")
def modules() -> Iterator[dict[str, Any]]:
    """The programs of the example by their names."""
    sys.path.insert(0, str(STARTER))
    yield {path.stem: import_module(path.stem) for path in STARTER.glob("*.py")}
    sys.path.remove(str(STARTER))


@pytest.fixture(scope="module")
def folder(modules: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("starter") / "data"
    modules["make_pictures"].make_pictures(out, COUNT, 3, SIDE, 1, photos=False)
    return out


@pytest.fixture(scope="module")
def drawn(folder: Path) -> Dataset:
    return load_dataset(folder)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_same_seed_gives_the_same_files_with_any_number_of_processes(
    modules: dict[str, Any], tmp_path: Path
) -> None:
    for name, processes, seed in (("a", 1, 5), ("b", 2, 5), ("c", 1, 6)):
        modules["make_pictures"].make_pictures(tmp_path / name, 6, seed, SIDE, processes, photos=False)
    first, second, other = (contents(tmp_path / name) for name in "abc")
    assert first == second
    assert first.keys() == other.keys()
    assert all(first[name] != other[name] for name in first if name.endswith(".jpg"))


def test_every_class_appears_and_none_is_of_the_parts(drawn: Dataset) -> None:
    assert {instance.label for picture in drawn.pictures() for instance in picture.instances} == set(drawn.classes)
    assert not {"bolt", "hinge", "washer", "nut", "screw"} & set(drawn.classes)


def test_one_of_25_pictures_is_for_validation(drawn: Dataset) -> None:
    assert {name: len(pictures) for name, pictures in drawn.splits.items()} == {"train": 288, "val": 12}


def test_no_errors_are_found_in_it(folder: Path) -> None:
    validation = validate_folder(folder, ModelConfig())
    assert [str(problem) for problem in validation.problems if problem.severity in "EF"] == []
    assert validation.statistics.picture_count == COUNT


def test_masks_are_apart_and_large_enough(drawn: Dataset) -> None:
    for picture in drawn.pictures()[:100]:
        masks = [instance.mask(SIDE, SIDE) for instance in picture.instances]
        assert all(mask.sum() >= 25 for mask in masks)
        assert not masks or np.sum(masks, axis=0).max() == 1


def test_masks_lie_where_things_are_drawn(modules: dict[str, Any]) -> None:
    """Without its topmost thing, a picture differs all over the thing's mask, and beyond it only by a shadow."""
    scenes = modules["starter_scenes"]
    changed, inside, beyond = 0, [], []
    for number in range(40):
        scene = scenes.make_scene(11, number, SIDE, photos=False)
        if not scene.things:
            continue
        bright = replace(scene, light=replace(scene.light, shadow=0.0))
        mask = scenes.masks(bright)[-1]
        without = replace(bright, things=bright.things[:-1])
        pixels, fewer = (scenes.render(each).astype(int) for each in (bright, without))
        differs = np.abs(pixels - fewer).max(axis=2) > 2
        near = np.zeros_like(mask)
        ys, xs = mask.nonzero()
        near[max(0, ys.min() - 6) : ys.max() + 7, max(0, xs.min() - 6) : xs.max() + 7] = True
        inside.append(differs[mask].mean())
        beyond.append(differs[~near].mean())
        changed += 1
    assert changed > 30
    assert np.mean(inside) > 0.93
    assert np.max(beyond) == 0


def test_the_readme_names_every_class_and_file(modules: dict[str, Any]) -> None:
    text = (STARTER / "README.md").read_text(encoding="utf-8")
    assert all(name in text for name in modules["starter_classes"].CLASSES)
    assert all(f"{name}.py" in text for name in modules if name.startswith("starter_"))
    assert "starter_noise.py" in text
