from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.config.schema import DetectConfig
from yolact_kit.errors import UserError
from yolact_kit.inference.engines.torch_engine import as_arrays, scorer_of
from yolact_kit.inference.postprocess import choose_detections
from yolact_kit.models.exported_settings import OUTPUTS, WHOLE_OUTPUTS, ExportedSettings
from yolact_kit.models.traced import TracedNetwork, WholeNetwork, program_of, traced
from yolact_kit.ops.masks import assemble


def test_outputs_are_the_networks_by_name() -> None:
    model = tiny_model(tiny_config())
    form = TracedNetwork(model)
    images = torch.rand(2, 3, 64, 64) * 255
    with torch.no_grad():
        outputs, raw = form(images), model(images)
    for name, output in zip(OUTPUTS, outputs, strict=True):
        assert torch.equal(output, getattr(raw, name))


@pytest.mark.parametrize("scoring", [False, True])
def test_the_whole_network_gives_the_detections_of_the_predictor(scoring: bool) -> None:
    config = tiny_config()
    config = config.model_copy(update={"model": config.model.model_copy(update={"mask_scoring": scoring})})
    model = tiny_model(config).eval()
    if scoring:
        torch.nn.init.constant_(model.mask_scoring.layers[-2].bias, 0.5)  # or all of its IoUs are nearly 0
    images = torch.rand(1, 3, 64, 64) * 255
    with torch.no_grad():
        boxes, scores, labels, masks = WholeNetwork(model, config.detect)(images)
        raw = as_arrays(model(images))
    wanted = choose_detections(raw, 0, config.detect, 0.0, False, scorer_of(model.mask_scoring))
    count = len(wanted.scores)
    assert count > 5
    np.testing.assert_allclose(scores[0, :count], wanted.scores, rtol=1e-5)
    assert labels[0, :count].tolist() == wanted.labels.tolist()
    np.testing.assert_allclose(boxes[0, :count], wanted.boxes, rtol=1e-5, atol=1e-6)
    soft = assemble(raw.prototypes[0], wanted.coefficients, wanted.boxes)
    np.testing.assert_allclose(masks[0, :count], [mask.whole() for mask in soft], rtol=1e-5, atol=1e-6)


def test_settings_say_which_form() -> None:
    config = tiny_config()
    model = tiny_model(config)
    assert tuple(traced(model, ExportedSettings(config)).outputs) == OUTPUTS
    assert tuple(traced(model, ExportedSettings(config, whole=True)).outputs) == WHOLE_OUTPUTS


def test_suppression_that_depends_on_the_number_of_candidates_is_refused() -> None:
    with pytest.raises(UserError, match="'standard'"):
        WholeNetwork(tiny_model(tiny_config()), DetectConfig(nms="standard"))


def test_a_program_takes_any_number_of_pictures() -> None:
    model = tiny_model(tiny_config())
    program = program_of(TracedNetwork(model)).module()
    for batch in (1, 3):
        images = torch.rand(batch, 3, 64, 64) * 255
        with torch.no_grad():
            torch.testing.assert_close(program(images)[0], model(images).logits, rtol=1e-4, atol=1e-4)
