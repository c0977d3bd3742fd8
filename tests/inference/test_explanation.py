from __future__ import annotations

import numpy as np
import pytest

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.api.model import YOLACT
from yolact_kit.inference.explanation import VIEW, Explanation, explain
from yolact_kit.inference.predictor import Predictor
from yolact_kit.ops.masks import assemble


def picture(height: int = 48, width: int = 64) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def predictor_of(nms: str = "fast", mask_scoring: bool = False, **options: object) -> Predictor:
    config = tiny_config()
    config.model.mask_scoring = mask_scoring
    config.detect.nms = nms  # type: ignore[assignment]
    return Predictor(tiny_model(config), config, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def explained() -> Explanation:
    return explain(predictor_of(), picture(), "컵.png")


@pytest.mark.parametrize(
    ("nms", "options"),
    [
        ("fast", {"mask_scoring": True}),
        ("fast", {"legacy": True, "score": 0.1}),
        ("cross-class", {"mask_scoring": True, "legacy": True}),
        ("standard", {"score": 0.2}),
        ("cluster-spm", {}),
    ],
    ids=str,
)
def test_it_explains_what_the_predictor_gives(nms: str, options: dict) -> None:
    predictor = predictor_of(nms, **options)
    [found] = predictor.predict([picture()])
    told = explain(predictor, picture())
    assert len(found) > 0
    assert told.prediction.masks == found.masks
    np.testing.assert_array_equal(told.prediction.scores, found.scores)
    np.testing.assert_array_equal(told.prediction.boxes, found.boxes)
    for index in range(len(found)):
        np.testing.assert_array_equal(told.mask(index), found.mask(index))
        source = told.candidates[told.sources[index]]
        assert (source.label, source.fate) == (found.labels[index], "given out")
        if not predictor.legacy:
            assert source.box == pytest.approx(found.boxes[index].tolist())
    assert sum(one.fate == "given out" for one in told.candidates) == len(found)


def test_the_terms_add_up_to_the_mask(explained: Explanation) -> None:
    for index in range(len(explained.prediction)):
        order = explained.order(index)
        assert sorted(order.tolist()) == list(range(8))
        assert (np.diff(np.abs(explained.shares(index)[order])) <= 0).all()
        one = explained.coefficients[index][order[0]] * explained.prototypes[order[0]]
        np.testing.assert_allclose(explained.running_sum(index, 1), one, atol=1e-6)
        x1, y1, x2, y2 = explained.crops[index]
        soft = explained.soft_mask(index)[y1:y2, x1:x2]
        np.testing.assert_allclose(soft, 1 / (1 + np.exp(-explained.running_sum(index)[y1:y2, x1:x2])), atol=1e-6)
        assert soft.sum() == pytest.approx(explained.soft_mask(index).sum())


def test_crops_are_those_of_the_masks() -> None:
    predictor = predictor_of()
    told = explain(predictor, picture())
    ones = np.full((1, 16, 16), 9, dtype=np.float32)
    for index, (x1, y1, x2, y2) in enumerate(told.prediction.boxes.tolist()):
        box = np.array([[x1 / 64, y1 / 48, x2 / 64, y2 / 48]], dtype=np.float32)
        [mask] = assemble(ones, ones[:, :1, 0], box)
        inside = mask.whole() > 0
        left, top, right, bottom = told.crops[index]
        assert inside[top:bottom, left:right].all()
        assert int(inside.sum()) == (bottom - top) * (right - left)


def test_other_coefficients_give_another_mask(explained: Explanation) -> None:
    opposite = -explained.coefficients[0]
    x1, y1, x2, y2 = explained.crops[0]
    whole = explained.soft_mask(0) + explained.soft_mask(0, opposite)
    np.testing.assert_allclose(whole[y1:y2, x1:x2], 1, atol=1e-6)
    assert (explained.mask(0, opposite) != explained.mask(0)).any()


def test_suppressed_boxes_name_the_better_one_of_their_class(explained: Explanation) -> None:
    lost = [one for one in explained.candidates if one.fate == "suppressed"]
    assert lost
    for one in lost:
        assert one.rival is not None
        rival = explained.candidates[one.rival]
        assert rival.score >= one.score
        assert rival.label == one.label
        assert one.iou > explained.nms_iou


def test_every_anchor_lies_on_its_own_pyramid_level(explained: Explanation) -> None:
    # Cells a side and scale of the levels of the tiny model, whose input is 64 x 64; its anchors are square there.
    levels = {3: (8, 8), 4: (4, 16), 5: (2, 32), 6: (1, 48), 7: (1, 64)}
    assert len({one.level for one in explained.candidates}) > 2
    for one in explained.candidates:
        cells, scale = levels[one.level]
        x1, _, x2, _ = one.anchor
        column = (x1 + x2) / 2 / 64 * cells - 0.5
        assert column == pytest.approx(round(column), abs=1e-3)
        assert any(x2 - x1 == pytest.approx(scale * ratio**0.5, rel=1e-4) for ratio in (0.5, 1, 2))


def test_large_pictures_are_kept_smaller() -> None:
    told = explain(predictor_of(), picture(900, 1200))
    assert told.view.shape == (600, VIEW, 3)
    assert told.mask(0).shape == (900, 1200)


def test_a_picture_without_detections_has_prototypes_all_the_same() -> None:
    told = explain(predictor_of(score=1.0), picture())
    assert (len(told.prediction), told.coefficients.shape, told.crops.shape) == (0, (0, 8), (0, 4))
    assert told.prototypes.shape == (8, 16, 16)
    assert {one.fate for one in told.candidates} <= {"low score", "suppressed", "cut off"}


def test_three_lines_of_python() -> None:
    [told] = YOLACT.from_predictor(predictor_of()).explain(picture())
    [found] = YOLACT.from_predictor(predictor_of()).predict(picture())
    assert told.prediction.masks == found.masks
