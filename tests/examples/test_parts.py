from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from shapely.geometry import Polygon

PARTS = Path(__file__).parent.parent.parent / "examples" / "parts"
PICTURES = PARTS / "pictures"
CLASSES = {"bolt", "hinge", "washer"}


def labels() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(PICTURES.glob("*.json"))}


def shapes() -> list[dict[str, Any]]:
    return [shape for file in labels().values() for shape in file["shapes"]]


def run_in_parts(program: str, *words: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *words], cwd=PARTS, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_program_gives_the_bundled_labels_to_the_digit() -> None:
    program = "import json, make\nprint(json.dumps([make.label(make.make_scene(i)) for i in range(make.COUNT)]))"
    assert json.loads(run_in_parts(program)) == list(labels().values())


def test_the_program_writes_the_bundled_pictures_up_to_the_codec(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "make.py", "--out", str(tmp_path), "--count", "2"], cwd=PARTS)
    assert done.returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        f"parts-00{i}.{kind}" for i in (1, 2) for kind in ("jpg", "json")
    }
    for made in tmp_path.glob("*.jpg"):
        new, old = (np.asarray(Image.open(path), np.float64) for path in (made, PICTURES / made.name))
        assert new.shape == old.shape
        assert np.abs(new - old).mean() < 1.0
    for made in tmp_path.glob("*.json"):
        assert made.read_bytes() == (PICTURES / made.name).read_bytes()


def test_another_seed_gives_other_scenes() -> None:
    program = "import json, make\nprint(json.dumps(make.label(make.make_scene(0, 8))['shapes']))"
    assert json.loads(run_in_parts(program)) != labels()["parts-001"]["shapes"]


def test_it_is_what_the_readme_says() -> None:
    files = labels()
    assert len(files) == len(list(PICTURES.glob("*.jpg"))) == 45
    assert sum(path.stat().st_size for path in PARTS.rglob("*") if path.suffix != ".pyc") < 5_000_000
    assert [name for name, file in files.items() if not file["shapes"]] == ["parts-013", "parts-031"]
    assert {shape["label"] for shape in shapes()} == CLASSES
    kinds = Counter(shape["shape_type"] for shape in shapes())
    assert set(kinds) == {"polygon", "circle", "rectangle"}
    assert min(kinds.values()) >= 4


def test_an_object_in_two_parts_shares_a_group_and_a_label() -> None:
    found = 0
    for file in labels().values():
        groups: dict[int, list[str]] = {}
        for shape in file["shapes"]:
            if shape["group_id"] is not None:
                groups.setdefault(shape["group_id"], []).append(shape["label"])
        assert all(len(names) >= 2 and len(set(names)) == 1 for names in groups.values())
        found += len(groups)
    assert found >= 2


@pytest.mark.parametrize("name", list(labels()))
def test_each_file_fits_its_picture(name: str) -> None:
    file = labels()[name]
    with Image.open(PICTURES / file["imagePath"]) as picture:
        assert picture.size == (file["imageWidth"], file["imageHeight"]) == (640, 480)
    for shape in file["shapes"]:
        points = np.array(shape["points"])
        assert ((points >= 0) & (points <= [640, 480])).all()
        if shape["shape_type"] == "polygon":
            outline = Polygon(points)
            assert outline.is_valid
            assert outline.area > 35


def test_colour_alone_does_not_tell_the_classes_apart() -> None:
    """A nearest-neighbour vote on mean colour, leaving each object's own picture out, stays far from right."""
    colours, names, homes = [], [], []
    for name, file in labels().items():
        pixels = np.asarray(Image.open(PICTURES / file["imagePath"]), np.float64)
        for shape in file["shapes"]:
            if shape["shape_type"] == "polygon":
                xs, ys = np.array(shape["points"]).round().astype(int).clip(0, [639, 479]).T
                colours.append(pixels[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].mean(axis=(0, 1)))
                names.append(shape["label"])
                homes.append(name)
    far = np.linalg.norm(np.array(colours)[:, None] - np.array(colours), axis=2)
    far[np.array(homes)[:, None] == np.array(homes)] = np.inf
    votes = [Counter(names[j] for j in np.argsort(row)[:5]).most_common(1)[0][0] for row in far]
    assert np.mean([vote == name for vote, name in zip(votes, names, strict=True)]) < 0.55
