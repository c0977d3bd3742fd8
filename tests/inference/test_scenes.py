"""Objects that move in straight lines, followed by the real tracker and counted by the real lines and zones."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

from yolact_kit.errors import UserError
from yolact_kit.inference.prediction import Prediction
from yolact_kit.inference.scenes import Scenes, VideoOptions, check_videos
from yolact_kit.inference.sources import SourcePicture
from yolact_kit.inference.videos import Frame
from yolact_kit.shapes.rle import encode_mask

CLASSES = ["컵", "nut"]
SIZE = 200


@pytest.fixture
def trackers() -> None:
    pytest.importorskip("trackers")


def frame(number: int, objects: list[tuple[int, float, float, float]], name: str = "a.mp4") -> tuple:
    """A frame with objects, each its label, the middle of its box and its score."""
    boxes = np.array([[x - 10, y - 10, x + 10, y + 10] for _, x, y, _ in objects], dtype=np.float32).reshape(-1, 4)
    masks = [encode_mask(np.zeros((SIZE, SIZE), dtype=np.uint8))] * len(objects)
    scores = np.array([score for *_, score in objects], dtype=np.float32)
    labels = np.array([label for label, *_ in objects], dtype=np.int64)
    found = Prediction(f"{name}/{number:06d}.jpg", SIZE, SIZE, boxes, scores, labels, masks, CLASSES)
    return SourcePicture(found.file, Path(name), frame=Frame(number, number / 10, 10.0)), found


def moving(count: int = 16) -> list[tuple]:
    """A cup that goes down from 20 to 170, a nut that goes up, and one that stays in the upper left corner."""
    frames = []
    for number in range(count):
        along = 20 + 10 * number
        objects = [(0, 60, along, 0.9), (1, 140, 190 - along, 0.8), (1, 15, 15, 0.7)]
        # The order of detections changes from frame to frame, as their scores do.
        frames.append(frame(number, objects if number % 2 else objects[::-1]))
    return frames


@pytest.mark.usefixtures("trackers")
def test_ids_stay_with_their_objects() -> None:
    scenes = Scenes(VideoOptions(track=True), CLASSES)
    seen: dict[tuple[int, bool], set[int]] = {}
    for picture, found in moving():
        scenes.look(picture, found)
        for label, box, one in zip(found.labels, found.boxes, found.ids, strict=True):
            seen.setdefault((int(label), bool(box[0] < 20)), set()).add(int(one))
    ids = [known - {-1} for known in seen.values()]
    assert [len(known) for known in ids] == [1, 1, 1] and len(set.union(*ids)) == 3
    [video] = scenes.counts()["videos"]
    assert (video["file"], video["frames"], video["objects"]) == ("a.mp4", 16, {"컵": 1, "nut": 2})


@pytest.mark.usefixtures("trackers")
def test_lines_count_by_class_and_direction() -> None:
    scenes = Scenes(VideoOptions(lines=((0, 100, 199, 100), (199, 100, 0, 100), (0, 100, 100, 100))), CLASSES)
    for picture, found in moving():
        scenes.begin()
        notes = scenes.look(picture, found)
    first, turned, half = scenes.counts()["videos"][0]["counts"]
    # From left to right, what goes down goes to the right-hand side of who walks along the line.
    assert first == {"kind": "line", "place": [0, 100, 199, 100], "in": {"nut": 1}, "out": {"컵": 1}}
    assert (turned["in"], turned["out"]) == ({"컵": 1}, {"nut": 1})
    assert (half["in"], half["out"]) == ({}, {"컵": 1})
    assert notes is not None and len(notes.marks) == 3
    assert notes.lines[1:] == ("line 1: in 1 nut; out 1 컵", "line 2: in 1 컵; out 1 nut", "line 3: in 0; out 1 컵")
    assert notes.lines[0].endswith(" FPS")


def test_speed_is_told_right_where_frames_come_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    scenes = Scenes(VideoOptions(), CLASSES)
    told = []
    for batch in range(6):
        for _ in range(8):
            scenes.begin()
        now[0] += 4
        for number in range(8):
            notes = scenes.look(*frame(8 * batch + number, []))
            told += notes.lines if notes else ()
    assert len(told) == 48 and set(told) == {"2.0 FPS"}


@pytest.mark.usefixtures("trackers")
def test_zones_count_what_is_there_and_what_ever_was() -> None:
    zone = (40, 80, 180, 80, 180, 199, 40, 199)
    scenes = Scenes(VideoOptions(zones=(zone,), speed=False), CLASSES)
    for picture, found in moving():
        notes = scenes.look(picture, found)
    [counted] = scenes.counts()["videos"][0]["counts"]
    assert counted == {"kind": "zone", "place": list(zone), "now": {"컵": 1}, "entered": {"컵": 1, "nut": 1}}
    assert notes is not None and notes.lines == ("zone 1: now 1 컵; entered 1 컵, 1 nut",)
    scenes.look(*frame(16, []))
    assert scenes.counts()["videos"][0]["counts"][0]["now"] == {}


@pytest.mark.usefixtures("trackers")
def test_a_weak_detection_goes_on_with_a_track_and_begins_none() -> None:
    scenes = Scenes(VideoOptions(track=True), CLASSES)
    for number in range(8):
        picture, found = frame(number, [(0, 60, 50 + number, 0.9 if number < 4 else 0.35), (1, 150, 150, 0.35)])
        scenes.look(picture, found)
    assert found.ids is not None and found.ids[0] >= 0 and found.ids[1] == -1


@pytest.mark.usefixtures("trackers")
def test_each_video_begins_anew() -> None:
    scenes = Scenes(VideoOptions(lines=((0, 100, 199, 100),)), CLASSES)
    for name in ("a.mp4", "b.mp4"):
        for number in range(16):
            scenes.look(*frame(number, [(0, 60, 20 + 10 * number, 0.9)], name))
    assert [video["counts"][0]["out"] for video in scenes.counts()["videos"]] == [{"컵": 1}, {"컵": 1}]


def test_pictures_are_passed_over_and_nothing_is_followed_unasked() -> None:
    scenes = Scenes(VideoOptions(), CLASSES)
    picture, found = frame(0, [(0, 50, 50, 0.9)])
    assert scenes.look(picture._replace(frame=None), found) is None
    notes = scenes.look(picture, found)
    assert notes is not None and notes.lines == () and found.ids is None
    assert scenes.counts() == {"videos": []}


def test_without_the_library_there_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trackers", None)
    with pytest.raises(UserError, match="trackers") as raised:
        Scenes(VideoOptions(track=True), CLASSES)
    assert "yolact-kit[track]" in raised.value.advice


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (VideoOptions(lines=((0, 0, 5),)), "not a line"),
        (VideoOptions(lines=((5, 5, 5, 5),)), "not a line"),
        (VideoOptions(zones=((0, 0, 5, 5),)), "not a zone"),
        (VideoOptions(zones=((0, 0, 5, 5, 9, 9, 3),)), "not a zone"),
    ],
)
def test_places_that_are_none(options: VideoOptions, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_videos([SourcePicture("a.mp4", Path("a.mp4"))], ["csv"], options)


@pytest.mark.parametrize(
    ("formats", "options"),
    [(["video"], VideoOptions()), (["csv"], VideoOptions(track=True)), (["csv"], VideoOptions(2))],
)
def test_what_needs_a_video(formats: list[str], options: VideoOptions) -> None:
    with pytest.raises(UserError, match="needs a video"):
        check_videos([SourcePicture("a.png", Path("a.png"))], formats, options)
