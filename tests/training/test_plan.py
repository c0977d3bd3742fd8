from __future__ import annotations

from pathlib import Path

import pytest

from tests.datasets.folders import FolderMaker
from tests.tiny_model import tiny_config
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.training.plan import check_data, describe_plan, overfitting, plan_run

CLASSES = ["컵", "plate"]


@pytest.fixture
def maker(tmp_path: Path) -> FolderMaker:
    made = FolderMaker(tmp_path / "자료", CLASSES)
    for number in range(6):
        made.picture("train", f"{number}.png", CLASSES if number else [], seed=number)
    made.picture("val", "v.png", CLASSES, seed=9)
    return made


def config_of(maker: FolderMaker) -> Config:
    config = tiny_config(CLASSES)
    config.dataset = str(maker.write())
    return config


def test_a_sound_data_set_is_let_through(maker: FolderMaker) -> None:
    problems = check_data(config_of(maker))
    assert problems and not [problem for problem in problems if problem.severity == "E"]


def test_errors_are_named_with_the_command_that_lists_them_all(maker: FolderMaker) -> None:
    for number in range(5):
        maker.annotate("train", 1, "plate", [[0.1 + number / 10, 0.1, 0.9, 0.2, 0.5, 0.9]])  # shares, not pixels
    with pytest.raises(UserError, match=r"5 errors, so nothing was trained") as caught:
        check_data(config_of(maker))
    assert caught.value.message.count("\n  ") == 4 and "... and 2 more" in caught.value.message
    assert f'yolact-kit validate "{maker.root}"' in caught.value.advice


def test_the_rate_is_scaled_once_and_only_where_asked(maker: FolderMaker) -> None:
    config = config_of(maker)
    config.train = config.train.model_copy(update={"batch_size": 2, "accumulate": 3, "learning_rate": 0.01})
    assert plan_run(config, device="cpu").config.train.learning_rate == 0.01
    config.train.reference_batch = 12
    plan = plan_run(config, device="cpu")
    assert plan.config.train.learning_rate == pytest.approx(0.005)
    assert any("0.01 is meant for 12 pictures a step" in note for note in plan.notes)
    assert plan_run(plan.config, device="cpu").config.train.learning_rate == pytest.approx(0.005)


def test_a_self_test_takes_pictures_with_objects_and_nothing_that_varies(maker: FolderMaker) -> None:
    plan = plan_run(config_of(maker), device="cpu")
    made = overfitting(plan, 3, steps=70)
    assert [picture.file for picture in made.dataset.splits["train"]] == ["1.png", "2.png", "4.png"]
    assert made.dataset.splits["val"] == made.dataset.splits["train"]
    assert made.budget.steps == 70 and not made.augmented and made.config.train.batch_size == 3
    assert plan.augmented and len(plan.dataset.splits["train"]) == 6


@pytest.mark.parametrize(
    ("crowds", "saying"), [(True, "All 10 objects of the training pictures are crowds"), (False, "No training picture")]
)
def test_a_self_test_needs_an_object(crowds: bool, saying: str, maker: FolderMaker) -> None:
    for annotation in maker.documents["train"]["annotations"]:
        annotation["iscrowd"] = 1
    if not crowds:
        maker.documents["train"]["annotations"].clear()
    plan = plan_run(config_of(maker), device="cpu")
    with pytest.raises(UserError, match=f"nothing to overfit. {saying}"):
        overfitting(plan, 3)


def test_processes_need_a_picture_each(maker: FolderMaker) -> None:
    config = config_of(maker)
    config.train = config.train.model_copy(update={"batch_size": 2, "devices": 3})
    with pytest.raises(UserError, match="cannot be divided among 3 processes"):
        plan_run(config, device="cpu")
    config.train.devices = 2
    assert plan_run(config, 60, device="cpu").budget.seconds == 60


