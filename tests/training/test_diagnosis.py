from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.folders import FolderMaker, polygon
from tests.tiny_model import tiny_config
from yolact_kit.config.schema import AnchorConfig
from yolact_kit.training.diagnosis import diagnose, read_losses, what_is_taught
from yolact_kit.training.plan import TrainingPlan, check_data, plan_run
from yolact_kit.training.result import TrainResult
from yolact_kit.training.trainer import train


@pytest.fixture
def maker(tmp_path: Path) -> FolderMaker:
    made = FolderMaker(tmp_path / "자료", ["컵", "plate"])
    for number in range(4):
        made.picture("train", f"{number}.png", ["컵", "plate", "컵"], seed=number)
    made.picture("val", "v.png", ["컵"], seed=9)
    return made


def planned(maker: FolderMaker, **train: object) -> TrainingPlan:
    config = tiny_config(["컵", "plate"])
    config.dataset = str(maker.write())
    config.train = config.train.model_copy(update={"batch_size": 2, "workers": 0, "epochs": 2, **train})
    return plan_run(config, device="cpu")


def test_a_short_run_is_told_that_it_was_short(maker: FolderMaker, tmp_path: Path) -> None:
    plan = planned(maker)
    plan.problems = check_data(plan.config)
    found = diagnose(plan, train(plan, tmp_path / "run", "none"))
    assert found.near_zero
    assert "trained for 4 steps" in found.causes[0].what and "--time" in found.causes[0].advice
    text = (tmp_path / "run" / "diagnosis.txt").read_text(encoding="utf-8")
    assert text.startswith("Mask AP is near 0. The likely cause first:\n1. it was trained for 4 steps")
    for part in ("anchor recall  ", "0 errors, ", "classification ", "mask ", "of the anchors"):
        assert part in text


def result(run: Path, **parts: object) -> TrainResult:
    """A long run that has learnt nothing, so that what is wrong must lie in the data."""
    run.mkdir()
    return TrainResult(run, 2000, best_ap=0.0, detections=5, metrics={}, **parts)


def test_anchors_that_fit_nothing_come_first(maker: FolderMaker, tmp_path: Path) -> None:
    plan = planned(maker)
    plan.config.model.anchors = AnchorConfig(scales=[[2], [2], [2], [2], [2]])
    found = diagnose(plan, result(tmp_path / "run"))
    assert "only 0% of the training objects fit an anchor" in found.causes[0].what
    assert "`yolact-kit config`" in found.causes[0].advice
    assert what_is_taught(plan).anchors == pytest.approx(1)


def test_objects_too_small_to_learn_from_come_first(maker: FolderMaker, tmp_path: Path) -> None:
    for number in range(5, 25):
        entry = maker.picture("train", f"{number}.png", [], seed=number)
        for place in range(4):
            maker.annotate("train", entry["id"], "컵", polygon(10 + 15 * place, 20, side=3))
    plan = planned(maker)
    taught = what_is_taught(plan)
    assert taught.ignored > taught.objects
    found = diagnose(plan, result(tmp_path / "run"))
    assert "too small to learn from at 64 px" in found.causes[0].what or "fit an anchor" in found.causes[0].what
    assert any("model.input_size" in cause.advice and "too small" in cause.what for cause in found.causes[:2])


def test_a_long_run_that_learns_nothing_from_sound_labels_points_to_their_places(
    maker: FolderMaker, tmp_path: Path
) -> None:
    plan = planned(maker)
    (cause,) = [cause for cause in diagnose(plan, result(tmp_path / "run")).causes if "match the objects" in cause.what]
    assert "yolact-kit preview" in cause.advice
    learnt = result(tmp_path / "learnt")
    learnt.best_ap = 0.5
    assert not any("match the objects" in cause.what for cause in diagnose(plan, learnt).causes)


def test_bad_batches_and_boxes_without_masks_are_noticed(maker: FolderMaker, tmp_path: Path) -> None:
    plan = planned(maker)
    bad = diagnose(plan, result(tmp_path / "a", bad_batches=1500))
    assert "1500 batches were skipped" in bad.causes[0].what
    boxes = result(tmp_path / "b")
    boxes.metrics = {"mask": {"AP50": 0.02}, "box": {"AP50": 0.7}}
    assert any("boxes are found" in cause.what for cause in diagnose(plan, boxes).causes)


def test_a_class_that_is_in_val_alone_is_named(tmp_path: Path) -> None:
    maker = FolderMaker(tmp_path / "data", ["컵", "포크"])
    maker.picture("train", "a.png", ["컵"] * 3, seed=1)
    maker.picture("val", "w.png", ["포크"] * 3, seed=11)
    config = tiny_config(maker.classes)
    config.dataset = str(maker.write())
    found = diagnose(plan_run(config, device="cpu"), result(tmp_path / "run"))
    assert "포크" in found.causes[0].what


def test_a_good_run_is_not_accused(maker: FolderMaker, tmp_path: Path) -> None:
    done = result(tmp_path / "run")
    done.best_ap = 0.6
    (done.run / "metrics.csv").write_text("step,loss/total,loss/box\n0,8,4\n1,,\n2,2,1\n", encoding="utf-8")
    assert read_losses(done.run) == {"total": (8.0, 2.0), "box": (4.0, 1.0)}
    found = diagnose(planned(maker), done)
    assert not found.near_zero and found.lines()[0] == "What stands out:"
    assert not any("loss of" in cause.what for cause in found.causes)


@pytest.mark.parametrize("undefined", [None, "val has no objects, so there is no mask AP"])
def test_a_run_without_ap_is_not_called_poor(undefined: str | None, maker: FolderMaker, tmp_path: Path) -> None:
    run = result(tmp_path / "run")
    run.best_ap, run.detections, run.undefined = None, 0, undefined
    found = diagnose(planned(maker), run)
    assert not found.near_zero
    text = (tmp_path / "run" / "diagnosis.txt").read_text(encoding="utf-8")
    assert "likely cause" not in text
    # Without objects in val, a model that finds nothing there is right.
    assert ("finds nothing" in text) == (undefined is None)
    assert text.startswith("What stands out:" if undefined is None else f"{undefined}.\nWhat stands out:")
