"""Tracking objects from frame to frame, counting at lines and in zones, frames per second."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Protocol

import numpy as np

from yolact_kit.errors import UserError
from yolact_kit.inference.notes import Mark, Notes
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.sources import SourcePicture

_SURE = 0.5
"""Detections of at least this score begin a track (Zhang et al. 2022); weaker ones can only continue one."""

_RECENT = 32
"""Number of frames over which the speed is measured: whole batches of the default size."""


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """Options for videos and cameras besides predicting on their frames.

    Attributes:
        every: Only every Nth frame is processed.
        track: Whether objects get an id that they keep from frame to frame.
        lines: Lines to count at, each x1 y1 x2 y2 in pixels.
        zones: Zones to count in, each x1 y1 x2 y2 x3 y3 ... in pixels, three corners at least.
        speed: Whether the frames predicted in a second are written on the frames.
    """

    every: int = 1
    track: bool = False
    lines: tuple[tuple[int, ...], ...] = ()
    zones: tuple[tuple[int, ...], ...] = ()
    speed: bool = True

    @property
    def follows(self) -> bool:
        """Whether objects are followed from frame to frame."""
        return self.track or bool(self.lines or self.zones)


def check_videos(pictures: Sequence[SourcePicture], formats: Collection[str], options: VideoOptions) -> None:
    """Checks that the options for videos fit the sources.

    Args:
        pictures: The pictures and videos.
        formats: The formats to write.
        options: How videos are processed.

    Raises:
        UserError: The options need a video and there is none, or a line or zone has the wrong number of corners.
    """
    if not any(picture.moves for picture in pictures):
        _refuse_without_video(formats, options)
    for points in options.lines:
        if len(points) != 4 or points[:2] == points[2:]:
            raise UserError(
                f"{list(points)} is not a line.", "A line is x1,y1,x2,y2 in pixels, from one end to the other."
            )
    for points in options.zones:
        if len(points) < 6 or len(points) % 2:
            raise UserError(
                f"{list(points)} is not a zone.", "A zone is x1,y1,x2,y2,x3,y3,... in pixels, a pair for each corner."
            )


def _refuse_without_video(formats: Collection[str], options: VideoOptions) -> None:
    """Refuses options that make sense for videos only."""
    if "video" in formats:
        need = "The format 'video'"
    elif options.follows:
        need = "Following objects"
    elif options.every > 1:
        need = "Predicting on only some of the frames"
    else:
        return
    raise UserError(
        f"{need} needs a video or a camera, and there is none.",
        "Give a video or a camera's number, or leave the option out.",
    )


class Scenes:
    """Follows the objects of one video after the other.

    Args:
        options: Whether objects are followed, where they are counted, and what is drawn.
        classes: Class names.

    Raises:
        UserError: Tracking is requested and its library is not installed.
    """

    def __init__(self, options: VideoOptions, classes: Sequence[str]) -> None:
        self._options = options
        self._classes = list(classes)
        self._scenes: dict[str, _Scene] = {}
        self._begun: deque[float] = deque(maxlen=_RECENT)
        if options.follows:
            _tracker(_SURE, 30.0)

    def begin(self) -> None:
        """Records when a frame goes into the model, since all frames of a batch come out at the same time."""
        self._begun.append(time.perf_counter())

    def look(self, picture: SourcePicture, prediction: Prediction) -> Notes | None:
        """Follows the objects of the next frame.

        Args:
            picture: The frame; other pictures are skipped.
            prediction: Its detections; their ids are set here.

        Returns:
            What to draw over it; None for a picture that is not a frame.
        """
        if picture.frame is None:
            return None
        marks: tuple[Mark, ...] = ()
        lines: list[str] = []
        if self._options.speed and self._begun:
            # Frames that went in since the oldest of them, over the time since then: a mean over the last ones.
            lines.append(f"{len(self._begun) / max(time.perf_counter() - self._begun[0], 1e-9):.1f} FPS")
        if self._options.follows:
            name = PurePosixPath(picture.name).parent.as_posix()
            if name not in self._scenes:
                self._scenes[name] = _Scene(self._options, self._classes, picture.frame.rate)
            self._scenes[name].look(prediction)
            marks, counted = self._scenes[name].notes()
            lines += counted
        return Notes(marks, tuple(lines))

    def counts(self) -> dict[str, Any]:
        """The counts of each video: the content of ``counts.json``."""
        return {"videos": [{"file": name, **scene.counts()} for name, scene in self._scenes.items()]}


def counts_in_words(counts: dict[str, Any]) -> Iterator[str]:
    """The counts in words.

    Args:
        counts: The content of counts.json, see `Scenes.counts`.

    Yields:
        A line of text for the objects of each video, and one for each of its lines and zones.

    Example:
        >>> line = {"kind": "line", "place": [0, 9, 9, 9], "in": {"nut": 2}, "out": {}}
        >>> video = {"file": "a.mp4", "frames": 9, "objects": {"nut": 3}, "counts": [line]}
        >>> list(counts_in_words({"videos": [video]}))
        ['a.mp4: 3 nut', 'a.mp4: line 1: in 2 nut; out 0']
    """
    for video in counts.get("videos", ()):
        yield f"{video['file']}: {_counts_text(video['objects'])}"
        numbers: Counter[str] = Counter()
        for counter in video["counts"]:
            kind = counter["kind"]
            numbers[kind] += 1
            ways = {way: objects for way, objects in counter.items() if way not in ("kind", "place")}
            yield f"{video['file']}: {kind} {numbers[kind]}: {_ways_text(ways)}"


class _Scene:
    """One video."""

    def __init__(self, options: VideoOptions, classes: list[str], rate: float) -> None:
        self._classes = classes
        self._tracker = _tracker(_SURE, rate)
        self._labels_of: dict[int, Counter[int]] = {}
        self._frames = 0
        counters: list[_Counter] = [_Line(points) for points in options.lines]
        self._counters = counters + [_Zone(points) for points in options.zones]

    def look(self, prediction: Prediction) -> None:
        from supervision import Detections

        self._frames += 1
        # The tracker returns the detections that it could follow, in another order. Each carries its row among all in
        # its data, by which its id finds the way back; the others have -1 and are not counted.
        rows = np.arange(len(prediction))
        detections = Detections(
            xyxy=prediction.boxes.reshape(-1, 4).astype(np.float64),
            confidence=prediction.scores,
            class_id=prediction.labels,
            data={"row": rows},
        )
        followed = self._tracker.update(detections)
        prediction.ids = np.full(len(prediction), -1, dtype=np.int64)
        if len(followed):
            prediction.ids[followed.data["row"]] = followed.tracker_id
        for label, track_id in zip(prediction.labels.tolist(), prediction.ids.tolist(), strict=True):
            if track_id >= 0:
                self._labels_of.setdefault(track_id, Counter())[label] += 1
        known = detections[prediction.ids >= 0]
        known.tracker_id = prediction.ids[prediction.ids >= 0]
        for counter in self._counters:
            counter.look(known)

    def notes(self) -> tuple[tuple[Mark, ...], list[str]]:
        marks, lines = [], []
        numbers: Counter[str] = Counter()
        for counter in self._counters:
            numbers[counter.kind] += 1
            name = f"{counter.kind} {numbers[counter.kind]}"
            marks.append(counter.mark(name))
            lines.append(f"{name}: {_ways_text(self._by_way(counter))}")
        return tuple(marks), lines

    def counts(self) -> dict[str, Any]:
        # The class of an object is the one that it has in most frames.
        objects = Counter(labels.most_common(1)[0][0] for labels in self._labels_of.values())
        counted = [
            {"kind": counter.kind, "place": list(counter.points), **self._by_way(counter)} for counter in self._counters
        ]
        return {"frames": self._frames, "objects": _counts_by_class(objects, self._classes), "counts": counted}

    def _by_way(self, counter: _Counter) -> dict[str, dict[str, int]]:
        """The counts of a line or zone by class name, for each way of counting: in and out, now and entered."""
        return {way: _counts_by_class(counts, self._classes) for way, counts in counter.counts().items()}


class _Counter(Protocol):
    """A line or a zone that counts objects."""

    kind: str
    points: tuple[int, ...]

    def look(self, detections: Any) -> None: ...

    def counts(self) -> dict[str, Counter[int]]: ...

    def mark(self, name: str) -> Mark: ...


class _Line:
    """Counts, by direction, the objects that cross a line with the middle of their box."""

    kind = "line"

    def __init__(self, points: tuple[int, ...]) -> None:
        from supervision import LineZone, Point, Position

        self.points = points
        x1, y1, x2, y2 = points
        self._line = LineZone(Point(x1, y1), Point(x2, y2), triggering_anchors=[Position.CENTER])

    def look(self, detections: Any) -> None:
        self._line.trigger(detections)

    def counts(self) -> dict[str, Counter[int]]:
        return {"in": Counter(self._line.in_count_per_class), "out": Counter(self._line.out_count_per_class)}

    def mark(self, name: str) -> Mark:
        return Mark(_corners(self.points), False, name)


class _Zone:
    """Counts the objects that have the middle of their box in a zone: now, and ever."""

    kind = "zone"

    def __init__(self, points: tuple[int, ...]) -> None:
        from supervision import PolygonZone, Position

        self.points = points
        self._zone = PolygonZone(np.array(_corners(points)), triggering_anchors=[Position.CENTER])
        self._entered: dict[int, int] = {}
        self._now: Counter[int] = Counter()

    def look(self, detections: Any) -> None:
        inside = detections[self._zone.trigger(detections)]
        self._now = Counter(inside.class_id.tolist() if len(inside) else [])
        if not len(inside):  # empty detections may have None instead of empty arrays
            return
        for track_id, label in zip(inside.tracker_id.tolist(), inside.class_id.tolist(), strict=True):
            self._entered.setdefault(track_id, label)

    def counts(self) -> dict[str, Counter[int]]:
        return {"now": self._now, "entered": Counter(self._entered.values())}

    def mark(self, name: str) -> Mark:
        return Mark(_corners(self.points), True, name)


def _corners(coordinates: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """The corners x y of a line or zone whose coordinates are x1 y1 x2 y2 ..."""
    return tuple(zip(coordinates[::2], coordinates[1::2], strict=True))


def _counts_by_class(counts: Counter[int], classes: Sequence[str]) -> dict[str, int]:
    """Counts by the name of the class instead of its label, in the order of the classes."""
    return {classes[label]: int(number) for label, number in sorted(counts.items())}


def _counts_text(counts: dict[str, int]) -> str:
    """Counts as text, such as '3 nut, 1 cup'; '0' if there are none."""
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "0"


def _ways_text(ways: dict[str, dict[str, int]]) -> str:
    """The counts of a line or zone as text, such as 'in 2 nut; out 0'."""
    return "; ".join(f"{way} {_counts_text(counts)}" for way, counts in ways.items())


def _tracker(sure: float, rate: float) -> Any:
    """ByteTrack (Zhang et al. 2022), of the library trackers."""
    try:
        from trackers import ByteTrackTracker
    except ImportError as error:
        raise UserError(
            "Following objects needs the libraries trackers and supervision.",
            'Install them with `pip install "yolact-kit[track]"`.',
        ) from error
    return ByteTrackTracker(frame_rate=rate, track_activation_threshold=sure, high_conf_det_threshold=sure)
