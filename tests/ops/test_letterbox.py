from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from yolact_kit.ops.letterbox import GREY, Content, boxes_in_image, find_content, squash, unsquash

SIDE = 96


def standing(height: int, width: int, top: int, left: int) -> tuple[np.ndarray, torch.Tensor]:
    """A picture uint8 [height, width, 3], and the square image [1, 3, SIDE, SIDE] in 0..1 with grey around it."""
    rng = np.random.default_rng(height)
    picture = cv2.resize(rng.integers(0, 256, (9, 7, 3), dtype=np.uint8), (width, height))
    image = np.full((SIDE, SIDE, 3), 114, np.uint8)
    image[top : top + height, left : left + width] = picture
    return picture, torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255


@pytest.mark.parametrize("place", [(64, 96, 16, 0), (96, 50, 0, 23), (60, 80, 0, 0), (61, 77, 20, 3), (96, 96, 0, 0)])
def test_the_picture_is_found_wherever_it_stands(place: tuple[int, int, int, int]) -> None:
    height, width, top, left = place
    content = find_content(standing(*place)[1])
    assert content.rows.tolist() == [[top, top + height]] and content.columns.tolist() == [[left, left + width]]


def test_grey_inside_a_picture_is_no_bar_and_a_grey_image_is_a_picture() -> None:
    image = standing(64, 96, 16, 0)[1]
    image[:, :, 30:40] = GREY
    image[:, :, :, 50:60] = GREY
    assert find_content(image).rows.tolist() == [[16, 80]]
    content = find_content(torch.full((2, 3, SIDE, SIDE), GREY))
    assert content.rows.tolist() == content.columns.tolist() == [[0, SIDE]] * 2
    assert find_content(torch.full((1, 3, SIDE, SIDE), 115 / 255)).rows.tolist() == [[0, SIDE]]


@pytest.mark.parametrize(
    ("size", "area", "mode"),
    [
        (40, True, cv2.INTER_AREA),
        (32, True, cv2.INTER_AREA),
        (50, False, cv2.INTER_LINEAR),
        (90, False, cv2.INTER_LINEAR),
    ],
)
def test_what_is_between_the_bars_is_squashed_as_opencv_does_it(size: int, area: bool, mode: int) -> None:
    picture, image = standing(61, 77, 20, 3)
    squashed = squash(image * 255, find_content(image), size, area)
    expected = cv2.resize(picture.astype(np.float32), (size, size), interpolation=mode)
    np.testing.assert_allclose(squashed[0].permute(1, 2, 0).numpy(), expected, atol=1e-3)


def test_each_image_of_a_batch_has_its_own_bars() -> None:
    images = torch.cat([standing(64, 96, 16, 0)[1], standing(96, 50, 0, 23)[1]])
    both = squash(images, find_content(images), 32, area=True)
    for index in range(2):
        alone = images[index : index + 1]
        torch.testing.assert_close(both[index : index + 1], squash(alone, find_content(alone), 32, area=True))


def test_maps_are_put_where_the_picture_stands() -> None:
    torch.manual_seed(0)
    maps, content = torch.rand(1, 5, 20, 20), Content(torch.tensor([[16, 80]]), torch.tensor([[0, SIDE]]))
    placed = unsquash(maps, content, SIDE, stride=4)
    assert placed.shape == (1, 5, 24, 24)
    expected = interpolate(maps, size=(16, 24), mode="bilinear", align_corners=False)
    torch.testing.assert_close(placed[:, :, 4:20], expected)
    edge = interpolate(maps[:, :, :1], size=(1, 24), mode="bilinear", align_corners=False)
    torch.testing.assert_close(placed[:, :, :4], edge.expand(-1, -1, 4, -1))


def test_boxes_are_put_where_the_picture_stands() -> None:
    content = Content(torch.tensor([[16, 80]]), torch.tensor([[0, 96]]))
    boxes = boxes_in_image(torch.tensor([[[0.0, 0.0, 1.0, 1.0], [0.5, 0.25, 0.75, 0.5]]]), content)
    assert boxes.tolist() == [[[0, 16, 96, 80], [48, 32, 72, 48]]]


def test_positions_do_not_suffer_from_half_precision() -> None:
    image = standing(61, 77, 20, 3)[1]
    content = find_content(image)
    exact = squash(image, content, 40, area=True)
    rounded = squash(image.bfloat16().float(), find_content(image.bfloat16()), 40, area=True)
    assert (exact - rounded).abs().max() < 0.005
