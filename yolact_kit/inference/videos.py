"""Frames of videos and cameras."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.pixels.pictures import PictureError

CUT_OFF = "video-cut-off"
"""`PictureError.code` of a video that ends too early: the frames before that were given."""

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # `PictureError` reports problems with a video, once

_USUAL_RATE = 25.0
_SHORT = 0.98
"""A video with fewer than this share of its frames is truncated; without an index, the header only estimates them."""


class Frame(NamedTuple):
    """Which frame of a video a picture is.

    Attributes:
        number: Its number in the video, the first is 0.
        time: Its time in seconds from the start of the video, or from the first frame of a camera.
        rate: Frames per second of those that are processed.
    """

    number: int
    time: float
    rate: float


def count_frames(path: Path, every: int = 1) -> int:
    """How many frames a video has by its header, counting every ``every``-th one; 0 if unknown."""
    with _opened(path) as capture:
        return -(-max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT))) // every)


def read_frames(source: Path | int, every: int = 1) -> Iterator[tuple[Frame, NDArray[np.uint8]]]:
    """Decodes a video or a camera, one frame after the other.

    Args:
        source: A video file, or the number of a camera, 0 for the first.
        every: Only every Nth frame is decoded, from the first.

    Yields:
        Each frame, and its pixels, uint8 [H, W, 3], red, green, blue, turned upright as the video says.

    Raises:
        PictureError: It cannot be opened, or, with the code `CUT_OFF` and after all readable frames, it is truncated.
    """
    with _opened(source) as capture:
        rate = capture.get(cv2.CAP_PROP_FPS)
        rate = rate if 0 < rate < 1000 else _USUAL_RATE
        begin, times = time.monotonic(), [0.0, 0.0]
        for number in count():
            if not capture.grab():
                break
            # The times of the last two frames. The video ends one frame's duration after the last one.
            times = [times[1], capture.get(cv2.CAP_PROP_POS_MSEC) / 1000]
            is_decoded, pixels = capture.retrieve() if number % every == 0 else (False, None)
            if is_decoded and pixels is not None:
                when = time.monotonic() - begin if isinstance(source, int) else times[1]
                yield (
                    Frame(number, when, rate / every),
                    cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False),
                )
        if isinstance(source, Path):
            announced = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
            # The header of an AVI also counts frames that the camera dropped, so a video is complete too if its length
            # fits that number.
            whole = 2 * times[1] - times[0] >= _SHORT * announced / rate
            _check_whole(source, number, 0 if whole else announced)


def _check_whole(path: Path, frames: int, announced: int) -> None:
    """Reports a video that has no frames, or clearly fewer than its header announced."""
    if frames == 0:
        raise _unreadable(path)
    if frames < announced * _SHORT - 1:
        raise PictureError(
            f"The video '{path}' ends after {frames} of {announced} frames: it is damaged or cut off.",
            "Copy it again from its source.",
            CUT_OFF,
        )


def _unreadable(path: Path) -> PictureError:
    """Why a video cannot be opened."""
    if not path.is_file():
        return PictureError(f"The video '{path}' does not exist.", "Check its name and folder.", "picture-missing")
    return PictureError(
        f"The video '{path}' cannot be decoded: it is damaged, cut off, or not a video.",
        "Copy it again from its source, or convert it with ffmpeg.",
    )


@contextmanager
def _opened(source: Path | int) -> Iterator[cv2.VideoCapture]:
    """Opens a video or camera, and keeps OpenCV quiet meanwhile: problems are reported by `PictureError`."""
    level = _set_log_level(0)
    try:
        # A path in another script is passed to the system unchanged; a number in it is not a pattern for several
        # pictures.
        capture = cv2.VideoCapture(source if isinstance(source, int) else str(source.absolute()))
        if not capture.isOpened():
            if isinstance(source, Path):
                raise _unreadable(source)
            raise PictureError(
                f"The camera {source} cannot be opened.", "Is it plugged in, and free? Try another number."
            )
        try:
            yield capture
        finally:
            capture.release()
    finally:
        _set_log_level(level)


def _set_log_level(level: int) -> int:
    """Sets how much OpenCV prints (0 for nothing) and returns the old value. OpenCV 5 has moved the function."""
    module = cv2.utils.logging if hasattr(cv2.utils, "logging") else cv2
    before: int = module.setLogLevel(level)
    return before
