"""Pictures looked at more than once, by a predictor that finds what has a colour: every mask is known to the pixel."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.errors import UserError
from yolact_kit.inference.merging import merge
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.views import View, ViewOptions, views_of
from yolact_kit.shapes.crops import MaskCrop, encode_crop
from yolact_kit.shapes.rle import encode_mask

CLASSES = ["red", "green", "blue"]


class FindsColors(Predictor):
    """Each connected area of a colour is an object, if it is no smaller than a 40th of what is looked at.

    The network's place is all that it takes: the views of the picture and the merging are the real ones.
    """

    def _predict_batch(self, batch: Sequence[tuple[str, np.ndarray]]) -> list[Prediction]:
        return [self._find(name, pixels) for name, pixels in batch]

    def _find(self, name: str, pixels: np.ndarray) -> Prediction:
        height, width = pixels.shape[:2]
        boxes, labels, masks, scores = [], [], [], []
        for label in range(3):
            others = np.delete(pixels, label, axis=2).max(axis=2)
            count, numbers, stats, _ = cv2.connectedComponentsWithStats(
                ((pixels[..., label] > 150) & (others < 90)).astype(np.uint8)
            )
            for number in range(1, count):
                x, y, wide, tall, area = stats[number].tolist()
                if max(wide, tall) * 40 >= max(width, height):
                    boxes.append([x, y, x + wide, y + tall])
                    labels.append(label)
                    masks.append(encode_mask(numbers == number))
                    scores.append(min(0.99, 0.5 + area / 1e6))
        order = np.argsort(scores)[::-1]
        return Prediction(
            name, width, height,
            np.array(boxes, dtype=np.float32).reshape(-1, 4)[order], np.array(scores, dtype=np.float32)[order],
            np.array(labels, dtype=np.int64)[order], [masks[place] for place in order], CLASSES,
        )  # fmt: skip


@pytest.fixture(scope="module")
def scene() -> tuple[np.ndarray, list[tuple[int, np.ndarray]]]:
    """1000 x 700 pixels; discs on tile borders and corners, a bar through several tiles, two discs side by side."""
    pixels, objects = np.full((700, 1000, 3), 40, dtype=np.uint8), []

    def add(label: int, draw: str, *shape: object) -> None:
        mask = np.zeros((700, 1000), dtype=np.uint8)
        getattr(cv2, draw)(mask, *shape, 1, -1)
        pixels[mask > 0] = np.eye(3, dtype=np.uint8)[label] * 220
        objects.append((label, mask > 0))

    for number, (x, y) in enumerate([(256, 150), (320, 320), (512, 256), (226, 226), (750, 350), (30, 665)]):
        add(number % 3, "circle", (x, y), 12)
    add(1, "rectangle", (75, 500), (925, 530))
    add(0, "circle", (450, 100), 11)
    add(0, "circle", (474, 100), 11)
    return pixels, objects


def found_by(options: ViewOptions, pixels: np.ndarray) -> Prediction:
    config = tiny_config(CLASSES)
    [found] = FindsColors(tiny_model(config), config, views=options).predict([pixels])
    return found


def ious(found: Prediction, objects: list[tuple[int, np.ndarray]]) -> list[float]:
    """The best IoU of each object with a detection of its class."""
    masks = [found.mask(index) > 0 for index in range(len(found))]
    kinds = found.labels.tolist()
    return [
        max(
            ((mask & one).sum() / (mask | one).sum() for one, kind in zip(masks, kinds, strict=True) if kind == label),
            default=0.0,
        )
        for label, mask in objects
    ]


@pytest.mark.parametrize(("tile", "overlap"), [(320, 0.2), (256, 0.1), (150, 0.25)])
def test_objects_on_tile_borders_are_found_whole_and_once(
    scene: tuple[np.ndarray, list], tile: int, overlap: float
) -> None:
    pixels, objects = scene
    assert len(found_by(ViewOptions(), pixels)) < len(objects)  # too small where the whole picture is looked at
    found = found_by(ViewOptions(tile=tile, overlap=overlap), pixels)
    assert ious(found, objects) == [1.0] * len(objects)
    assert len(found) == len(objects)
    for index in range(len(found)):
        y, x = found.mask(index).nonzero()
        assert found.boxes[index].tolist() == [x.min(), y.min(), x.max() + 1, y.max() + 1]


def test_tiles_alone_find_what_is_small_and_join_what_is_large(scene: tuple[np.ndarray, list]) -> None:
    pixels, objects = scene
    options = ViewOptions(tile=320, whole=False)
    assert all(view.tile for view in views_of(1000, 700, options)) and len(views_of(1000, 700, options)) == 12
    found = found_by(options, pixels)
    assert ious(found, objects) == [1.0] * len(objects) and len(found) == len(objects)
    assert views_of(300, 200, options) == [View(0, 0, 300, 200)]  # it is smaller than a tile
    with pytest.raises(UserError, match="without tiles"):
        ViewOptions(whole=False)


def test_the_parts_of_what_no_tile_shows_whole_are_joined() -> None:
    views = [View(x, 0, 100, 100, tile=True) for x in (0, 80, 160)]
    bar = np.zeros((100, 260), dtype=np.uint8)
    bar[40:60, 10:250] = 1
    other = np.zeros_like(bar)
    other[70:90, 60:140] = 1

    def seen(view: View) -> Prediction:
        masks = [one[:, view.x : view.x + 100] for one in (bar, other)]
        masks = [one for one in masks if one.any()]
        corners = [(x.min(), y.min(), x.max() + 1, y.max() + 1) for y, x in (one.nonzero() for one in masks)]
        scores = np.array([0.8, 0.6 + view.x / 1000], dtype=np.float32)[: len(masks)]
        return Prediction(
            "", 100, 100, np.array(corners, dtype=np.float32), scores, np.zeros(len(masks), dtype=np.int64),
            [encode_mask(one) for one in masks], CLASSES,
        )  # fmt: skip

    found = merge(views, [seen(view) for view in views], "a", (100, 260))
    assert len(found) == 2 and found.scores.tolist() == pytest.approx([0.8, 0.68])
    np.testing.assert_array_equal(found.mask(0), bar)
    np.testing.assert_array_equal(found.mask(1), other)
    assert found.boxes.tolist() == [[10, 40, 250, 60], [60, 70, 140, 90]]


def test_one_wrong_detection_does_not_chain_objects_together() -> None:
    """Two objects in a row, which the view of the whole takes for one, and whose neighbouring views cut them."""
    first, second = (np.zeros((40, 200), dtype=np.uint8) for _ in range(2))
    first[10:30, 20:60], second[10:30, 140:180] = 1, 1
    wrong = np.zeros_like(first)
    wrong[5:35, 15:185] = 1
    looks = [
        (View(0, 0, 200, 40), wrong, 0.9), (View(0, 0, 100, 40), first, 0.8), (View(100, 0, 100, 40), second, 0.7),
        (View(30, 0, 100, 40), first, 0.95), (View(60, 0, 100, 40), second, 0.96),
    ]  # fmt: skip

    def seen(view: View, mask: np.ndarray, score: float) -> Prediction:
        shown = mask[:, view.x : view.x + view.width]
        box = np.array([[0, 0, view.width, 40]], dtype=np.float32)
        scores, labels = np.array([score], dtype=np.float32), np.zeros(1, dtype=np.int64)
        return Prediction("", view.width, 40, box, scores, labels, [encode_mask(shown)], CLASSES)

    found = merge([view for view, _, _ in looks], [seen(*look) for look in looks], "a", (40, 200))
    masks = [found.mask(index) for index in range(len(found))]
    assert len(masks) == 3
    assert all(any((one == mask).all() for one in masks) for mask in (first, second, wrong))


@pytest.mark.parametrize("tta", [("flip",), ("scale",), ("flip", "scale")])
def test_looking_again_finds_the_same_objects_once(scene: tuple[np.ndarray, list], tta: tuple[str, ...]) -> None:
    pixels, objects = scene
    large = [(label, mask) for label, mask in objects if mask.sum() > 10_000]
    once = found_by(ViewOptions(), pixels)
    again = found_by(ViewOptions(tta=tta), pixels)
    assert ious(once, large) == ious(again, large) == [1.0] * len(large)
    assert len(again) >= len(once)
    assert len(again) == sum(iou > 0 for iou in ious(again, objects))
    if "scale" in tta:
        assert len(again) > len(once)  # from nearer, smaller objects are found


def test_the_score_is_the_mean_of_the_views_that_show_the_object_whole() -> None:
    views = [
        View(0, 0, 100, 60),
        View(0, 0, 100, 60, mirrored=True),
        View(50, 0, 50, 60),
        View(0, 0, 40, 60, tile=True),
    ]
    first, second, third = (np.zeros((60, 100), dtype=np.uint8) for _ in range(3))
    first[5:25, 70:90], second[30:50, 10:30], third[5:25, 10:30] = 1, 1, 1

    def seen(view: View, *shown: tuple[np.ndarray, float]) -> Prediction:
        masks = [mask[:, view.x : view.x + view.width] for mask, _ in shown]
        masks = [mask[:, ::-1] if view.mirrored else mask for mask in masks]
        corners = [(x.min(), y.min(), x.max() + 1, y.max() + 1) for y, x in (mask.nonzero() for mask in masks)]
        return Prediction(
            "", view.width, 60, np.array(corners, dtype=np.float32).reshape(-1, 4),
            np.array([score for _, score in shown], dtype=np.float32), np.zeros(len(shown), dtype=np.int64),
            [encode_mask(np.ascontiguousarray(mask)) for mask in masks], CLASSES,
        )  # fmt: skip

    looks = [[(first, 0.9), (second, 0.8)], [(first, 0.6)], [(first, 0.3)], [(third, 0.7)]]
    found = [seen(view, *shown) for view, shown in zip(views, looks, strict=True)]
    merged = merge(views, found, "a", (60, 100))
    assert merged.scores.tolist() == pytest.approx([0.7, 0.6, 0.4])
    for index, mask in enumerate((third, first, second)):
        np.testing.assert_array_equal(merged.mask(index), mask)
    assert merge(views, found, "a", (60, 100), score=0.5).scores.tolist() == pytest.approx([0.7, 0.6])
    assert len(merge(views, found, "a", (60, 100), limit=1)) == 1


def test_the_real_network_through_all_views() -> None:
    config = tiny_config()
    config.detect.top_k = 7
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (150, 200, 3), dtype=np.uint8)
    options = ViewOptions(tile=96, tta=("flip", "scale"))
    [found] = Predictor(tiny_model(config), config, score=0.2, views=options).predict([pixels], ["a.png"])
    assert 0 < len(found) <= 7 and found.scores.tolist() == sorted(found.scores.tolist(), reverse=True)
    assert (found.file, found.width, found.height) == ("a.png", 200, 150)
    assert all(found.mask(index).shape == (150, 200) and found.mask(index).any() for index in range(len(found)))


def test_views_cover_the_picture_and_overlap() -> None:
    views = views_of(1000, 700, ViewOptions(tile=400, overlap=0.25))[1:]
    shown = np.zeros((700, 1000), dtype=int)
    for view in views:
        assert view.x in range(601) and view.y in range(301)
        shown[view.y : view.y + 400, view.x : view.x + 400] += 1
    assert shown.min() == 1
    columns = sorted({view.x for view in views})
    assert max(np.diff(columns)) <= 300
    assert len(views_of(300, 200, ViewOptions(tile=400))) == 1  # the picture is no larger than a tile


def test_what_lies_beyond_the_picture_is_its_mean() -> None:
    pixels = np.full((10, 20, 3), 90, dtype=np.uint8)
    pixels[:, 0] = (255, 0, 0)
    shown = View(-4, -2, 28, 14, mirrored=True).of(pixels)
    assert shown.shape == (14, 28, 3) and (shown[2:12, 23] == (255, 0, 0)).all()
    assert (shown[0] == pixels.mean(axis=(0, 1)).astype(np.uint8)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tile": 8}, "cannot be made"),
        ({"tile": 640, "overlap": 1.0}, "cannot be made"),
        ({"tta": ("turn",)}, "'turn'"),
    ],
)
def test_views_that_cannot_be(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        ViewOptions(**options)


def test_each_of_a_thousand_objects_that_two_views_show_is_one() -> None:
    corners = [(x, y) for x in range(0, 400, 10) for y in range(0, 250, 10)]
    views = [View(0, 0, 400, 250), View(0, 0, 400, 250, mirrored=True)]
    predictions = []
    for view in views:
        places = [(400 - 8 - x if view.mirrored else x, y) for x, y in corners]
        boxes = np.array([(x, y, x + 8, y + 8) for x, y in places], dtype=np.float32)
        masks = [encode_crop(MaskCrop(x, y, np.ones((8, 8), np.bool_)), 250, 400) for x, y in places]
        scores, labels = np.linspace(0.9, 0.2, len(corners)), np.zeros(len(corners), np.int64)
        predictions.append(Prediction("", 400, 250, boxes, scores.astype(np.float32), labels, masks, CLASSES))
    merged = merge(views, predictions, "a", (250, 400))
    assert [tuple(box) for box in merged.boxes[:, :2].astype(int).tolist()] == corners
