"""Scores are multiplied by how well masks fit: before the threshold, and after it in legacy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.config.schema import DetectConfig
from yolact_kit.inference.engines.engine import MaskScorer, NetworkOutputs
from yolact_kit.inference.engines.torch_engine import as_arrays, scorer_of
from yolact_kit.inference.postprocess import detect_objects, postprocess
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.mask_scoring import MaskScoring
from yolact_kit.ops.masks import assemble

SIZE = (48, 64)


@pytest.fixture(scope="module")
def scorer() -> MaskScorer:
    torch.manual_seed(1)
    made = MaskScoring(classes=3)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.mul_(1.5)
        made.layers[-2].bias.fill_(0.3)
    return scorer_of(made)


@pytest.fixture(scope="module")
def raw() -> NetworkOutputs:
    model = tiny_model(tiny_config()).eval()
    with torch.inference_mode():
        return as_arrays(model(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 255))


def fits(raw: NetworkOutputs, scorer: MaskScorer, legacy: bool) -> tuple[np.ndarray, np.ndarray]:
    """The scores of a picture's detections, and how well their masks fit."""
    found = detect_objects(raw, 0, DetectConfig(), legacy)
    soft = assemble(raw.prototypes[0], found.coefficients, found.boxes)
    return found.scores, scorer(np.stack([mask.whole() for mask in soft]), found.labels)


def test_the_threshold_is_on_the_new_scores_and_the_best_comes_first(raw: NetworkOutputs, scorer: MaskScorer) -> None:
    before, fit = fits(raw, scorer, legacy=False)
    assert fit.min() < fit.max()
    threshold = float(np.median(before * fit))
    found = postprocess(raw, 0, SIZE, DetectConfig(), threshold, scorer=scorer)
    assert (np.diff(found.scores) <= 0).all()
    assert 0 < len(found.scores) <= int((before * fit >= threshold).sum())
    assert (found.scores >= threshold).all()


def test_in_legacy_the_threshold_is_on_the_old_scores_and_the_order_stays(
    raw: NetworkOutputs, scorer: MaskScorer
) -> None:
    before, fit = fits(raw, scorer, legacy=True)
    threshold = float(np.sort(before)[(len(before) - 1) // 2])
    found = postprocess(raw, 0, SIZE, DetectConfig(), threshold, legacy=True, scorer=scorer)
    np.testing.assert_allclose(found.scores, (before * fit)[before > threshold], rtol=1e-5)


def test_nothing_found_is_nothing_scored(raw: NetworkOutputs, scorer: MaskScorer) -> None:
    logits = np.zeros_like(raw.logits)
    logits[..., 0] = 20
    empty = raw._replace(logits=logits)
    assert len(postprocess(empty, 0, SIZE, DetectConfig(), scorer=scorer).scores) == 0


def test_a_predictor_scores_masks_where_its_model_does() -> None:
    config = tiny_config()
    config.model.mask_scoring = True
    model = tiny_model(config)
    assert model.mask_scoring is not None
    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    [scored] = Predictor(model, config).predict([picture])
    model.mask_scoring = None
    [plain] = Predictor(model, config).predict([picture])
    assert len(plain.scores) and sorted(scored.scores) != sorted(plain.scores)
