"""Writing video files: H.264 if PyAV is installed and has it, else MPEG-4 with OpenCV."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from yolact_kit.errors import UserError

_H264 = ("libx264", "libopenh264", "h264_videotoolbox", "h264_mf")
_TICKS = 90_000
"""The times of frames are written in this many parts of a second."""


class Encoder(Protocol):
    """A video file that is being written."""

    def add(self, pixels: NDArray[np.uint8], time: float) -> None:
        """Adds a frame.

        Args:
            pixels: uint8 [H, W, 3], red, green, blue.
            time: When it is shown, in seconds from the beginning of the source.
        """

    def close(self) -> None:
        """Finishes the file, so that it can be played."""


def h264_codec() -> str:
    """Name of the H.264 encoder on this machine, "" if there is none."""
    try:
        import av
    except ImportError:
        return ""
    return next((name for name in _H264 if name in av.codecs_available), "")


def fallback_hint() -> str:
    """What to tell the user if H.264 is not available; empty if it is."""
    if h264_codec():
        return ""
    return (
        "H.264 cannot be written here, so videos are MPEG-4 (mp4v): larger, with one rate for all frames, and not "
        'played by browsers. `pip install "yolact-kit[video]"` gives H.264.'
    )


def open_video(path: Path, rate: float, size: tuple[int, int]) -> Encoder:
    """Begins a video file.

    Args:
        path: The file; it becomes an MP4, whatever its name.
        rate: Usual number of frames per second.
        size: Height and width of the frames in pixels.

    Returns:
        The file: H.264 with the frames at their own times, or else MPEG-4 with all frames at ``rate``.

    Raises:
        UserError: There is no encoder at all.
    """
    codec = h264_codec()
    return _H264File(path, codec, rate, size) if codec else _PlainFile(path, rate, size)


class _H264File:
    """H.264 by PyAV: each frame is shown at its own time."""

    def __init__(self, path: Path, codec: str, rate: float, size: tuple[int, int]) -> None:
        import av

        self._container: Any = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        options = {"preset": "veryfast", "crf": "23"} if codec == "libx264" else {}
        self._stream = self._container.add_stream(codec, Fraction(rate).limit_denominator(1001), options=options)
        # Colours are stored for pairs of pixels, so a frame with an odd side becomes one pixel larger.
        self._stream.height, self._stream.width = (side + side % 2 for side in size)
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, _TICKS)
        self._frame = av.VideoFrame.from_ndarray
        self._last = -1
        self._begin: float | None = None

    def add(self, pixels: NDArray[np.uint8], time: float) -> None:
        self._begin = time if self._begin is None else self._begin
        height, width = pixels.shape[:2]
        if height % 2 or width % 2:
            pixels = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        frame = self._frame(np.ascontiguousarray(pixels), format="rgb24")
        # Times must grow: a frame at or before the time of the last one is moved to just after it.
        self._last = max(self._last + 1, round((time - self._begin) * _TICKS))
        frame.pts, frame.time_base = self._last, Fraction(1, _TICKS)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        self._container.mux(self._stream.encode())
        self._container.close()


class _PlainFile:
    """MPEG-4 by OpenCV: all frames at one rate."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        # OpenCV takes the format from the name.
        self._path, self._beside = path, path.with_name(f"{path.name}.mp4")
        self._file = cv2.VideoWriter(str(self._beside), cv2.VideoWriter.fourcc(*"mp4v"), rate, (size[1], size[0]))
        if not self._file.isOpened():
            raise UserError(
                "No video can be written here: OpenCV has no encoder.",
                'Install one with `pip install "yolact-kit[video]"`.',
            )

    def add(self, pixels: NDArray[np.uint8], time: float) -> None:
        self._file.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))

    def close(self) -> None:
        self._file.release()
        self._beside.replace(self._path)
