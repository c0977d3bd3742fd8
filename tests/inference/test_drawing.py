from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from pycocotools import mask as coco_mask

from yolact_kit.annotations.dataset import Instance
from yolact_kit.inference import fonts
from yolact_kit.inference.drawing import (
    DrawnObject,
    Style,
    class_color,
    class_font,
    draw,
    draw_instances,
    draw_prediction,
    label_text,
    occupy,
    place_label,
)
from yolact_kit.inference.fonts import VARIABLE, find_font
from yolact_kit.inference.prediction import Prediction
from yolact_kit.shapes.rle import Rle

HEIGHT, WIDTH = 120, 200


def rectangle(x1: int, y1: int, x2: int, y2: int) -> Rle:
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8, order="F")
    mask[y1:y2, x1:x2] = 1
    rle = coco_mask.encode(mask)
    return {"size": [HEIGHT, WIDTH], "counts": rle["counts"].decode("ascii")}


def prediction(*boxes: tuple[int, int, int, int], classes: list[str] | None = None) -> Prediction:
    return Prediction(
        "a.png",
        WIDTH,
        HEIGHT,
        np.array(boxes, dtype=np.float32).reshape(-1, 4),
        np.linspace(0.9, 0.5, len(boxes), dtype=np.float32),
        np.arange(len(boxes), dtype=np.int64) % 2,
        [rectangle(*box) for box in boxes],
        classes or ["cup", "plate"],
    )


@pytest.fixture
def grey() -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), 128, dtype=np.uint8)


