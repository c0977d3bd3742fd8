from __future__ import annotations

import json

import pytest
import torch
from safetensors import safe_open

from yolact_kit.annotations.read import read_source
from yolact_kit.config.files import template
from yolact_kit.errors import UserError
from yolact_kit.models.preprocess import prepare
from yolact_kit.models.starter import STARTERS, starter_file
from yolact_kit.models.transfer import transfer
from yolact_kit.models.weights import read_starter
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.shipped import shipped


@pytest.mark.parametrize("backbone", STARTERS)
def test_the_file_is_small_and_says_where_it_comes_from(backbone: str) -> None:
    file = starter_file(backbone)
    assert file.stat().st_size <= 10_000_000
    with safe_open(file, framework="pt") as stored:
        metadata = stored.metadata()
        kinds = {stored.get_tensor(key).dtype for key in stored.keys()}  # noqa: SIM118 - no mapping
    assert kinds == {torch.float16, torch.int64}
    provenance = json.loads(metadata["provenance"])
    assert "Apache-2.0" in provenance["backbone"]
    assert provenance["licence"] == "Apache-2.0"
    assert (file.parent / "README.md").is_file(), "the model card"


def test_the_whole_of_the_small_preset_begins_with_it() -> None:
    config = template("yolact_nano")
    config.classes = ["나사", "nut"]
    model = YolactNetwork(config.model, 2)
    parts = {part.name: part for part in transfer(model, config.classes, read_starter(config.model.backbone))}
    assert {name for name, part in parts.items() if part.initialised} == set()
    assert parts["head.score"].averaged == config.classes
    assert parts["head.score"].loaded == ["(background)"]


def test_it_tells_things_from_background_before_any_training() -> None:
    # A dark disc on grey: nothing that it was trained on, but a thing with an edge.
    config = template("yolact_nano")
    config.classes = ["disc"]
    model = YolactNetwork(config.model, 1)
    transfer(model, config.classes, read_starter(config.model.backbone))
    y, x = torch.meshgrid(torch.arange(256), torch.arange(256), indexing="ij")
    empty = torch.full((1, 3, 256, 256), 150.0)
    picture = empty.clone()
    picture[:, :, (y - 128) ** 2 + (x - 128) ** 2 < 50**2] = 40.0
    with torch.no_grad():
        raw = model.eval()(torch.cat([picture, empty]))
    scores = raw.logits.softmax(-1)[:, :, 1]
    assert scores[0].max() > 0.3 > 2 * scores[1].max()
    centre = raw.anchors[scores[0].argmax(), :2]
    assert ((centre - 0.5).abs() < 0.15).all()


def test_in_most_pictures_that_it_has_not_seen_its_surest_box_is_on_a_thing() -> None:
    config = template("yolact_nano")
    config.classes = ["bolt", "hinge", "washer"]
    model = YolactNetwork(config.model, 3).eval()
    transfer(model, config.classes, read_starter(config.model.backbone))
    pictures = [labelled.picture for labelled in read_source(shipped("examples", "parts", "pictures")).labelled]
    right = 0
    for picture in pictures:
        with torch.no_grad():
            raw = model(torch.from_numpy(prepare(picture.read(), config.model))[None])
        scores = 1 - raw.logits.softmax(-1)[0, :, 0]
        x, y = (raw.anchors[scores.argmax(), :2] * torch.tensor([picture.width, picture.height])).tolist()
        boxes = [thing.box() for thing in picture.instances]
        on_a_thing = any(left <= x <= left + width and top <= y <= top + height for left, top, width, height in boxes)
        right += bool(scores.max() > 0.5) and on_a_thing
    assert right >= 0.8 * len(pictures)


def test_other_backbones_have_none() -> None:
    with pytest.raises(UserError, match="no starter weights for resnet18, only for efficientnet_lite0") as caught:
        starter_file("resnet18")
    assert "--weights none" in caught.value.advice
