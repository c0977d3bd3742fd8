from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from yolact_kit.pixels.fingerprints import grey_thumbnail
from yolact_kit.pixels.hashes import NEAR, near_groups, near_pairs, thumbnail_hash
from yolact_kit.pixels.pictures import read_picture


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float((thumbnail_hash(grey_thumbnail(one)) != thumbnail_hash(grey_thumbnail(other))).mean())


def _as_jpeg(pixels: np.ndarray) -> np.ndarray:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=40)
    return np.array(Image.open(stream))


CHANGES = {
    "saved as a poor JPEG": _as_jpeg,
    "half the size": lambda pixels: cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "brighter": lambda pixels: np.clip(pixels * 1.1 + 6, 0, 255).astype(np.uint8),
}


@pytest.fixture(scope="module")
def pictures(repository: Path) -> list[np.ndarray]:
    files = sorted((repository / "examples" / "parts" / "pictures").rglob("*.jpg"))[:12]
    return [read_picture(file) for file in files]


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_near_and_another_picture_of_the_same_kind_is_far(
    change: str, pictures: list[np.ndarray]
) -> None:
    copies = [_distance(pixels, CHANGES[change](pixels)) for pixels in pictures]
    others = [_distance(one, CHANGES[change](other)) for one in pictures for other in pictures if one is not other]
    assert np.mean(np.array(copies) <= NEAR) > 0.9
    assert min(others) > 2 * NEAR


def test_pairs_are_found_however_many_pictures_there_are() -> None:
    random = np.random.default_rng(0)
    hashes = list(random.random((2500, 143)) < 0.5)
    hashes[2400] = hashes[7].copy()
    hashes[2400][:10] ^= True
    hashes[1500] = hashes[8].copy()
    hashes[1500][:30] ^= True
    assert near_pairs(hashes) == [(7, 2400)]


def test_groups_are_joined_by_way_of_others() -> None:
    bits = np.zeros((4, 20), dtype=bool)
    bits[1, :2], bits[2, :4], bits[3] = True, True, True
    assert near_pairs(list(bits)) == [(0, 1), (1, 2)]
    assert near_groups(list(bits)) == [[0, 1, 2]]


def test_no_picture_and_one_picture_make_no_pair() -> None:
    assert near_pairs([]) == near_groups([np.zeros(4, dtype=bool)]) == []
