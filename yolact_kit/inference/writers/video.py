"""Videos with the predictions drawn over their frames."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

from yolact_kit.files import replacing
from yolact_kit.inference.encoders import Encoder, open_video
from yolact_kit.inference.writers.items import Item, WriteOptions
from yolact_kit.inference.writers.overlay import draw_item


class VideoWriter:
    """Writes ``video/``: each video or camera as an MP4, drawn over as the pictures of ``overlay``.

    Args:
        out: Folder to write into.
        classes: Class names.
        options: How objects are drawn: its ``style``.
    """

    def __init__(self, out: Path, classes: Sequence[str], options: WriteOptions) -> None:
        self.folder = out / "video"
        self._style = options.style
        self._name = PurePosixPath()
        self._encoder: Encoder | None = None
        self._files = ExitStack()

    def add(self, item: Item) -> None:
        """Adds a frame to the file of its video; pictures that are not frames are ignored."""
        frame = item.picture.frame
        if frame is None:
            return
        name = PurePosixPath(item.stem).parent
        if self._encoder is None or name != self._name:
            self._end()
            self._name = name
            path = self.folder / (f"{name}.mp4" if name.suffix.lower() != ".mp4" else name)
            beside = self._files.enter_context(replacing(path))
            self._encoder = open_video(beside, frame.rate, item.pixels.shape[:2])
        self._encoder.add(draw_item(item, self._style), frame.time)

    def close(self) -> None:
        """Finishes the last file."""
        self._end()
        self.folder.mkdir(parents=True, exist_ok=True)

    def _end(self) -> None:
        """Finishes the current file, if there is one, and gives it its name."""
        if self._encoder is not None:
            self._encoder.close()
            self._encoder = None
        self._files.close()
