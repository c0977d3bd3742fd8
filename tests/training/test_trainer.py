from __future__ import annotations

import csv
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import torch
from torchvision.models import get_model

from tests.datasets.folders import FolderMaker
from tests.tiny_model import SMALL_BACKBONE, THRESHOLD, tiny_config, tiny_model
from yolact_kit.annotations.dataset import Picture
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.evaluation.chosen_threshold import choose_threshold
from yolact_kit.evaluation.evaluate import evaluate_model
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.checkpoint import Checkpoint
from yolact_kit.models.stored_weights import read_settings
from yolact_kit.models.weights import load_weights
from yolact_kit.pixels.pictures import read_picture
from yolact_kit.training.callbacks import ValidationCallback
from yolact_kit.training.plan import TrainingPlan, plan_run
from yolact_kit.training.trainer import train


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Five training pictures, one of them background, and two to validate on."""
    root = tmp_path_factory.mktemp("자료")
    maker = FolderMaker(root, ["컵", "plate"])
    for number in range(5):
        maker.picture("train", f"{number}.png", ["컵", "plate"] if number else [], seed=number)
    for number in range(2):
        maker.picture("val", f"val{number}.png", ["plate"], seed=10 + number)
    maker.write()
    made = tiny_config(["컵", "plate"], SMALL_BACKBONE)
    made.dataset = str(root)
    made.train.batch_size = 2
    made.train.workers = 0
    made.train.epochs = 4
    made.train.start_size = 1.0
    made.train.threads = 1  # on a busy machine others would change the number, and with it the last bits
    made.loss.max_masks = 1  # so that steps draw random numbers
    return made


def plan(config: Config) -> TrainingPlan:
    return plan_run(config, device="cpu")


def weights(run: Path) -> dict[str, torch.Tensor]:
    return load_weights(run / "weights" / "last.safetensors").model.state_dict()


def test_a_run_leaves_all_that_is_promised(config: Config, tmp_path: Path) -> None:
    lines: list[str] = []
    result = train(plan(config), tmp_path / "run", "none", say=lines.append)
    assert result.steps == 10 and not result.interrupted
    files = {path.relative_to(result.run).as_posix() for path in result.run.rglob("*") if path.is_file()}
    assert files == {
        "config.yaml",
        "dataset.yaml",
        "metrics.csv",
        "weights/best.safetensors",
        "weights/last.safetensors",
        "checkpoints/last.ckpt",
        "checkpoints/previous.ckpt",
    } | {f"progress/step-{step:06d}/00{number}_val{number - 1}.jpg" for step in (2, 4, 6, 8, 10) for number in (1, 2)}
    assert load_weights(result.run).config.classes == ["컵", "plate"]
    with (result.run / "metrics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert sum(bool(row["loss/total"]) for row in rows) == 10
    assert float(rows[-1]["val/mask_AP"]) == pytest.approx(result.metrics["mask"]["AP"], abs=1e-6)
    assert any("validation after 10 steps" in line for line in lines)


def taught_by_itself(root: Path, config: Config) -> tuple[Config, Checkpoint]:
    """A data set whose val objects are every other detection of an untrained model, and that model."""
    model = tiny_model(config)
    maker = FolderMaker(root, config.classes)
    for number in range(3):
        maker.picture("train", f"{number}.png", ["컵", "plate"], seed=number)
    for number in range(2):
        entry = maker.picture("val", f"val{number}.png", [], seed=10 + number)
        [detections] = Predictor(model, config).predict([read_picture(root / "images" / entry["file_name"])])
        large = [one for one in detections.to_coco(entry["id"]) if one["area"] > 100]
        for one in large[:8:2]:
            label = config.classes[one["category_id"] - 1]
            maker.annotate("val", entry["id"], label, one["segmentation"], bbox=one["bbox"], area=one["area"])
    alone = changed(config, epochs=4, validate_every=1, learning_rate=1e-6)
    alone.dataset = str(maker.write())
    return alone, Checkpoint(model.state_dict(), config)


def test_each_file_of_weights_has_the_threshold_of_its_own_predictions(config: Config, tmp_path: Path) -> None:
    alone, start = taught_by_itself(tmp_path / "data", config)
    alone.train.precision = "32-true"  # in bf16, validation would see other scores than prediction
    result = train(plan(alone), tmp_path / "run", start)
    assert result.threshold is not None and result.threshold.pictures == 2
    assert f"`predict` uses score {result.threshold.score:g}: chosen in training on 2 pictures" in str(result)
    dataset = load_dataset(Path(alone.dataset))
    stored = {name: tmp_path / "run" / "weights" / f"{name}.safetensors" for name in ("best", "last")}
    for file in stored.values():
        evaluated = evaluate_model(Predictor.load(file, "cpu", exact=True), dataset, "val")
        assert choose_threshold(evaluated.metrics.mask) == read_settings(file).threshold is not None
    assert read_settings(stored["best"]).threshold == result.threshold


def test_weights_that_were_not_validated_have_no_threshold(config: Config, tmp_path: Path) -> None:
    validation = ValidationCallback([], tmp_path / "best.safetensors")
    validation.threshold, validation._threshold_step = THRESHOLD, 20
    assert validation.threshold_at(20) == THRESHOLD and validation.threshold_at(21) is None


def test_learning_changes_the_weights_and_lowers_the_loss(config: Config, tmp_path: Path) -> None:
    longer = config.model_copy(deep=True)
    longer.train.epochs = 30
    result = train(plan(longer), tmp_path / "run", "none")
    with (result.run / "metrics.csv").open(encoding="utf-8") as file:
        losses = [float(row["loss/total"]) for row in csv.DictReader(file) if row["loss/total"]]
    assert sum(losses[-5:]) < 0.7 * sum(losses[:5])


@pytest.mark.parametrize(("configured", "first", "used"), [(1, None, 1), ("auto", 1, 1), ("auto", None, 2)])
def test_steps_use_their_threads_and_the_process_has_its_own_again(
    configured: int | Literal["auto"], first: int | None, used: int, config: Config, tmp_path: Path
) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    numbers: list[int] = []
    try:
        wanted = replace(plan(changed(config, threads=configured, epochs=1)), threads=first)
        train(wanted, tmp_path / "run", "none", say=lambda _line: numbers.append(torch.get_num_threads()))
        assert numbers and set(numbers) == {used}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_same_seed_gives_the_same_weights(config: Config, tmp_path: Path) -> None:
    first = weights(train(plan(config), tmp_path / "a", "none").run)
    second = weights(train(plan(config), tmp_path / "b", "none").run)
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_run_that_was_interrupted_goes_on_to_the_weights_of_one_that_was_not(config: Config, tmp_path: Path) -> None:
    undisturbed = weights(train(plan(config), tmp_path / "a", "none").run)

    def interrupt(line: str) -> None:
        if "after 4 steps" in line:
            os.kill(os.getpid(), signal.SIGINT)

    stopped = train(plan(config), tmp_path / "b", "none", say=interrupt)
    assert stopped.interrupted and stopped.steps < 10
    gone_on = train(plan(config), tmp_path / "b", "none", resume=True)
    assert gone_on.steps == 10
    resumed = weights(gone_on.run)
    assert all(torch.equal(undisturbed[key], resumed[key]) for key in undisturbed)


def test_a_complete_run_is_not_trained_again(config: Config, tmp_path: Path) -> None:
    run = train(plan(config), tmp_path / "run", "none").run
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}
    assert train(plan(config), run, "none", resume=True).steps == 10
    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_a_checkpoint_that_cannot_be_read_is_refused_and_left_alone(config: Config, tmp_path: Path) -> None:
    file = tmp_path / "run" / "checkpoints" / "last.ckpt"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(UserError, match=r"last\.ckpt"):
        train(plan(config), tmp_path / "run", "none", resume=True)
    assert file.read_bytes() == b"PK\x03\x04 torn"


def test_a_batch_is_never_larger_than_the_data_set(config: Config) -> None:
    large = config.model_copy(deep=True)
    large.train.batch_size = 64
    planned = plan(large)
    assert planned.config.train.batch_size == 5
    assert any("no more training pictures" in note for note in planned.notes)


def test_other_classes_than_the_data_sets_are_an_error(config: Config) -> None:
    other = config.model_copy(deep=True)
    other.classes = ["cup"]
    with pytest.raises(UserError, match="are not those of the data set"):
        plan(other)


def test_a_data_set_without_val_pictures_trains(tmp_path: Path, config: Config) -> None:
    maker = FolderMaker(tmp_path / "data", ["컵", "plate"])
    maker.picture("train", "a.png", ["컵", "plate"], seed=1)
    maker.write()
    alone = config.model_copy(deep=True)
    alone.dataset = str(tmp_path / "data")
    alone.train.epochs = 2
    result = train(plan(alone), tmp_path / "run", "none")
    assert result.best_ap is None
    assert (result.run / "weights" / "last.safetensors").is_file()


def changed(config: Config, **train: object) -> Config:
    made = config.model_copy(deep=True)
    made.train = made.train.model_copy(update=train)
    return made


def test_training_ends_where_ap_no_longer_rises(config: Config, tmp_path: Path) -> None:
    # With no rate to speak of AP stays as it is, so that the second validation after the first one is the last.
    patient = changed(config, patience=2, learning_rate=1e-12, epochs=40, validate_every=2)
    patient.model.backbone = "resnet18"  # whose running means do not change what is found
    lines: list[str] = []
    result = train(plan(patient), tmp_path / "run", "none", say=lines.append)
    assert result.steps == 15 and not result.interrupted
    assert lines[-1] == "ended early: no better mask AP in 2 validations (train.patience)"
    lines.clear()
    again = train(plan(patient), tmp_path / "run", "none", resume=True, say=lines.append)
    assert lines == ["This run is complete."] and not again.trained


def test_accumulated_batches_make_the_steps_of_larger_ones(config: Config, tmp_path: Path) -> None:
    accumulated = plan(changed(config, batch_size=2, accumulate=2))
    assert accumulated.budget.steps == 5  # 4 epochs of 5 pictures, 4 a step
    result = train(accumulated, tmp_path / "run", "none")
    assert result.steps == 5
    with (result.run / "metrics.csv").open(encoding="utf-8") as file:
        validated = [int(row["step"]) + 1 for row in csv.DictReader(file) if row["val/mask_AP"]]
    assert validated == [1, 2, 3, 4, 5]


def test_an_interrupted_run_that_accumulates_goes_on_to_the_same_weights(config: Config, tmp_path: Path) -> None:
    wanted = changed(config, batch_size=2, accumulate=3)
    undisturbed = weights(train(plan(wanted), tmp_path / "a", "none").run)

    def interrupt(line: str) -> None:
        if "after 2 steps" in line:
            os.kill(os.getpid(), signal.SIGINT)

    assert train(plan(wanted), tmp_path / "b", "none", say=interrupt).steps == 3
    resumed = weights(train(plan(wanted), tmp_path / "b", "none", resume=True).run)
    assert all(torch.equal(undisturbed[key], resumed[key]) for key in undisturbed)


def test_an_interrupted_run_with_a_frozen_part_and_two_rates_goes_on_to_the_same_weights(
    config: Config, tmp_path: Path
) -> None:
    backbone = tmp_path / "backbone.pth"
    torch.save(get_model(SMALL_BACKBONE, weights=None).state_dict(), backbone)
    wanted = changed(config, backbone_rate=0.1, freeze=["stem"], epochs=2)
    wanted.model.weights = str(backbone)
    undisturbed = weights(train(plan(wanted), tmp_path / "a").run)

    def interrupt(line: str) -> None:
        if "after 2 steps" in line:
            os.kill(os.getpid(), signal.SIGINT)

    assert train(plan(wanted), tmp_path / "b", say=interrupt).steps < 5
    gone_on = train(plan(wanted), tmp_path / "b", resume=True)
    assert gone_on.steps == 5
    resumed = weights(gone_on.run)
    assert all(torch.equal(undisturbed[key], resumed[key]) for key in undisturbed)
    rates = torch.load(tmp_path / "b" / "checkpoints" / "previous.ckpt", weights_only=True)["optimizer_states"][0]
    lower, higher = sorted({group["lr"] for group in rates["param_groups"]})
    assert lower == pytest.approx(0.1 * higher)
    first = torch.load(backbone, weights_only=True)["features.0.0.weight"]
    assert torch.equal(resumed["backbone.body.features.0.0.weight"], first)


def test_sgd_steps_as_the_paper_has_them(config: Config, tmp_path: Path) -> None:
    """Momentum 0.9 and weight decay 5e-4 as in the paper, without warm-up and limits: by hand and by the run."""
    paper = changed(
        config, optimizer="sgd", learning_rate=1e-3, momentum=0.9, weight_decay=5e-4, warmup=0.0, schedule="constant",
        ema_decay=0.0, clip_gradients=0.0, precision="32-true", epochs=1, progress_pictures=0,
    )  # fmt: skip
    trained = train(plan(paper), tmp_path / "run", "none")
    stored = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    group = stored["optimizer_states"][0]["param_groups"][0]
    assert (group["momentum"], group["weight_decay"], group["nesterov"]) == (0.9, 5e-4, False)
    before = torch.load(tmp_path / "run" / "checkpoints" / "previous.ckpt", weights_only=True)
    names = [name for name, value in load_weights(trained.run).model.named_parameters() if value.ndim > 1]
    for index, name in enumerate(names):
        momentum = stored["optimizer_states"][0]["state"][index]["momentum_buffer"]
        step = stored["state_dict"][f"model.{name}"] - before["state_dict"][f"model.{name}"]
        torch.testing.assert_close(step, -1e-3 * momentum, rtol=1e-3, atol=1e-7)


def without_measurable_objects(root: Path, config: Config, crowds: int, **train: object) -> Config:
    """A configuration for a data set whose val has no objects, or only crowds."""
    maker = FolderMaker(root, ["컵", "plate"])
    for number in range(2):
        maker.picture("train", f"{number}.png", ["컵", "plate"], seed=number)
    maker.picture("val", "v.png", ["컵"] * crowds, seed=9)
    for annotation in maker.documents["val"]["annotations"]:
        annotation["iscrowd"] = 1
    made = changed(config, epochs=4, ema_decay=0.0, **train)
    made.dataset = str(maker.write())
    return made


UNDEFINED = [
    (0, "val has no objects, so there is no mask AP"),
    (1, "val has nothing but 1 crowd, which is not measured, so there is no mask AP"),
    (3, "val has nothing but 3 crowds, which are not measured, so there is no mask AP"),
]


@pytest.mark.parametrize(("crowds", "reason"), UNDEFINED)
def test_without_objects_in_val_ap_is_undefined_and_the_last_weights_are_the_best(
    crowds: int, reason: str, config: Config, tmp_path: Path
) -> None:
    lines: list[str] = []
    alone = without_measurable_objects(tmp_path / "data", config, crowds)
    result = train(plan(alone), tmp_path / "run", "none", say=lines.append)
    assert result.steps == 4
    assert result.best_ap is None and result.metrics["mask"]["AP"] is None
    assert str(result).startswith(f"Done after 4 steps; {reason}. The weights")
    validations = [line for line in lines if line.startswith("validation")]
    assert validations[-1] == f"validation after 4 steps: {reason}"
    assert not any("AP 0.000" in line or "best mask AP" in line for line in lines)
    best = load_weights(result.run / "weights" / "best.safetensors").model.state_dict()
    assert all(torch.equal(best[name], value) for name, value in weights(result.run).items())


def test_patience_does_not_end_a_training_without_ap(config: Config, tmp_path: Path) -> None:
    lines: list[str] = []
    alone = without_measurable_objects(tmp_path / "data", config, 0, patience=1, validate_every=1)
    result = train(plan(alone), tmp_path / "run", "none", say=lines.append)
    assert result.steps == 4
    assert not any("ended early" in line for line in lines)


def test_a_checkpoint_that_counted_undefined_ap_as_0_is_put_right() -> None:
    picture = Picture("a.png", 8, 8, Path("a.png"))
    callback = ValidationCallback([picture], Path("best.safetensors"))
    callback.load_state_dict({"best": 0.0})
    assert callback.best is None
