"""From a video to a folder of predictions: every output, read back by another program."""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.inference.making_videos import make_video, noise, probe
from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.inference.encoders import fallback_hint, h264_codec
from yolact_kit.inference.journal import FILE, Record, is_unfinished
from yolact_kit.inference.predict_sources import predict_to_folder
from yolact_kit.inference.predictor import Predictor
from yolact_kit.inference.scenes import VideoOptions
from yolact_kit.inference.sources import find_pictures
from yolact_kit.inference.videos import CUT_OFF, read_frames


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    config = tiny_config()
    config.detect.top_k = 4
    model = tiny_model(config)
    with torch.no_grad():
        model.head.score.weight.mul_(3)  # sure enough of what it finds to follow it
    return Predictor(model, config, batch_size=4)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Twenty times a picture in which the tiny model finds something; a little brighter each time."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 200, (90, 120, 3), dtype=np.uint8)
    return make_video(tmp_path / "영상" / "벨트.mp4", (picture + np.uint8(number) for number in range(20)))


def test_every_format_of_a_video(predictor: Predictor, video: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    formats = ["coco", "csv", "labelme", "overlay", "video", "cutouts", "png"]
    outcome = predict_to_folder(predictor, find_pictures(video), out, formats, video=VideoOptions(every=4))
    assert (outcome.pictures, outcome.broken) == (5, [])
    images = json.loads((out / "predictions.json").read_text(encoding="utf-8"))["images"]
    assert [(image["file_name"], image["frame"], image["time"]) for image in images] == [
        (f"벨트.mp4/{number:06d}.jpg", number, number / 10) for number in range(0, 20, 4)
    ]
    names = [f"{number:06d}" for number in range(0, 20, 4)]
    assert [path.stem for path in sorted((out / "overlay" / "벨트.mp4").iterdir())] == names
    document = json.loads((out / "labelme" / "벨트.mp4" / "000004.json").read_text(encoding="utf-8"))
    assert document["imageData"] and (document["imageWidth"], document["imageHeight"]) == (120, 90)
    found = probe(out / "video" / "벨트.mp4")
    assert (found["codec_name"], found["width"], found["height"], found["pix_fmt"]) == ("h264", 120, 90, "yuv420p")
    assert found["times"] == pytest.approx([0, 0.4, 0.8, 1.2, 1.6], abs=0.001)


def test_pandas_reads_frames_and_times(predictor: Predictor, video: Path, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    predict_to_folder(predictor, find_pictures(video), tmp_path / "out", ["csv"], video=VideoOptions(every=10))
    table = pandas.read_csv(tmp_path / "out" / "predictions.csv")
    assert table.groupby("frame")["time"].first().to_dict() == {0: 0.0, 10: 1.0}
    assert table["track"].isna().all()


def test_the_drawn_video_shows_the_frames_and_their_objects(predictor: Predictor, video: Path, tmp_path: Path) -> None:
    predict_to_folder(predictor, find_pictures(video), tmp_path / "out", ["video"], video=VideoOptions(speed=False))
    before, after = ([pixels for _, pixels in read_frames(path)] for path in (video, tmp_path / "out/video/벨트.mp4"))
    assert len(before) == len(after) == 20
    changed = [abs(one.astype(int) - other).max(axis=2) > 40 for one, other in zip(before, after, strict=True)]
    assert all(0.02 < float(part.mean()) < 0.98 for part in changed)


def test_times_of_frames_and_odd_sizes_are_kept(predictor: Predictor, tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.2, 0.7, 1.5, 1.6]
    frames = [pixels[:45, :61] for pixels in noise(6, 46, 62)]
    source = make_video(tmp_path / "a.mkv", frames, times=times, codec="ffv1")
    predict_to_folder(predictor, find_pictures(source), tmp_path / "out", ["video"])
    found = probe(tmp_path / "out" / "video" / "a.mkv.mp4")
    assert (found["width"], found["height"]) == (62, 46)
    assert found["times"] == pytest.approx(times, abs=0.002)


def test_ids_reach_every_output(predictor: Predictor, video: Path, tmp_path: Path) -> None:
    pytest.importorskip("trackers")
    out, options = tmp_path / "out", VideoOptions(track=True, zones=((0, 0, 119, 0, 119, 89, 0, 89),))
    outcome = predict_to_folder(predictor, find_pictures(video), out, ["coco", "csv", "video"], video=options)
    annotations = json.loads((out / "predictions.json").read_text(encoding="utf-8"))["annotations"]
    ids = {one["track_id"] for one in annotations if "track_id" in one}
    assert ids
    counts = json.loads((out / "counts.json").read_text(encoding="utf-8"))
    assert counts == outcome.counts
    assert sum(counts["videos"][0]["objects"].values()) == len(ids)


def test_an_interrupt_keeps_a_file_that_plays(predictor: Predictor, video: Path, tmp_path: Path) -> None:
    def interrupted(stream: Iterable[Record], total: int | None) -> Iterable[Record]:
        assert total == 20
        for number, done in enumerate(stream):
            if number == 5:
                raise KeyboardInterrupt
            yield done

    out = tmp_path / "out"
    outcome = predict_to_folder(predictor, find_pictures(video), out, ["video", "coco"], track=interrupted)
    assert outcome.interrupted and 6 <= outcome.pictures < 20
    assert len(probe(out / "video" / "벨트.mp4")["times"]) == outcome.pictures
    assert sorted(path.name for path in out.iterdir()) == [".yolact-kit", "predictions.json", "video"]
    assert len(list((out / "video").iterdir())) == 1


class Killed(BaseException):
    """Stands for the death of the process."""


def _killed(stream: Iterable[Record], total: int | None) -> Iterable[Record]:
    yield next(iter(stream))
    raise Killed


def test_frames_go_on_where_they_stopped_but_a_video_begins_anew(
    predictor: Predictor, video: Path, tmp_path: Path
) -> None:
    for name, formats in (("frames", ["coco"]), ("whole", ["coco", "video"])):
        out = tmp_path / name
        with pytest.raises(Killed):
            predict_to_folder(predictor, find_pictures(video), out, formats, track=_killed)
        assert is_unfinished(out)
        outcome = predict_to_folder(predictor, find_pictures(video), out, formats)
        assert outcome.pictures == 20 and (outcome.continued > 0) == (name == "frames")
        images = json.loads((out / "predictions.json").read_text(encoding="utf-8"))["images"]
        assert [image["frame"] for image in images] == list(range(20))
        assert not (out / FILE).exists()
    assert len(probe(tmp_path / "whole" / "video" / "벨트.mp4")["times"]) == 20


def test_a_video_that_is_cut_off_is_told_and_its_beginning_kept(
    predictor: Predictor, video: Path, tmp_path: Path
) -> None:
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])
    Image.new("RGB", (20, 20)).save(video.with_name("b.png"))
    pictures = find_pictures([video, video.with_name("b.png")])
    outcome = predict_to_folder(predictor, pictures, tmp_path / "out", ["video", "coco"])
    [(picture, error)] = outcome.broken
    assert picture.path == video and error.code == CUT_OFF
    assert 20 > outcome.pictures - 1 == len(probe(tmp_path / "out" / "video" / "벨트.mp4")["times"]) > 0


@pytest.mark.slow
def test_memory_does_not_grow_with_the_frames(predictor: Predictor, tmp_path: Path) -> None:
    def peak(count: int) -> int:
        video = make_video(tmp_path / f"{count}.mp4", noise(count, 180, 240))  # nothing is found in it
        tracemalloc.start()
        predict_to_folder(predictor, find_pictures(video), tmp_path / f"out-{count}", ["video", "coco"])
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(4)
    assert peak(110) - peak(30) < 5_000_000  # 80 frames held would be 10 MB, and as much again drawn


def test_without_pyav_the_fallback_is_said_aloud(
    predictor: Predictor, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert h264_codec() and fallback_hint() == ""
    monkeypatch.setitem(sys.modules, "av", None)
    assert "mp4v" in fallback_hint() and "yolact-kit[video]" in fallback_hint()
    predict_to_folder(predictor, find_pictures(video), tmp_path / "out", ["video"], video=VideoOptions(every=2))
    found = probe(tmp_path / "out" / "video" / "벨트.mp4")
    assert (found["codec_name"], len(found["times"]), found["avg_frame_rate"]) == ("mpeg4", 10, "5/1")