def test_the_plan_says_all_that_was_settled(maker: FolderMaker, tmp_path: Path) -> None:
    config = config_of(maker)
    config.train.accumulate = 2
    text = "\n".join(describe_plan(plan_run(config, device="cpu"), tmp_path / "run", "imagenet"))
    for part in ("6 train, 1 val", "10 objects", "컵, plate", "64 px", "imagenet", "100 epochs = 50 steps",
                 "batch 6 x 2", "precision", "there are no more training pictures", str(tmp_path / "run")):  # fmt: skip
        assert part in text


def test_the_plan_warns_of_many_classes_with_a_single_object(maker: FolderMaker, tmp_path: Path) -> None:
    maker.classes[:] = [f"컵_{number}" for number in range(30)]
    for document in maker.documents.values():
        document["categories"] = [{"id": n, "name": name} for n, name in enumerate(maker.classes, start=1)]
        for annotation in document["annotations"]:
            annotation["category_id"] = annotation["image_id"] + 6 * (document is maker.documents["val"])
    config = config_of(maker)
    config.classes = list(maker.classes)
    lines = describe_plan(plan_run(config, device="cpu"), tmp_path / "run", "imagenet")
    assert not [line for line in lines if line.startswith("warning")]
    for number, annotation in enumerate(maker.documents["train"]["annotations"], start=1):
        annotation["category_id"] = number
    config.dataset = str(maker.write())
    lines = describe_plan(plan_run(config, device="cpu"), tmp_path / "run", "imagenet")
    (warning,) = [line for line in lines if line.startswith("warning")]
    assert "classes have a single object" in warning and "--merge-numbered" in warning
    assert next(line for line in lines if line.startswith("classes")).endswith("컵_19, ...")


def rates_of(config: Config, root: Path) -> str:
    """What the plan says of rates and frozen parts, and what was chosen."""
    lines = describe_plan(plan_run(config, device="cpu"), root / "run", config.model.weights)
    return "\n".join(line for line in lines if line.startswith(("rates", "frozen", "chosen    train")))


def test_the_plan_says_at_which_rates_parts_learn_and_what_is_frozen(maker: FolderMaker, tmp_path: Path) -> None:
    config = config_of(maker)
    assert rates_of(config, tmp_path) == "rates     backbone 0.001, like the rest (train.backbone_rate 1)"
    update = {"backbone_rate": 0.1, "freeze": ["stem", "fpn"], "freeze_norm_from": 0.65}
    config.train = config.train.model_copy(update=update)
    rates, frozen, norm = rates_of(config, tmp_path).splitlines()
    assert "backbone 0.0001, the rest 0.001 (train.backbone_rate 0.1)" in rates
    assert "stem, fpn: weights and batch norm stay as they are" in frozen
    assert "batch norm of the backbone, from 65% of the training on" in norm
    config.train.batch_size = 2
    assert "batch norm of the backbone: a batch of 2 is too small" in rates_of(config, tmp_path)
    config.train.freeze = ["backbone"]  # which has neither a rate nor batch norm that counts
    assert rates_of(config, tmp_path).startswith("frozen    backbone: weights and batch norm")
    assert "\n" not in rates_of(config, tmp_path)


def test_from_random_weights_the_backbone_learns_like_the_rest_and_nothing_is_frozen(
    maker: FolderMaker, tmp_path: Path
) -> None:
    config = config_of(maker)
    config.model.weights = "none"
    config.train.backbone_rate = 0.1
    config.train.freeze = ["stem"]
    planned = plan_run(config, device="cpu")
    assert (planned.config.train.backbone_rate, planned.config.train.freeze) == (1, [])
    assert (config.train.backbone_rate, config.train.freeze) == (0.1, ["stem"])
    notes = [note for note in planned.notes if note.startswith("without effect")]
    assert len(notes) == 1
    assert notes[0].endswith("everything is to be learnt: train.freeze (stem), train.backbone_rate 0.1")
