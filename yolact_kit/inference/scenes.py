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
        options: What is done with videos.

    Raises:
        UserError: There is no video, or a line or zone has the wrong number of corners.
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
        need = "Taking some frames only"
    else:
        return
    raise UserError(f"{need} needs a video or a camera, and there is none.", "Give one, or leave the option out.")


class Scenes:
    """Follows the objects of one video after the other.

    Args:
        options: What is asked for.
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
        """Takes in the next frame.

        Args:
            picture: The frame; other pictures are skipped.
            prediction: Its detections; they are given their ids.

        Returns:
            What to draw over it; None for a picture that is not a frame.
        """
        if picture.frame is None:
            return None
        marks: tuple[Mark, ...] = ()
        lines: list[str] = []
        if self._options.speed and self._begun:
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
        yield f"{video['file']}: {_listed(video['objects'])}"
        numbers: Counter[str] = Counter()
        for one in video["counts"]:
            numbers[one["kind"]] += 1
            ways = (f"{way} {_listed(found)}" for way, found in one.items() if way not in ("kind", "place"))
            yield f"{video['file']}: {one['kind']} {numbers[one['kind']]}: {'; '.join(ways)}"


class _Scene:
    """One video."""

    def __init__(self, options: VideoOptions, classes: list[str], rate: float) -> None:
        self._classes = classes
        self._tracker = _tracker(_SURE, rate)
        self._seen: dict[int, Counter[int]] = {}
        self._frames = 0
        counters: list[_Counter] = [_Line(place) for place in options.lines]
        self._counters = counters + [_Zone(place) for place in options.zones]

    def look(self, prediction: Prediction) -> None:
        from supervision import Detections

        self._frames += 1
        # The index in data identifies each detection, since the tracker returns them in another order.
        rows = np.arange(len(prediction))
        found = Detections(
            xyxy=prediction.boxes.reshape(-1, 4).astype(np.float64),
            confidence=prediction.scores,
            class_id=prediction.labels,
            data={"row": rows},
        )
        followed = self._tracker.update(found)
        prediction.ids = np.full(len(prediction), -1, dtype=np.int64)
        if len(followed):
            prediction.ids[followed.data["row"]] = followed.tracker_id
        for label, one in zip(prediction.labels.tolist(), prediction.ids.tolist(), strict=True):
            if one >= 0:
                self._seen.setdefault(one, Counter())[label] += 1
        known = found[prediction.ids >= 0]
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
            named = ((way, _by_name(counts, self._classes)) for way, counts in counter.counts().items())
            parts = (f"{way} {_listed(found)}" for way, found in named)
            lines.append(f"{name}: {'; '.join(parts)}")
        return tuple(marks), lines

    def counts(self) -> dict[str, Any]:
        # The class of an object is the one that it has in most frames.
        objects = Counter(seen.most_common(1)[0][0] for seen in self._seen.values())
        counted = [
            {
                "kind": counter.kind,
                "place": list(counter.place),
                **{way: _by_name(counts, self._classes) for way, counts in counter.counts().items()},
            }
            for counter in self._counters
        ]
        return {"frames": self._frames, "objects": _by_name(objects, self._classes), "counts": counted}


class _Counter(Protocol):
    kind: str
    place: tuple[int, ...]

    def look(self, found: Any) -> None: ...

    def counts(self) -> dict[str, Counter[int]]: ...

    def mark(self, name: str) -> Mark: ...


class _Line:
    """Counts, by direction, the objects that cross a line with the middle of their box."""

    kind = "line"

    def __init__(self, place: tuple[int, ...]) -> None:
        from supervision import LineZone, Point, Position

        self.place = place
        x1, y1, x2, y2 = place
        self._line = LineZone(Point(x1, y1), Point(x2, y2), triggering_anchors=[Position.CENTER])

    def look(self, found: Any) -> None:
        self._line.trigger(found)

    def counts(self) -> dict[str, Counter[int]]:
        return {"in": Counter(self._line.in_count_per_class), "out": Counter(self._line.out_count_per_class)}

    def mark(self, name: str) -> Mark:
        return Mark(_points(self.place), False, name)


class _Zone:
    """Counts the objects that have the middle of their box in a zone: now, and ever."""

    kind = "zone"

    def __init__(self, place: tuple[int, ...]) -> None:
        from supervision import PolygonZone, Position

        self.place = place
        self._zone = PolygonZone(np.array(_points(place)), triggering_anchors=[Position.CENTER])
        self._entered: dict[int, int] = {}
        self._now: Counter[int] = Counter()

    def look(self, found: Any) -> None:
        inside = found[self._zone.trigger(found)]
        self._now = Counter(inside.class_id.tolist() if len(inside) else [])
        for one, label in zip(inside.tracker_id.tolist(), inside.class_id.tolist(), strict=True) if len(inside) else ():
            self._entered.setdefault(one, label)

    def counts(self) -> dict[str, Counter[int]]:
        return {"now": self._now, "entered": Counter(self._entered.values())}

    def mark(self, name: str) -> Mark:
        return Mark(_points(self.place), True, name)


def _points(place: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return tuple(zip(place[::2], place[1::2], strict=True))


def _by_name(counts: Counter[int], classes: Sequence[str]) -> dict[str, int]:
    return {classes[label]: int(number) for label, number in sorted(counts.items())}


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items()) or "0"


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
