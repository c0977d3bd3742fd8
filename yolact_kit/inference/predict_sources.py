"""From a list of pictures to a folder of predictions."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.problems import Problem
from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text, check_out
from yolact_kit.inference.depth import CallDepth, call_depth
from yolact_kit.inference.journal import FILE, Journal, Record, is_unfinished, record
from yolact_kit.inference.pipeline import in_order
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.scenes import Scenes, VideoOptions, check_videos
from yolact_kit.inference.sources import Read, SourcePicture, count_pictures, decoded, deep_values_of
from yolact_kit.inference.writers import DOCUMENTS, Item, WriteOptions, check_formats, make_writers
from yolact_kit.inference.writers.labelme import labelled_by_people
from yolact_kit.inference.writers.names import Names
from yolact_kit.json_text import json_text
from yolact_kit.output_record import begin_record, foreign_files, remove_own_files, settle_record
from yolact_kit.pixels.pictures import PictureError

TrackRecords = Callable[[Iterable[Record], int | None], Iterable[Record]]


@dataclass(slots=True)
class PredictionSummary:
    """The result of a run over pictures.

    Attributes:
        out: The folder that was written.
        pictures: How many pictures were predicted on, those of an earlier start of the run included.
        continued: How many of them were done by an earlier start of the run.
        objects: How many objects were detected.
        full: How many pictures reached the largest number of objects, and so may have more.
        by_class: How many objects of each class were detected.
        broken: The pictures that could not be read, with what is wrong.
        interrupted: Whether Ctrl-C ended the run early; what was done is kept.
        best: The `Item.stem` of the picture with the most objects, "" if there is none.
        kept: The labelme files that a person had saved, which were not overwritten.
        passed_over: What of the sources was not read, or not whole.
        counts: What was counted in videos, the content of counts.json; empty where nothing was followed.
    """

    out: Path
    pictures: int = 0
    continued: int = 0
    objects: int = 0
    full: int = 0
    by_class: dict[str, int] = field(default_factory=dict)
    broken: list[tuple[SourcePicture, PictureError]] = field(default_factory=list)
    interrupted: bool = False
    best: str = ""
    kept: list[Path] = field(default_factory=list)
    passed_over: list[Problem] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    _most: int = 0

    def count(self, entry: Record, predictor: Predictor) -> None:
        """Adds one picture to the counts.

        Args:
            entry: What was recorded of the picture.
            predictor: The model; gives the class names and the limits.
        """
        classes, detect = predictor.classes, predictor.config.detect
        self.pictures += 1
        self.objects += len(entry["objects"])
        # Without a threshold there is always one more candidate, however unlikely.
        self.full += len(entry["objects"]) >= detect.top_k and predictor.score > detect.candidate_score
        for detection in entry["objects"]:
            name = classes[detection["category_id"] - 1]
            self.by_class[name] = self.by_class.get(name, 0) + 1
        if len(entry["objects"]) > self._most:
            self.best, self._most = entry["stem"], len(entry["objects"])


def predict_to_folder(
    predictor: Predictor,
    pictures: Sequence[SourcePicture],
    out: Path,
    formats: Iterable[str] = ("coco", "overlay"),
    overwrite: bool = False,
    track: TrackRecords | None = None,
    on_problem: Callable[[SourcePicture, PictureError], None] | None = None,
    options: WriteOptions | None = None,
    video: VideoOptions | None = None,
    show: Callable[[Item], None] | None = None,
    depth: CallDepth | None = None,
) -> PredictionSummary:
    """Predicts on pictures and writes the detections; an interrupted run continues where it stopped.

    Decoding, the model and writing overlap. Apart from the names, memory does not grow with the number of pictures. A
    run that writes videos or follows objects cannot continue in the middle: it starts over.

    Args:
        predictor: The model.
        pictures: The pictures, see `find_pictures`.
        out: Folder to write.
        formats: What to write, see `FORMATS`.
        overwrite: Whether an earlier output in the folder may be replaced; labelme files that a person saved are kept.
        track: Wraps the pictures as they are done, to show progress; called with them and their number.
        on_problem: Called for each picture that cannot be read; the run goes on with the others.
        options: How the results are written.
        video: How videos and cameras are processed.
        show: Called, in this thread, with each picture and its detections.
        depth: The range by which pictures of more than 8 bits become 8-bit; None for what suits the model and them.

    Returns:
        The result.

    Raises:
        UserError: The folder may not be written, none of the pictures can be read, or a library that videos need is
            missing. Nothing was written then.
    """
    names = check_formats(formats)
    video = video or VideoOptions()
    check_videos(pictures, names, video)
    check_folder(out, overwrite, [picture.path for picture in pictures if picture.on_disk])
    run = _Run(predictor, pictures, out, names, options or WriteOptions(), video, on_problem, show, depth)
    if not overwrite:
        run.go_on()
    try:
        with closing(run.work()) as stream:
            deque(stream if track is None else track(stream, run.remaining()), maxlen=0)
    except KeyboardInterrupt:
        run.outcome.interrupted = True
        if run.outcome.pictures == 0:
            raise
    if run.outcome.pictures == 0:
        first = run.outcome.broken[0][1]
        if len(pictures) == 1:
            raise first
        raise UserError(f"None of the {len(pictures)} pictures can be read.", f"The first: {first.message}")
    run.finish()
    return run.outcome


def check_folder(out: Path, overwrite: bool, inputs: list[Path]) -> None:
    """Checks, before any work is done, that a run may write to a folder.

    Args:
        out: The folder.
        overwrite: Whether it may be there already and hold something.
        inputs: What the run reads.

    Raises:
        UserError: It holds something and no unfinished run, or it touches an input; see `check_out`.
    """
    continues = is_unfinished(out) and not overwrite
    # An unfinished run goes on beside whatever else there is.
    exceptions = set(foreign_files(out)) if continues else set(labelled_by_people(out))
    check_out(out, overwrite or continues, inputs, exceptions)


def can_go_on(pictures: Sequence[SourcePicture], formats: Collection[str], video: VideoOptions) -> bool:
    """Whether an interrupted run can be continued: not if it depends on earlier pictures, as a video file does.

    Args:
        pictures: The pictures, videos and cameras.
        formats: What is written.
        video: What is done with videos and cameras.

    Returns:
        Whether it can.
    """
    return not (video.follows or "video" in formats or any(picture.camera >= 0 for picture in pictures))


class _Run:
    """One start of a run."""

    def __init__(
        self,
        predictor: Predictor,
        pictures: Sequence[SourcePicture],
        out: Path,
        formats: set[str],
        options: WriteOptions,
        video: VideoOptions,
        on_problem: Callable[[SourcePicture, PictureError], None] | None,
        show: Callable[[Item], None] | None,
        depth: CallDepth | None,
    ) -> None:
        self.outcome = PredictionSummary(out)
        self._predictor = predictor
        self._pictures = pictures
        self._formats = formats
        self._video = video
        self._on_problem = on_problem
        self._show = show
        self._depth = depth or call_depth(predictor, lambda: deep_values_of(pictures))
        self._writers = make_writers(formats, out, predictor.classes, options)
        self._scenes = Scenes(video, predictor.classes)
        self._journal = Journal(out, _settings(predictor, formats, options, video))
        self._can_go_on = can_go_on(pictures, formats, video)
        self._done: set[str] = set()
        self._names = Names()
        self._begun = False

    def go_on(self) -> None:
        """Takes over what an earlier start has done, if there was one."""
        if not self._can_go_on or not self._journal.recover():
            return
        self._begun = True
        begin_record(self.outcome.out, [FILE])
        origins = {picture.origin for picture in self._pictures}
        stems = []
        for entry in self._journal.records():
            origin = entry["origin"] if entry["frame"] is None else entry["origin"].rpartition("#")[0]
            if origin not in origins:
                raise UserError(
                    f"'{self.outcome.out}' holds an unfinished run on other pictures, such as {entry['origin']}.",
                    "Give the same source to continue, another --out, or --overwrite to start again.",
                )
            self._done.add(entry["origin"])
            stems.append(entry["stem"])
            self.outcome.count(entry, self._predictor)
        self._names = Names(stems)
        self.outcome.continued = self.outcome.pictures

    def remaining(self) -> int | None:
        """How many pictures and frames are left; None if unknown."""
        total = count_pictures(self._pictures, self._video.every)
        return None if total is None else max(0, total - self.outcome.continued)

    def work(self) -> Generator[Record]:
        """Decodes in some threads, predicts in this one and writes in another; yields what was written, in order."""
        ahead = self._predictor.batch_size
        held: deque[Read] = deque()

        def hold() -> Iterator[tuple[str, NDArray[np.uint8]]]:
            # Writers need the pixels, which the predictor does not return: they wait in a queue, since predictions come
            # out in the order of the pictures.
            pending = (picture for picture in self._pictures if picture.origin not in self._done)
            for picture, pixels in decoded(pending, self._note, ahead, self._video.every, self._depth):
                if picture.frame is None or picture.origin not in self._done:
                    held.append((picture, pixels))
                    if picture.frame is not None:
                        self._scenes.begin()
                    yield picture.name, pixels

        items = (self._item(prediction, *held.popleft()) for prediction in self._predictor.stream(hold()))
        for _, written in in_order(items, self._write, ahead):
            yield written.result()

    def _item(self, prediction: Prediction, picture: SourcePicture, pixels: NDArray[np.uint8]) -> Item:
        """What writers need of one picture; follows the objects of videos and calls ``show`` on the way."""
        notes = self._scenes.look(picture, prediction)
        item = Item(picture, self._names.give(picture.name), pixels, prediction, notes)
        if self._show is not None:
            self._show(item)
        return item

    def _note(self, picture: SourcePicture, error: PictureError) -> None:
        """Records a picture that cannot be read, and reports it."""
        self.outcome.broken.append((picture, error))
        if self._on_problem is not None:
            self._on_problem(picture, error)

    def _write(self, item: Item) -> Record:
        """Writes the files of one picture, then records that it is done."""
        if not self._begun:
            # Only now is the replacement complete, so the old content can go.
            if self.outcome.out.is_dir():
                remove_own_files(self.outcome.out)
            begin_record(self.outcome.out, [FILE])
            self._journal.begin()
            self._begun = True
        for writer in self._writers:
            writer.add(item)
        entry = record(item.prediction, item.picture, item.stem)
        self._journal.add(entry)
        self.outcome.count(entry, self._predictor)
        return entry

    def finish(self) -> None:
        """Writes what belongs to all pictures."""
        for writer in self._writers:
            writer.close()
        out, frames = self.outcome.out, any(picture.moves for picture in self._pictures)
        for name in sorted(self._formats & DOCUMENTS.keys()):
            DOCUMENTS[name](out, self._predictor.classes, self._journal.records(), frames)
        if self._video.follows and frames:
            self.outcome.counts = self._scenes.counts()
            atomic_write_text(out / "counts.json", json_text(self.outcome.counts, indent=True))
        if "labelme" in self._formats:
            self.outcome.kept = labelled_by_people(out)
        if not (self.outcome.interrupted and self._can_go_on):
            self._journal.remove()
            settle_record(out)


def _settings(predictor: Predictor, formats: set[str], options: WriteOptions, video: VideoOptions) -> dict[str, Any]:
    """The settings that decide what is detected in a picture and how it is written."""
    settled = predictor.depth_range or predictor.trained_range
    return {
        "weights": predictor.engine.fingerprint(),
        "classes": list(predictor.classes),
        "model": predictor.config.model.model_dump(mode="json"),
        "detect": predictor.config.detect.model_dump(mode="json"),
        "score": predictor.score,
        "legacy": predictor.legacy,
        "views": asdict(predictor.views),
        "depth_range": list(settled.pair) if settled is not None else None,
        "formats": sorted(formats),
        **asdict(options),
        **asdict(video),
    }
