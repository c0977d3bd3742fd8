"""From a list of pictures to a folder of predictions."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.pictures import PictureError
from yolact_kit.errors import UserError
from yolact_kit.inference.journal import Journal, Record, check_folder, record
from yolact_kit.inference.pipeline import in_order
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.sources import SourcePicture, decoded
from yolact_kit.inference.writers import DOCUMENTS, Item, WriteOptions, check_formats, make_writers
from yolact_kit.inference.writers.labelme import labelled_by_people
from yolact_kit.inference.writers.names import Names

Track = Callable[[Iterable[Record], int], Iterable[Record]]


@dataclass(slots=True)
class Outcome:
    """What became of a run over pictures.

    Attributes:
        out: The folder that was written.
        pictures: How many pictures were predicted on, those of an earlier start of the run included.
        continued: How many of them an earlier start of the run had done.
        objects: How many objects were found.
        by_class: How many of each class, those that were found.
        broken: The pictures that could not be read, with what is wrong.
        interrupted: Whether Ctrl-C ended the run early; what was done is kept.
        best: What the files' names of the picture with the most objects begin with, "" where there is none.
        kept: The labelme files that a person had saved, which were not written over.
    """

    out: Path
    pictures: int = 0
    continued: int = 0
    objects: int = 0
    by_class: dict[str, int] = field(default_factory=dict)
    broken: list[tuple[SourcePicture, PictureError]] = field(default_factory=list)
    interrupted: bool = False
    best: str = ""
    kept: list[Path] = field(default_factory=list)
    _most: int = 0

    def count(self, done: Record, classes: Sequence[str]) -> None:
        """Takes one picture into the counts."""
        self.pictures += 1
        self.objects += len(done["objects"])
        for found in done["objects"]:
            name = classes[found["category_id"] - 1]
            self.by_class[name] = self.by_class.get(name, 0) + 1
        if len(done["objects"]) > self._most:
            self.best, self._most = done["stem"], len(done["objects"])


def predict_to_folder(
    predictor: Predictor,
    pictures: Sequence[SourcePicture],
    out: Path,
    formats: Iterable[str] = ("coco", "overlay"),
    overwrite: bool = False,
    track: Track | None = None,
    on_problem: Callable[[SourcePicture, PictureError], None] | None = None,
    options: WriteOptions | None = None,
) -> Outcome:
    """Predicts on pictures and writes what was found; a run that was cut off goes on where it stopped.

    Decoding, the model and writing overlap. What is held in memory does not grow with the number of pictures, but for
    their names.

    Args:
        predictor: The model.
        pictures: The pictures, see `find_pictures`.
        out: Folder to write.
        formats: What to write, see `FORMATS`.
        overwrite: Whether a folder that is not empty may be replaced; labelme files that a person saved are kept.
        track: Wraps what is done and its number to show progress.
        on_problem: Told of each picture that cannot be read, as it is met; the others go on.
        options: How it is written.

    Returns:
        What became of it.

    Raises:
        UserError: The folder may not be written, or none of the pictures can be read; nothing was written.
    """
    wanted = check_formats(formats)
    options = options or WriteOptions()
    check_folder(out, overwrite, [picture.path for picture in pictures if picture.on_disk])
    run = _Run(predictor, out, wanted, options, on_problem)
    if not overwrite:
        run.go_on(pictures)
    try:
        with closing(run.work(pictures)) as stream:
            deque(stream if track is None else track(stream, run.remaining(pictures)), maxlen=0)
    except KeyboardInterrupt:
        run.outcome.interrupted = True
        if run.outcome.pictures == 0:
            raise
    if run.outcome.pictures == 0:
        first = run.outcome.broken[0][1].message
        raise UserError(f"None of the {len(pictures)} pictures can be read.", f"The first: {first}")
    run.finish()
    return run.outcome


class _Run:
    """One start of a run."""

    def __init__(
        self,
        predictor: Predictor,
        out: Path,
        formats: set[str],
        options: WriteOptions,
        on_problem: Callable[[SourcePicture, PictureError], None] | None,
    ) -> None:
        self.outcome = Outcome(out)
        self._predictor = predictor
        self._formats = formats
        self._on_problem = on_problem
        self._writers = make_writers(formats, out, predictor.classes, options)
        self._journal = Journal(out, _settings(predictor, formats, options))
        self._done: set[str] = set()
        self._names = Names()
        self._begun = False

    def go_on(self, pictures: Iterable[SourcePicture]) -> None:
        """Takes over what an earlier start has done, if there was one."""
        if not self._journal.recover():
            return
        self._begun = True
        origins = {picture.origin for picture in pictures}
        stems = []
        for done in self._journal.records():
            if done["origin"] not in origins:
                raise UserError(
                    f"'{self.outcome.out}' holds an unfinished run on other pictures, such as {done['origin']}.",
                    "Give the same source to continue, another --out, or --overwrite to start anew.",
                )
            self._done.add(done["origin"])
            stems.append(done["stem"])
            self.outcome.count(done, self._predictor.classes)
        self._names = Names(stems)
        self.outcome.continued = self.outcome.pictures

    def remaining(self, pictures: Sequence[SourcePicture]) -> int:
        """How many pictures are still to be done."""
        return sum(picture.origin not in self._done for picture in pictures) if self._done else len(pictures)

    def work(self, pictures: Iterable[SourcePicture]) -> Generator[Record]:
        """Decodes in some threads, predicts in this one, writes in another one; what is written, in order."""
        ahead = self._predictor.batch_size
        left = (picture for picture in pictures if picture.origin not in self._done)
        held: deque[tuple[SourcePicture, NDArray[np.uint8]]] = deque()

        def hold() -> Iterator[tuple[str, NDArray[np.uint8]]]:
            # Writers need the picture, which the predictor does not hand back.
            for picture, pixels in decoded(left, self._note, ahead):
                held.append((picture, pixels))
                yield picture.name, pixels

        found = self._predictor.stream(hold())
        items = (
            Item(picture, self._names.give(picture.name), pixels, prediction)
            for prediction in found
            for picture, pixels in [held.popleft()]
        )
        for _, written in in_order(items, self._write, ahead):
            yield written.result()

    def _note(self, picture: SourcePicture, error: PictureError) -> None:
        self.outcome.broken.append((picture, error))
        if self._on_problem is not None:
            self._on_problem(picture, error)

    def _write(self, item: Item) -> Record:
        """Writes the files of one picture, and last that it is done."""
        if not self._begun:
            # Only now is there something in the place of what is thrown away.
            _clear(self.outcome.out)
            self._journal.begin()
            self._begun = True
        for writer in self._writers:
            writer.add(item)
        done = record(item.prediction, item.picture.origin, item.stem)
        self._journal.add(done)
        self.outcome.count(done, self._predictor.classes)
        return done

    def finish(self) -> None:
        """Writes what belongs to all pictures."""
        for writer in self._writers:
            writer.close()
        for name in sorted(self._formats & DOCUMENTS.keys()):
            DOCUMENTS[name](self.outcome.out, self._predictor.classes, self._journal.records())
        if "labelme" in self._formats:
            self.outcome.kept = labelled_by_people(self.outcome.out)
        if not self.outcome.interrupted:
            self._journal.remove()


def _settings(predictor: Predictor, formats: set[str], options: WriteOptions) -> dict[str, Any]:
    """What decides what is found in a picture and how it is written."""
    weights = 0
    for tensor in predictor.model.state_dict().values():
        weights = zlib.crc32(tensor.detach().cpu().contiguous().numpy().tobytes(), weights)
    return {
        "weights": f"{weights:08x}",
        "classes": list(predictor.classes),
        "model": predictor.config.model.model_dump(mode="json"),
        "detect": predictor.config.detect.model_dump(mode="json"),
        "score": predictor.score,
        "legacy": predictor.legacy,
        "formats": sorted(formats),
        **asdict(options),
    }


def _clear(out: Path) -> None:
    """Empties a folder, or makes it; what a person labelled in it stays."""
    labelled = set(labelled_by_people(out))
    for path in sorted(out.rglob("*"), reverse=True) if out.is_dir() else ():
        if path.is_dir() and not path.is_symlink():
            with suppress(OSError):  # it holds what stays
                path.rmdir()
        elif path not in labelled:
            path.unlink()
    out.mkdir(parents=True, exist_ok=True)
