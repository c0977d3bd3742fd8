"""From a list of pictures to a folder of predictions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.pictures import PictureError
from yolact_kit.errors import UserError
from yolact_kit.files import check_out, new_folder
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import SourcePicture, read_pictures
from yolact_kit.inference.writers import Writer, check_formats, make_writers

Track = Callable[[Iterable[Prediction], int], Iterable[Prediction]]


@dataclass(slots=True)
class Outcome:
    """What became of a run over pictures.

    Attributes:
        out: The folder that was written.
        pictures: How many pictures were predicted on.
        objects: How many objects were found.
        by_class: How many of each class, those that were found.
        broken: The pictures that could not be read, with what is wrong.
        interrupted: Whether Ctrl-C ended the run early; what was done is kept.
        best: Name of the picture with the most objects, "" where there is none.
    """

    out: Path
    pictures: int = 0
    objects: int = 0
    by_class: dict[str, int] = field(default_factory=dict)
    broken: list[tuple[SourcePicture, PictureError]] = field(default_factory=list)
    interrupted: bool = False
    best: str = ""
    _most: int = 0

    def count(self, prediction: Prediction) -> None:
        """Takes one picture's prediction into the counts."""
        self.pictures += 1
        self.objects += len(prediction)
        for label in prediction.labels.tolist():
            name = prediction.classes[label]
            self.by_class[name] = self.by_class.get(name, 0) + 1
        if len(prediction) > self._most:
            self.best, self._most = prediction.file, len(prediction)


def predict_to_folder(
    predictor: Predictor,
    pictures: Sequence[SourcePicture],
    out: Path,
    formats: Iterable[str] = ("coco", "overlay"),
    overwrite: bool = False,
    track: Track | None = None,
    on_problem: Callable[[SourcePicture, PictureError], None] | None = None,
) -> Outcome:
    """Predicts on pictures and writes what was found; the folder comes into being as a whole.

    Args:
        predictor: The model.
        pictures: The pictures, see `find_pictures`.
        out: Folder to write.
        formats: What to write, see `FORMATS`.
        overwrite: Whether a folder that is not empty may be replaced.
        track: Wraps the predictions and their number to show progress.
        on_problem: Told of each picture that cannot be read, as it is met; the others go on.

    Returns:
        What became of it.

    Raises:
        UserError: The folder may not be written, or none of the pictures can be read; nothing was written.
    """
    wanted = check_formats(formats)
    check_out(out, overwrite, [picture.path for picture in pictures])
    outcome = Outcome(out)

    def note(picture: SourcePicture, error: PictureError) -> None:
        outcome.broken.append((picture, error))
        if on_problem is not None:
            on_problem(picture, error)

    with new_folder(out, overwrite) as folder:
        writers = make_writers(wanted, folder, predictor.classes)
        try:
            _run(predictor, pictures, writers, outcome, track, note)
        except KeyboardInterrupt:
            outcome.interrupted = True
            if outcome.pictures == 0:
                raise
        if outcome.pictures == 0:
            raise UserError(
                f"None of the {len(pictures)} pictures can be read.", f"The first: {outcome.broken[0][1].message}"
            )
        for writer in writers:
            writer.close()
    return outcome


def _run(
    predictor: Predictor,
    pictures: Sequence[SourcePicture],
    writers: Sequence[Writer],
    outcome: Outcome,
    track: Track | None,
    note: Callable[[SourcePicture, PictureError], None],
) -> None:
    held: deque[NDArray[np.uint8]] = deque()

    def hold() -> Iterator[tuple[str, NDArray[np.uint8]]]:
        # Writers draw on the pixels, which the predictor does not hand back.
        for name, pixels in read_pictures(pictures, note, ahead=predictor.batch_size):
            held.append(pixels)
            yield name, pixels

    stream: Iterable[Prediction] = predictor.stream(hold())
    for prediction in stream if track is None else track(stream, len(pictures)):
        pixels = held.popleft()
        for writer in writers:
            writer.add(prediction, pixels)
        outcome.count(prediction)
