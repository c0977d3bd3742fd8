from __future__ import annotations

import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.inference.making_videos import make_video, noise
from yolact_kit.inference.sources import SourcePicture, count_pictures, decoded, find_pictures
from yolact_kit.inference.videos import CUT_OFF, count_frames, read_frames
from yolact_kit.pixels.pictures import PictureError


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / "영상" / "벨트 1.mp4", noise(20))


def test_frames_with_their_numbers_and_times(video: Path) -> None:
    found = list(read_frames(video))
    assert [frame.number for frame, _ in found] == list(range(20)) and count_frames(video) == 20
    assert [frame.time for frame, _ in found] == pytest.approx([number / 10 for number in range(20)])
    assert {frame.rate for frame, _ in found} == {10}
    for number, (_, pixels) in enumerate(found):
        assert pixels.shape == (48, 64, 3) and pixels.dtype == np.uint8
        assert abs(float(pixels.mean()) - 5 * number - 2) < 4


def test_frames_that_are_shown_for_different_times(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.2, 0.7, 1.5, 1.6]
    path = make_video(tmp_path / "a.mp4", noise(6), times=times)
    assert [frame.time for frame, _ in read_frames(path)] == pytest.approx(times, abs=0.002)


def test_every_third_frame(video: Path) -> None:
    found = list(read_frames(video, every=3))
    assert [frame.number for frame, _ in found] == [0, 3, 6, 9, 12, 15, 18]
    assert found[-1][0].time == pytest.approx(1.8) and found[0][0].rate == pytest.approx(10 / 3)
    assert abs(float(found[3][1].mean()) - 47) < 4
    assert count_frames(video, every=3) == count_pictures(find_pictures(video), every=3) == 7


def test_colors_are_red_green_blue(tmp_path: Path) -> None:
    red = np.zeros((48, 64, 3), dtype=np.uint8)
    red[..., 0] = 250
    [(_, pixels)] = read_frames(make_video(tmp_path / "a.mkv", [red]))
    assert pixels[..., 0].mean() > 200 > 60 > pixels[..., 2].mean()


def test_a_video_that_is_cut_off_gives_its_frames_and_says_so(video: Path) -> None:
    content = video.read_bytes()
    video.write_bytes(content[: len(content) * 9 // 10])
    found = []
    with pytest.raises(PictureError, match=r"ends after \d+ of 20 frames") as raised:
        found.extend(read_frames(video))  # what is given before the error is not taken by extend
    assert raised.value.code == CUT_OFF
    told: list[PictureError] = []
    frames = list(decoded(find_pictures(video), lambda _, error: told.append(error), ahead=2))
    assert 5 < len(frames) < 20 and [error.code for error in told] == [CUT_OFF]


def test_an_avi_whose_camera_dropped_frames_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    make_video(path, noise(9), times=[0, 0.1, 0.2, 0.5, 0.6, 0.9, 1.0, 1.1, 1.5], tick=Fraction(1, 10))
    assert count_frames(path) == 16  # those that were dropped among them
    assert [frame.time for frame, _ in read_frames(path)] == pytest.approx([0, 0.1, 0.2, 0.5, 0.6, 0.9, 1, 1.1, 1.5])
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10])
    with pytest.raises(PictureError) as raised:
        list(read_frames(path))
    assert raised.value.code == CUT_OFF


@pytest.mark.parametrize("content", [b"", b"no video", None])
def test_files_that_are_no_video(tmp_path: Path, content: bytes | None, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PictureError, match=r"a\.mp4"):
        list(read_frames(path))
    assert capfd.readouterr().err == ""


def test_a_camera_that_is_not_there() -> None:
    told: list[str] = []
    [camera] = find_pictures("97")
    assert camera.camera == 97 and camera.moves and count_pictures([camera]) is None
    assert list(decoded([camera], lambda _, error: told.append(error.message))) == []
    assert told == ["The camera 97 cannot be opened."]


def test_a_camera_is_read_frame_by_frame(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # There is no camera here; what OpenCV gives of one, frames without an end that is known, it gives of a file too.
    import cv2

    capture = cv2.VideoCapture
    monkeypatch.setattr(cv2, "VideoCapture", lambda _: capture(str(video)))
    found = list(decoded(find_pictures("0"), pytest.fail))
    assert [picture.name for picture, _ in found] == [f"camera-0/{number:06d}.jpg" for number in range(20)]
    times = [picture.frame.time for picture, _ in found if picture.frame]
    assert times == sorted(times) and times[-1] < 1.5  # when they came, not what the file says


def test_pictures_and_videos_one_after_the_other(video: Path, shared_picture: Path) -> None:
    pictures = find_pictures([shared_picture, video, shared_picture.with_name("b.png")])
    assert count_pictures(pictures) == 22
    names = [picture.name for picture, _ in decoded(pictures, pytest.fail, ahead=3)]
    assert len(names) == 22 and names[0].endswith("a.png") and names[1].endswith("벨트 1.mp4/000000.jpg")
    origins = {picture.origin for picture, _ in decoded(pictures, pytest.fail)}
    assert len(origins) == 22


@pytest.fixture
def shared_picture(tmp_path: Path) -> Path:
    from PIL import Image

    for name, color in (("a.png", 9), ("b.png", 90)):
        Image.new("RGB", (20, 10), (color, 0, 0)).save(tmp_path / name)
    return tmp_path / "a.png"


def test_only_a_few_frames_are_read_ahead(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(self: SourcePicture, every: int = 1) -> Iterator[tuple[SourcePicture, np.ndarray]]:
        for frame, pixels in read_frames(self.path, every):
            read.append(frame.number)
            yield self._replace(frame=frame), pixels

    monkeypatch.setattr(SourcePicture, "frames", counted)
    before = set(threading.enumerate())
    stream = decoded(find_pictures(video), pytest.fail, ahead=4)
    next(stream)
    assert len(read) <= 5
    stream.close()  # type: ignore[attr-defined]
    assert set(threading.enumerate()) <= before
