from __future__ import annotations

import numpy as np

from yolact_kit.pixels.fingerprints import THUMBNAIL, digest, grey_thumbnail


def test_a_digest_is_of_the_pixels_and_of_their_shape() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    assert digest(pixels) == digest(pixels.copy())
    assert len({digest(pixels), digest(pixels.reshape(6, 4, 3)), digest(255 - pixels)}) == 3


def test_a_thumbnail_is_the_mean_grey_of_blocks() -> None:
    levels = np.random.default_rng(0).integers(0, 256, (THUMBNAIL, THUMBNAIL), dtype=np.uint8)
    large = np.repeat(np.repeat(levels, 5, axis=0), 3, axis=1)
    np.testing.assert_array_equal(grey_thumbnail(np.stack([large] * 3, axis=2)), levels)
    stripes = np.zeros((2 * THUMBNAIL, THUMBNAIL, 3), dtype=np.uint8)
    stripes[::2] = 200
    assert (grey_thumbnail(stripes) == 100).all()
