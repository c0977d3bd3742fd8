"""From labelled photos to predictions through the command line, in few steps: every file is there and fits."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from pycocotools import mask as coco_mask

from tests.end_to_end.conftest import Way
from tests.programs import yolact_kit_here
from yolact_kit import load_config, load_dataset
from yolact_kit.pixels.pictures import read_picture


def test_the_pictures_are_split_as_asked_and_none_is_in_two_splits(way: Way) -> None:
    splits = load_dataset(way.data).splits
    assert {name: len(pictures) for name, pictures in splits.items()} == {"train": 10, "val": 4, "test": 4}
    files = [picture.file for pictures in splits.values() for picture in pictures]
    assert len(set(files)) == 18
    assert sum(len(picture.instances) for pictures in splits.values() for picture in pictures) == 165


def test_the_conversion_speaks_of_no_problem_worse_than_a_warning(way: Way) -> None:
    document = json.loads((way.data / "conversion.json").read_text(encoding="utf-8"))
    assert [problem for problem in document["problems"] if problem["severity"] == "E"] == []
    assert document["counts"]


def test_the_configuration_is_complete_and_fits_the_data(way: Way) -> None:
    file = way.root / "config.yaml"
    config = load_config(file)
    assert config.classes == ["date", "fig", "hazelnut"]
    assert Path(config.dataset).resolve() == way.data.resolve()
    lines = [line.split("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    assert sum(line.startswith("epochs: ") for line in lines) == 1
    assert sum(line.startswith("precision: ") for line in lines) == 1
    assert not Path(yaml.safe_load(file.read_text(encoding="utf-8"))["dataset"]).is_absolute()


def test_a_run_holds_what_it_promises(way: Way) -> None:
    for name in (
        "config.yaml",
        "dataset.yaml",
        "metrics.csv",
        "weights/best.safetensors",
        "weights/last.safetensors",
        "checkpoints/last.ckpt",
    ):
        assert (way.run / name).stat().st_size > 0, name
    assert load_config(way.run / "config.yaml").train.epochs == 2


def test_the_metrics_are_printed_alone_and_as_they_are_written(way: Way) -> None:
    printed = json.loads(way.printed["evaluate"].stdout)
    assert printed == json.loads((way.root / "evaluation" / "metrics.json").read_text(encoding="utf-8"))
    for kind in ("mask", "box"):
        assert {"AP", "AP50", "AP75", "APs", "APm", "APl", "by_class"} <= printed[kind].keys()
        assert set(printed[kind]["by_class"]) == {"date", "fig", "hazelnut"}
        assert 0 <= printed[kind]["AP"] <= printed[kind]["AP50"] <= 1


def test_the_metrics_are_those_of_the_results(way: Way) -> None:
    """COCOeval, called here on the two files that evaluate used and wrote, finds the same numbers."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    results = json.loads((way.root / "evaluation" / "results.json").read_text(encoding="utf-8"))
    metrics = json.loads((way.root / "evaluation" / "metrics.json").read_text(encoding="utf-8"))
    truth = COCO(str(way.data / "annotations" / "test.json"))
    for kind, name in (("segm", "mask"), ("bbox", "box")):
        found = truth.loadRes([dict(result) for result in results])
        evaluation = COCOeval(truth, found, kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        assert evaluation.stats[:3] == pytest.approx([metrics[name][key] for key in ("AP", "AP50", "AP75")], abs=1e-6)


def test_predictions_speak_of_every_picture_and_fit_it(way: Way) -> None:
    document = json.loads((way.root / "found" / "predictions.json").read_text(encoding="utf-8"))
    assert sorted(image["file_name"] for image in document["images"]) == ["0.jpg", "11.jpg"]
    assert [category["name"] for category in document["categories"]] == ["date", "fig", "hazelnut"]
    sizes = {image["id"]: (image["height"], image["width"]) for image in document["images"]}
    assert set(sizes.values()) == {(600, 800)}
    assert document["annotations"], "a score of 0 gives out whatever there is"
    for found in document["annotations"]:
        decoded = coco_mask.decode(found["segmentation"])
        assert decoded.shape == sizes[found["image_id"]]
        assert decoded.sum() == found["area"]
        assert 0 <= found["score"] <= 1
        assert found["category_id"] in (1, 2, 3)


def test_overlays_are_the_pictures_with_something_drawn(way: Way) -> None:
    overlays = sorted(path for path in (way.root / "found" / "overlay").rglob("*") if path.is_file())
    assert len(overlays) == 2
    document = json.loads((way.root / "found" / "predictions.json").read_text(encoding="utf-8"))
    stems = {image["id"]: Path(image["file_name"]).stem for image in document["images"]}
    areas = dict.fromkeys(stems.values(), 0)
    for found in document["annotations"]:
        areas[stems[found["image_id"]]] += found["area"]
    assert any(areas.values())
    for path in overlays:
        drawn = np.asarray(Image.open(path).convert("RGB")).astype(int)
        original = read_picture(way.root / "new" / f"{path.name.split('.')[0]}.jpg").astype(int)
        assert drawn.shape == original.shape
        changed = (np.abs(drawn - original).max(axis=2) > 40).mean()
        assert (changed > 0.001) == (areas[path.name.split(".")[0]] > 0)
    assert any((way.root / "found" / "png").rglob("*.png"))


def test_a_finished_run_is_not_trained_again(way: Way) -> None:
    before = (way.run / "weights" / "last.safetensors").read_bytes()
    done = yolact_kit_here("train", way.root / "config.yaml", "--resume", way.run, cwd=way.root)
    assert done.returncode == 0, done.stderr
    assert (way.run / "weights" / "last.safetensors").read_bytes() == before


def test_what_is_there_is_not_overwritten(way: Way) -> None:
    calls: list[list[str | Path]] = [
        ["convert", way.root / "new", way.data],
        ["config", way.data, "--out", way.root / "config.yaml"],
        ["train", way.root / "config.yaml", "--weights", "none", "--out", way.run],
        ["evaluate", way.run, way.data, "--out", way.root / "evaluation"],
        ["predict", way.run, way.root / "new", "--out", way.root / "found"],
    ]
    before = snapshot(way.root)
    for call in calls:
        done = yolact_kit_here(*call, cwd=way.root)
        assert done.returncode == 2, f"{call}\n{done.stderr}"
        assert "--overwrite" in done.stderr
        assert "Traceback" not in done.stderr
    assert snapshot(way.root) == before


def test_quiet_commands_say_nothing_and_loud_ones_end_well(way: Way, tmp_path: Path) -> None:
    for level in ("-q", "-v"):
        for number, call in enumerate(
            [
                ["config", way.data, "--out", tmp_path / f"{level}.yaml"],
                ["evaluate", way.run, way.data, "--out", tmp_path / f"e{level}", "--json"],
                ["predict", way.run, way.root / "new" / "0.jpg", "--out", tmp_path / f"p{level}"],
            ]
        ):
            done = yolact_kit_here(*call, level, cwd=tmp_path)
            assert done.returncode == 0, done.stderr
            assert (done.stderr == "") == (level == "-q"), f"{number}: {done.stderr}"
            if "--json" in call:
                json.loads(done.stdout)


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.as_posix(): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}
