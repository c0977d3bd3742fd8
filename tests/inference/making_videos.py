"""Real video files for tests, and what ffprobe reads in one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.programs import require_program


def make_video(
    path: Path,
    frames: Iterable[np.ndarray],
    rate: int = 10,
    times: Sequence[float] | None = None,
    codec: str = "mpeg4",
    tick: Fraction = Fraction(1, 1000),
) -> Path:
    """Writes a video; ``times`` in seconds, as multiples of ``tick``, where the frames are not ``rate`` a second."""
    av = pytest.importorskip("av")
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream(codec, rate)
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = tick
        for number, pixels in enumerate(frames):
            if number == 0:
                stream.height, stream.width = pixels.shape[:2]
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = round((number / rate if times is None else times[number]) / tick)
            frame.time_base = tick
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def noise(count: int, height: int = 48, width: int = 64) -> Iterable[np.ndarray]:
    """Frames of noise whose brightness says which one it is: 5 times its number, on average."""
    rng = np.random.default_rng(0)
    for number in range(count):
        yield (rng.integers(0, 5, (height, width, 3)) + 5 * number).clip(0, 255).astype(np.uint8)


def probe(path: Path) -> dict[str, Any]:
    """The first stream of a video as ffprobe decodes it: ``codec_name``, ..., and the ``times`` of its frames."""
    command = [
        str(require_program("ffprobe")),
        "-v",
        "error",
        "-show_streams",
        "-show_frames",
        "-of",
        "json",
        str(path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stderr == ""
    found = json.loads(done.stdout)
    return {**found["streams"][0], "times": [float(frame["pts_time"]) for frame in found["frames"]]}
