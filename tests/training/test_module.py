"""The Lightning module by itself."""

from __future__ import annotations

import copy
from functools import partial

import pytest
import torch

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.training.module import TrainingModule
from yolact_kit.training.schedule import Budget


def test_a_compiled_network_gives_the_same_and_is_no_part_of_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    # What torch captures is what is tested; the default backend would spend minutes in a C++ compiler.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    config = tiny_config()
    model = tiny_model(config).eval()
    plain = TrainingModule(model, config, Budget(steps=5))
    assert plain._network() is model
    config.train.compile = True
    module = TrainingModule(model, config, Budget(steps=5))
    names = list(module.state_dict())
    images = torch.rand(2, 3, 64, 64) * 255
    with torch.no_grad():
        expected, found = model(images), module._network()(images)
    assert module._network() is not model and module._network() is module._network()
    for name, value in expected._asdict().items():
        if isinstance(value, torch.Tensor):
            torch.testing.assert_close(getattr(found, name), value)
    assert list(module.state_dict()) == names
    copy.deepcopy(module)  # as the running average does before training
