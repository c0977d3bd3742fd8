from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.config.files import template
from yolact_kit.datasets.statistics import best_anchor_iou, object_table
from yolact_kit.errors import UserError
from yolact_kit.planning.anchors import choose_anchors
from yolact_kit.planning.machine import Machine, this_machine
from yolact_kit.planning.plan import choose_model, plan, relative_dataset

CPU = Machine(cores=2)
GPU = Machine("A GPU", 16.0, 8)


def _dataset(train: int, val: int = 2, width: float = 30, height: float = 30) -> Dataset:
    ring = np.array([[10, 10], [10 + width, 10], [10 + width, 10 + height], [10, 10 + height]], dtype=np.float64)

    def picture(name: str) -> Picture:
        return Picture(name, 256, 256, Path(name), [Instance("너트", [ring])])

    splits = {"train": [picture(f"t{n}.png") for n in range(train)], "val": [picture(f"v{n}.png") for n in range(val)]}
    return Dataset("made", ["너트"], splits, Path("데이터"))


@pytest.mark.parametrize(("machine", "name"), [(CPU, "yolact_nano"), (GPU, "yolact_resnet50")])
def test_the_model_suits_the_machine(machine: Machine, name: str) -> None:
    made = plan(_dataset(20), machine=machine)
    assert made.config.model.name == name
    assert ("GPU" in made.reasons["model.name"]) and made.reasons["model.name"]


def test_a_model_that_was_asked_for_is_taken() -> None:
    assert plan(_dataset(20), "yolact_base", machine=CPU).config.model.backbone == "resnet101"
    assert choose_model("yolact_base", CPU) == ("yolact_base", "as asked for")


def test_a_misspelt_model_gets_the_nearest_name() -> None:
    with pytest.raises(UserError) as caught:
        plan(_dataset(20), "yolact-nano", machine=CPU)
    assert "'yolact_nano'" in caught.value.advice


@pytest.mark.parametrize("pictures", [1, 3, 8, 500])
def test_a_batch_is_never_larger_than_the_training_split(pictures: int) -> None:
    made = plan(_dataset(pictures), machine=CPU)
    preset = template("yolact_nano").train.batch_size
    assert made.config.train.batch_size == min(pictures, preset)
    assert "train.batch_size" in made.reasons


def test_a_smaller_batch_of_sgd_has_a_lower_rate_in_proportion() -> None:
    made = plan(_dataset(4), "yolact_base", machine=GPU)
    assert made.config.train.batch_size == 4
    assert made.config.train.learning_rate == pytest.approx(0.0005)
    assert "train.learning_rate" in made.reasons


def test_a_small_gpu_gets_a_small_batch() -> None:
    assert plan(_dataset(100), machine=Machine("small", 3.9, 4)).config.train.batch_size == 3
    assert plan(_dataset(100), size=256, machine=Machine("small", 3.9, 4)).config.train.batch_size == 8


def test_more_pictures_get_fewer_epochs() -> None:
    epochs = [plan(_dataset(pictures), machine=CPU).config.train.epochs for pictures in (8, 200, 100_0)]
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] > epochs[1] > epochs[2] >= 10


def test_a_size_scales_the_anchors() -> None:
    preset = template("yolact_nano").model
    made = plan(_dataset(10, width=60, height=60), size=preset.input_size * 2, machine=CPU).config.model
    assert made.input_size == preset.input_size * 2
    assert made.anchors.scales[0][0] == pytest.approx(preset.anchors.scales[0][0] * 2)
    with pytest.raises(UserError, match="input_size"):
        plan(_dataset(10), size=7, machine=CPU)


def test_anchors_that_fit_stay_and_others_are_widened() -> None:
    preset = template("yolact_nano").model.anchors
    fitting = plan(_dataset(10), machine=CPU)
    assert fitting.config.model.anchors == preset
    table = object_table(_dataset(10, width=120, height=22), "train")
    assert (best_anchor_iou(table, preset, 256) < 0.5).all()
    chosen = choose_anchors(table, preset, 256, 0.5)
    assert (best_anchor_iou(table, chosen.anchors, 256) >= 0.5).all()
    assert "100%" in chosen.reason and "5 anchors at each position instead of 3 take more time" in chosen.reason


def test_nothing_to_train_on_is_an_error() -> None:
    with pytest.raises(UserError, match="no pictures to train on"):
        plan(_dataset(0), machine=CPU)
    empty = _dataset(2)
    for picture in empty.splits["train"]:
        picture.instances.clear()
    with pytest.raises(UserError, match="no objects"):
        plan(empty, machine=CPU)


def test_no_val_pictures_work_and_are_spoken_of() -> None:
    assert "val" in plan(_dataset(5, val=0), machine=CPU).reasons["train.validate_every"]


def test_the_classes_are_the_data_sets() -> None:
    assert plan(_dataset(5), machine=CPU).config.classes == ["너트"]


def test_reasons_belong_to_keys_that_there_are() -> None:
    made = plan(_dataset(2), "yolact_base", size=320, machine=GPU)
    for key in made.reasons:
        value = made.config
        for part in key.split("."):
            value = getattr(value, part)


def test_the_data_set_is_named_relative_to_the_file() -> None:
    assert relative_dataset(Path("/a/b/데이터"), Path("/a/c/config.yaml")) == "../b/데이터"


def test_this_machine_has_cores() -> None:
    assert this_machine().cores >= 1


@pytest.mark.parametrize(
    ("train", "val", "crowds_in", "message"),
    [
        (3, 2, ("train", "val"), "All 5 objects of '데이터' are crowds, which are not learnt."),
        (3, 2, ("train",), "All 3 objects of the training pictures of '데이터' are crowds, which are not learnt."),
        (3, 0, ("train",), "All 3 objects of '데이터' are crowds, which are not learnt."),
        (1, 0, ("train",), "The only object of '데이터' is a crowd, which is not learnt."),
    ],
)
def test_crowds_only_cannot_be_learnt(train: int, val: int, crowds_in: tuple[str, ...], message: str) -> None:
    dataset = _dataset(train, val)
    for split in crowds_in:
        for picture in dataset.splits[split]:
            for instance in picture.instances:
                instance.crowd = True
    with pytest.raises(UserError) as raised:
        plan(dataset, machine=CPU)
    assert raised.value.message == message
    assert "iscrowd" in raised.value.advice


def test_one_object_among_crowds_is_enough() -> None:
    dataset = _dataset(3)
    for picture in dataset.splits["train"][1:]:
        picture.instances[0].crowd = True
    assert plan(dataset, machine=CPU).config.classes == ["너트"]


def test_a_plan_warns_of_many_classes_with_a_single_object() -> None:
    dataset = _dataset(6)
    assert plan(dataset, machine=CPU).warnings == []
    dataset.classes = [f"컵_{number}" for number in range(8)]
    for number, picture in enumerate(dataset.pictures()):
        picture.instances[0].label = f"컵_{number}"
    text = str(plan(dataset, machine=CPU))
    assert "warning: 8 of 8 classes have a single object, such as '컵_0'" in text and "--merge-numbered" in text