@pytest.fixture
def korean_font(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A font that has digits and, as a filled box, the syllable that no font of this machine may have."""
    characters = "0123456789.# 컵"
    names = {ord(character): f"glyph{number}" for number, character in enumerate(characters)}
    pen = TTGlyphPen(None)
    for place, point in enumerate([(0, 0), (0, 800), (800, 800), (800, 0)]):
        (pen.moveTo if place == 0 else pen.lineTo)(point)
    pen.closePath()
    filled, empty = pen.glyph(), TTGlyphPen(None).glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", *names.values()])
    builder.setupCharacterMap(names)
    builder.setupGlyf({".notdef": empty} | {n: empty if c == 32 else filled for c, n in names.items()})
    builder.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (900, 0)))
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": "Test", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    path = tmp_path / "글꼴.ttf"
    builder.save(path)
    monkeypatch.setenv(VARIABLE, str(path))
    return path


def test_masks_are_filled_in_their_class_color_and_only_there(grey: np.ndarray) -> None:
    drawn = draw_prediction(grey, prediction((20, 30, 80, 90)), Style(fill=0.5, labels=False))
    assert drawn.shape == grey.shape and drawn.dtype == np.uint8
    expected = np.rint(0.5 * 128 + 0.5 * np.array(class_color(0)))
    np.testing.assert_array_equal(drawn[60, 50], expected.astype(np.uint8))
    changed = (drawn != grey).any(axis=2)
    assert changed[30:90, 20:80].all()
    assert not changed[:27].any() and not changed[:, 84:].any()
    assert (grey == 128).all()


def test_the_best_is_on_top(grey: np.ndarray) -> None:
    drawn = draw_prediction(grey, prediction((20, 20, 80, 80), (40, 40, 110, 110)), Style(fill=1, labels=False))
    assert drawn[60, 60].tolist() == list(class_color(0))
    assert drawn[95, 95].tolist() == list(class_color(1))


def test_outlines_are_anti_aliased() -> None:
    black = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8, order="F")
    for row in range(80):
        mask[20 + row, 20 : 22 + row] = 1
    coded = coco_mask.encode(mask)
    found = prediction((20, 20, 101, 100))
    found.masks[0] = {"size": [HEIGHT, WIDTH], "counts": coded["counts"].decode("ascii")}
    drawn = draw_prediction(black, found, Style(fill=0, labels=False))
    assert len(np.unique(drawn[:, :, 0])) > 4


def test_boxes_on_request(grey: np.ndarray) -> None:
    found = prediction((20, 30, 80, 90))
    found.boxes[0] = [5, 5, 195, 115]
    without, drawn = (draw_prediction(grey, found, Style(labels=False, boxes=boxes)) for boxes in (False, True))
    assert without[5, 100].tolist() == [128] * 3
    assert drawn[5, 100].tolist() == list(class_color(0))


def test_nothing_found_changes_nothing(grey: np.ndarray) -> None:
    np.testing.assert_array_equal(draw_prediction(grey, prediction()), grey)


def test_labelled_objects_have_the_colors_of_predictions(grey: np.ndarray) -> None:
    polygon = np.array([[20, 30], [80, 30], [80, 90], [20, 90]], dtype=np.float64)
    objects = [Instance("plate", [polygon]), Instance("cup", rle=rectangle(100, 10, 150, 60), crowd=True)]
    drawn = draw_instances(grey, objects, ["cup", "plate"], Style(fill=1, labels=False))
    assert drawn[60, 50].tolist() == list(class_color(1))
    assert drawn[40, 120].tolist() == [128] * 3


def test_colors_are_stable_and_apart() -> None:
    colors = [class_color(index) for index in range(60)]
    assert colors == [class_color(index) for index in range(60)]
    assert len(set(colors)) == 60
    assert all(0 <= part <= 255 for color in colors for part in color)
    neighbours = [sum(abs(a - b) for a, b in zip(*pair, strict=True)) for pair in pairwise(colors)]
    assert min(neighbours) > 60


def covered(rectangles: list[tuple[int, int, int, int]]) -> np.ndarray:
    """The pixels of a picture that some rectangles cover."""
    occupied = np.zeros((HEIGHT, WIDTH), np.bool_)
    for rectangle_of_label in rectangles:
        occupy(occupied, rectangle_of_label)
    return occupied


def test_labels_stay_inside_and_keep_apart_where_there_is_room() -> None:
    placed: list[tuple[int, int, int, int]] = []
    for _ in range(4):
        spot = place_label((50, 40, 120, 100), (40, 12), covered(placed))
        assert spot is not None and min(spot) >= 0 and spot[2] <= WIDTH and spot[3] <= HEIGHT
        for other in placed:
            assert spot[2] <= other[0] or other[2] <= spot[0] or spot[3] <= other[1] or other[3] <= spot[1]
        placed.append(spot)
    assert placed[0] == (50, 28, 90, 40)


def test_labels_of_a_crowd_go_around_it() -> None:
    placed: list[tuple[int, int, int, int]] = []
    for number in range(20):
        spot = place_label((90 + number % 3, 50, 110, 60 + number % 5), (40, 10), covered(placed))
        assert spot is not None
        assert not [other for other in placed if max(spot[0], other[0]) < min(spot[2], other[2])
                    and max(spot[1], other[1]) < min(spot[3], other[3])]  # fmt: skip
        placed.append(spot)


def test_a_label_that_went_elsewhere_is_joined_with_its_object(grey: np.ndarray) -> None:
    found = prediction(*[(95, 55, 105, 65)] * 14)
    found.labels[:] = 0
    drawn = draw_prediction(grey, found, Style(fill=0.01, text=14))
    lines = (np.abs(drawn.astype(int) - class_color(0)).sum(axis=2) < 12).sum()
    alone = draw_prediction(grey, prediction((95, 55, 105, 65)), Style(fill=0.01, text=14))
    assert lines > (np.abs(alone.astype(int) - class_color(0)).sum(axis=2) < 12).sum() + 20


def test_a_label_without_room_is_left_out() -> None:
    assert place_label((50, 40, 120, 100), (40, 12), covered([(0, 0, WIDTH, HEIGHT)])) is None
    assert place_label((50, 40, 120, 100), (WIDTH, 12), covered([(0, 20, 1, 120)])) == (0, 4, WIDTH, 16)


def test_labels_do_not_hide_the_picture(grey: np.ndarray) -> None:
    boxes = [(x, y, x + 12, y + 12) for y in range(0, 108, 12) for x in range(0, 188, 12)]
    shapes = [DrawnObject(rectangle(0, 0, 0, 0), box, (255, 0, 0), "cup") for box in boxes]
    assert 0.2 < (draw(grey, shapes, class_font(["cup"])) != grey).any(axis=2).mean() < 0.5


def test_labels_keep_clear_of_what_is_taken(grey: np.ndarray) -> None:
    found, style = prediction((10, 20, 60, 60)), Style(fill=0, labels=True)
    free, clear = (draw_prediction(grey, found, style, taken) for taken in ([], [(0, 0, WIDTH, 19)]))
    assert (free[:19] != 128).any() and not (clear[:19] != 128).any() and (clear[19:] != free[19:]).any()


def test_lines_are_thin_and_text_is_small_where_objects_are() -> None:
    large = np.full((HEIGHT * 10, WIDTH * 10, 3), 128, dtype=np.uint8)
    shapes = [DrawnObject(rectangle(*box), box, (255, 0, 0), "cup") for box in ((20, 30, 40, 50), (120, 30, 140, 50))]
    changed = (draw(large, shapes, class_font(["cup"])) != large).any(axis=2).nonzero()
    assert changed[0].min() >= 30 - 20 and changed[0].max() <= 51


def test_colors_by_instance(grey: np.ndarray) -> None:
    found = prediction((10, 10, 50, 50), (60, 10, 100, 50), (110, 10, 150, 50))
    found.labels[:] = 0
    for by_instance, count in ((False, 1), (True, 3)):
        drawn = draw_prediction(grey, found, Style(fill=1, labels=False, by_instance=by_instance))
        assert len({tuple(drawn[30, x].tolist()) for x in (30, 80, 130)}) == count


@pytest.mark.parametrize("box", [(0, 0, 5, 5), (195, 115, 200, 120), (0, 0, 200, 120), (-10, -10, 3, 3)])
def test_labels_of_boxes_at_the_border_are_inside(box: tuple[int, int, int, int]) -> None:
    spot = place_label(box, (60, 14), covered([]))
    assert spot is not None
    x1, y1, x2, y2 = spot
    assert min(x1, y1) >= 0 and x2 <= WIDTH and y2 <= HEIGHT
    assert (x2 - x1, y2 - y1) == (60, 14)


def test_text_of_other_scripts_is_drawn_with_a_font_that_has_it(grey: np.ndarray, korean_font: Path) -> None:
    font = class_font(["컵"])
    assert (font.path, font.missing, font.hint) == (korean_font, "", "")
    assert label_text(["컵"], 0, 0.5, font) == "컵 0.50"
    found = prediction((60, 60, 120, 100), classes=["컵", "컵컵컵컵"])
    short = draw_prediction(grey, found)
    found.labels[:] = 1
    long = draw_prediction(grey, found)
    above = np.s_[:58, :]
    # The glyph is a filled box here, so more glyphs are more white pixels.
    white = [int((drawn[above] == 255).all(axis=2).sum()) for drawn in (short, long)]
    assert 0 < white[0] < white[1]


def test_characters_that_no_font_has_give_numbers_and_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(fonts, "_system_fonts", tuple)  # a machine without fonts, however this one is
    fonts._find.cache_clear()
    font = class_font(["cup", "컵"])
    fonts._find.cache_clear()
    assert font.missing == "컵"
    assert "컵" in font.hint and VARIABLE in font.hint
    assert label_text(["cup", "컵"], 0, 0.5, font) == "cup 0.50"
    assert label_text(["cup", "컵"], 1, None, font) == "#2"


def test_latin_needs_no_font_of_the_machine() -> None:
    assert find_font(["cup déjà vu Тест Ω 0.97"]).missing == ""


def test_a_font_that_is_no_font_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    monkeypatch.setenv(VARIABLE, str(broken))
    assert find_font(["cup"]).path != broken


def test_plot_draws_the_picture_itself(tmp_path: Path) -> None:
    from PIL import Image

    pixels = np.full((HEIGHT, WIDTH, 3), 77, dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "컵.png")
    found = prediction((20, 30, 80, 90))
    found.file = str(tmp_path / "컵.png")
    np.testing.assert_array_equal(found.plot(), found.plot(pixels))
    assert (found.plot() != pixels).any()
