from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.inference.making_videos import make_video, noise, probe
from tests.models.checkpoints import empty_state, original_names, small_config
from tests.programs import yolact_kit
from tests.tiny_model import THRESHOLD, save_tiny_model, tiny_model
from yolact_kit.cli.app import main
from yolact_kit.config.files import save_config
from yolact_kit.inference.journal import FILE
from yolact_kit.models.class_names import COCO_CLASSES
from yolact_kit.models.weights import save_weights


def predict(*words: str | Path) -> int:
    """Runs the command in this process and gives its exit code."""
    with pytest.raises(SystemExit) as raised:
        main(["predict", *map(str, words)])
    return int(raised.value.code or 0)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_real_photos_as_a_user_runs_it(run_folder: Path, shared_data: Path, tmp_path: Path) -> None:
    photos = shared_data / "fruitnuts_labelme" / "images"
    done = yolact_kit("predict", run_folder, photos, "--score", "0.1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    out = tmp_path / "runs" / "predict-1"
    document = json.loads((out / "predictions.json").read_text(encoding="utf-8"))
    assert len(document["images"]) == 18
    assert {(image["width"], image["height"]) for image in document["images"]} == {(800, 600)}
    assert all(annotation["score"] >= 0.1 for annotation in document["annotations"])
    assert len(files(out / "overlay")) == 18
    look = done.stderr.strip().splitlines()[-1].removeprefix("Look at ")
    assert (tmp_path / look).is_file()
    assert "Traceback" not in done.stderr


def test_formats_by_comma_and_by_repetition(run_folder: Path, photos: Path, tmp_path: Path) -> None:
    assert predict(run_folder, photos, "--out", tmp_path / "a", "--format", "coco,png", "--quiet") == 0
    assert predict(run_folder, photos, "--out", tmp_path / "b", "--format", "png", "--format", "coco", "-q") == 0
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert not (tmp_path / "a" / "overlay").exists()


def test_where_top_k_may_have_left_objects_out_it_is_said(
    run_folder: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for score, top_k, warned in (("0.1", "2", True), ("0.1", "9999", False), ("0", "2", False)):
        options = ["--format", "csv", "--score", score, "--top-k", top_k]
        assert predict(run_folder, photos, "--out", tmp_path / f"{score} {top_k}", *options) == 0
        assert ("as many objects as --top-k allows" in capsys.readouterr().err) == warned


def test_top_k_and_score_are_obeyed(run_folder: Path, photos: Path, tmp_path: Path) -> None:
    def found(*options: str) -> list[dict]:
        out = tmp_path / "-".join(options or ("all",)).replace("--", "")
        assert predict(run_folder, photos, "--out", out, "--format", "coco", "--quiet", *options) == 0
        annotations: list[dict] = json.loads((out / "predictions.json").read_text(encoding="utf-8"))["annotations"]
        return annotations

    every = found("--score", "0")
    few = [one["image_id"] for one in found("--score", "0", "--top-k", "2")]
    assert few and max(few.count(number) for number in few) <= 2
    assert len(few) < len(every)
    middle = sorted(one["score"] for one in every)[len(every) // 2]
    some = found("--score", str(middle))
    assert 0 < len(some) < len(every)
    assert all(one["score"] >= middle for one in some)


def test_nms_and_legacy_change_what_is_found(run_folder: Path, photos: Path, tmp_path: Path) -> None:
    boxes = {}
    for name, options in {"fast": [], "cross": ["--nms", "cross-class"], "legacy": ["--legacy"]}.items():
        out = tmp_path / name
        assert predict(run_folder, photos, "--out", out, "--score", "0", "--format", "coco", "-q", *options) == 0
        annotations = json.loads((out / "predictions.json").read_text(encoding="utf-8"))["annotations"]
        boxes[name] = [value for one in annotations for value in one["bbox"]]
    assert boxes["cross"] != boxes["fast"]
    assert all(value == int(value) for value in boxes["legacy"])
    assert any(value != int(value) for value in boxes["fast"])


def test_the_score_that_applies_is_said_unless_it_was_asked_for(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = save_tiny_model(tmp_path / "chosen", threshold=THRESHOLD.model_copy(update={"score": 0.5}))
    without = save_tiny_model(tmp_path / "without")
    said = (
        "score 0.5: chosen in training on 9 pictures, where it found 93 % of 61 objects and 96 % of the detections "
        "were right; --score changes it"
    )
    words = {}
    for name, call in {
        "chosen": [chosen],
        "without": [without],
        "asked": [chosen, "--score", "0.05"],
        "legacy": [chosen, "--legacy"],
    }.items():
        weights, *options = call
        assert predict(weights, photos, "--out", tmp_path / "out" / name, "--format", "coco", *options) == 0
        words[name] = " ".join(capsys.readouterr().err.split())
    assert said in words["chosen"]
    assert "score 0.3: these weights have no threshold of their own; --score changes it" in words["without"]
    assert "changes it" not in words["asked"]
    assert "score 0.3: --legacy does not use the threshold that training chose" in words["legacy"]
    scores = {}
    for name in words:
        document = json.loads((tmp_path / "out" / name / "predictions.json").read_text(encoding="utf-8"))
        scores[name] = [one["score"] for one in document["annotations"]]
    assert min(scores["chosen"]) >= 0.5 > min(scores["asked"])
    assert min(scores["without"], default=1) >= 0.3 and min(scores["legacy"], default=1) >= 0.3
    assert 0 < len(scores["chosen"]) < len(scores["asked"])


def test_pictures_are_chosen_by_scores_below_the_threshold_too(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = save_tiny_model(tmp_path / "stored", threshold=THRESHOLD.model_copy(update={"score": 0.9}))
    plain = save_tiny_model(tmp_path / "plain")
    for run_folder in (stored, plain):
        out = tmp_path / f"out-{run_folder.name}"
        assert predict(run_folder, photos, "--out", out, "--only-uncertain", "2", "--format", "coco", "-q") == 0
    lists = [(tmp_path / f"out-{name}" / "uncertain.txt").read_text(encoding="utf-8") for name in ("stored", "plain")]
    assert lists[0] == lists[1]


def test_one_broken_picture_among_good_ones_exits_1(
    run_folder: Path, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "깨짐.jpg").write_bytes(b"no picture")
    assert predict(run_folder, photos, "--out", tmp_path / "out") == 1
    assert "깨짐.jpg" in capsys.readouterr().err
    assert len(files(tmp_path / "out" / "overlay")) == 3


def test_a_list_of_pictures_as_a_shell_expands_it(run_folder: Path, photos: Path, tmp_path: Path) -> None:
    assert predict(run_folder, *sorted(photos.glob("*.png")), "--out", tmp_path / "out", "--quiet") == 0
    assert files(tmp_path / "out" / "overlay") == ["컵 0.jpg", "컵 1.jpg", "컵 2.jpg"]


def test_a_checkpoint_of_the_originals_predicts_as_the_same_weights_of_ours(
    photos: Path, shared_data: Path, tmp_path: Path
) -> None:
    config = small_config(["컵", "plate"])
    model = tiny_model(config)
    save_weights(tmp_path / "ours.safetensors", model, config)
    save_config(config, tmp_path / "config.yaml")
    torch.save(original_names(model, shared_data.parent / "reference"), tmp_path / "cups_9_100.pth")
    found = []
    for name, words in (("ours.safetensors", []), ("cups_9_100.pth", ["--model", tmp_path / "config.yaml"])):
        out = tmp_path / f"out-{name}"
        assert predict(tmp_path / name, photos, "--out", out, "--score", "0", "--format", "coco", "-q", *words) == 0
        found.append((out / "predictions.json").read_bytes())
    assert found[0] == found[1]
    assert json.loads(found[0])["annotations"]


def test_published_weights_by_name_find_cocos_classes(
    photos: Path, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    kept = tmp_path / "cache" / "hub" / "checkpoints" / "yolact_resnet50_54_800000.pth"
    kept.parent.mkdir(parents=True)
    torch.save(empty_state(shared_data.parent / "reference", "yolact_resnet50"), kept)
    photo = next(photos.iterdir())
    assert predict("coco:yolact_resnet50", photo, "--out", tmp_path / "out", "--format", "coco", "-q") == 0
    document = json.loads((tmp_path / "out" / "predictions.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in document["categories"]] == list(COCO_CLASSES)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{run}", "{in}", "--format", "video"], "The format 'video' needs a video or a camera"),
        (["{run}", "{in}", "--track"], "Following objects needs a video"),
        (["{run}", "clip.mp4", "--track"], "'clip.mp4' does not exist"),
        (["{run}", "{in}", "--count-line", "a,b"], "'--count-line' takes numbers"),
        (["{run}", "98", "--out", "{in}/../out"], "The camera 98 cannot be opened"),
        (["{run}", "{in}", "--format", "jpeg"], "no format 'jpeg'"),
        (["{run}", "{in}", "--engine", "opnvino"], "Did you mean 'openvino'?"),
        (["{run}", "{in}", "--engine", "openvino", "--exact"], "--exact needs torch"),
        (["{run}", "{in}", "--nms", "soft"], "no NMS 'soft'"),
        (["{run}", "{in}", "--color-by", "age"], "by 'age'"),
        (["{run}", "{in}", "--tile", "640", "--overlap", "1"], "Tiles of 640 pixels"),
        (["{run}", "{in}", "--tta", "turn"], "augmentation 'turn'"),
        (["{run}", "http://127.0.0.1:9/a.png"], "127.0.0.1:9/a.png"),
        (["{run}", "{in}", "--device", "cuda:99"], "no device 'cuda:99'"),
        (["{run}", "{in}/missing"], "missing' does not exist"),
        (["{run}", "{in}/*.tif"], "No picture or video matches"),
        (["{run}/missing", "{in}"], "missing' do"),
        (["{in}", "{in}"], "holds no weights"),
        (["{in}/컵 0.png", "{in}"], "cannot be read as weights"),
        (["{run}", "{in}", "--out", "{in}"], "{in}"),
        (["{run}", "{in}", "--out", "{in}/out"], "inside the input"),
    ],
)
def test_wrong_calls_exit_2_and_write_nothing(
    words: list[str],
    message: str,
    run_folder: Path,
    photos: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    before = files(tmp_path)
    places = {"run": run_folder, "in": photos}
    assert predict(*(word.format(**places) for word in words)) == 2
    error = capsys.readouterr().err
    assert message.format(**places) in error
    assert "Traceback" not in error and "fault of yolact-kit" not in error
    assert files(tmp_path) == before


def test_a_picture_that_is_no_picture_exits_2(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.jpg").write_text("no picture", encoding="utf-8")
    assert predict(run_folder, tmp_path / "text.jpg", "--out", tmp_path / "out") == 2
    assert "text.jpg" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_every_format_at_once_and_korean_names(run_folder: Path, photos: Path, tmp_path: Path) -> None:
    every = "coco,labelme,csv,png,cutouts,overlay"
    out = tmp_path / "결과"
    assert predict(run_folder, photos, "--out", out, "--format", every, "--score", "0", "--top-k", "3", "-q") == 0
    assert sorted(path.name for path in out.iterdir()) == [
        ".yolact-kit", "cutouts", "labelme", "overlay", "png", "predictions.csv", "predictions.json",
    ]  # fmt: skip
    found = json.loads((out / "predictions.json").read_text(encoding="utf-8"))["annotations"]
    rows = (out / "predictions.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == len(found) + 1 == len(files(out / "cutouts")) + 1
    assert files(out / "labelme") == ["컵 0.json", "컵 1.json", "컵 2.json"]


def test_colors_by_instance(run_folder: Path, photos: Path, tmp_path: Path) -> None:
    drawn = []
    for way in ("class", "instance"):
        options = ["--out", tmp_path / way, "--format", "overlay", "--color-by", way, "--score", "0", "-q"]
        assert predict(run_folder, photos, *options) == 0
        drawn.append((tmp_path / way / "overlay" / "컵 0.jpg").read_bytes())
    assert drawn[0] != drawn[1]


@pytest.mark.slow
def test_standard_input_as_a_user_pipes_it(run_folder: Path, photos: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "yolact_kit", "predict", run_folder, "-", "--format", "coco", "--out"]
    for name, content in (("one", (photos / "컵 0.png").read_bytes()), ("list", "\n".join(map(str, photos.iterdir())))):
        data = content if isinstance(content, bytes) else content.encode()
        done = subprocess.run([*map(str, words), str(tmp_path / name)], input=data, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        images = json.loads((tmp_path / name / "predictions.json").read_text(encoding="utf-8"))["images"]
        assert len(images) == (1 if name == "one" else 3)


@pytest.mark.slow
def test_a_killed_run_goes_on(run_folder: Path, photos: Path, tmp_path: Path) -> None:
    first = next(iter(photos.iterdir())).read_bytes()
    for number in range(60):
        (photos / f"{number}.png").write_bytes(first)
    out = tmp_path / "out"
    words = [sys.executable, "-m", "yolact_kit", "predict", str(run_folder), str(photos), "--out", str(out)]
    options = ["--format", "coco,png", "--batch-size", "1", "--score", "0", "--top-k", "5"]
    running = subprocess.Popen([*words, *options])
    journal = out / FILE
    while not journal.exists() or journal.read_bytes().count(b"\n") < 10:
        assert running.poll() is None
        time.sleep(0.02)
    running.kill()
    running.wait()
    done = journal.read_bytes().count(b"\n") - 1
    again = yolact_kit(*words[3:], *options, cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "Continuing" in again.stderr and 9 <= done < 63
    images = json.loads((out / "predictions.json").read_text(encoding="utf-8"))["images"]
    assert len({image["file_name"] for image in images}) == len(images) == 63
    assert not journal.exists()


def test_a_video_with_everything_that_videos_have(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("trackers")
    video, out = make_video(tmp_path / "벨트.mp4", noise(9, 90, 120)), tmp_path / "결과"
    options = ["--every", "2", "--count-line", "0,45,119,45", "--count-zone", "0,0,60,0,60,80", "--no-fps"]
    assert predict(run_folder, video, "--out", out, "--format", "video,csv,coco", "--score", "0", *options) == 0
    assert probe(out / "video" / "벨트.mp4")["codec_name"] == "h264"
    printed = capsys.readouterr().err
    assert "5 pictures" in printed and "벨트.mp4: line 1: in " in printed and "벨트.mp4: zone 1: now " in printed
    kinds = [one["kind"] for one in json.loads((out / "counts.json").read_text("utf-8"))["videos"][0]["counts"]]
    assert kinds == ["line", "zone"]


@pytest.mark.slow
def test_ctrl_c_keeps_a_video_that_plays(run_folder: Path, tmp_path: Path) -> None:
    video, out = make_video(tmp_path / "a.mp4", noise(600, 90, 120)), tmp_path / "out"
    words = [sys.executable, "-m", "yolact_kit", "predict", run_folder, video, "--out", out, "--format", "video,coco"]
    running = subprocess.Popen([*map(str, words), "--batch-size", "1"], stderr=subprocess.PIPE, text=True)
    while not (out / FILE).exists() or (out / FILE).read_bytes().count(b"\n") < 20:
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    printed = running.communicate(timeout=60)[1]
    assert running.returncode == 130 and "Interrupted: what is finished is kept" in printed
    images = json.loads((out / "predictions.json").read_text(encoding="utf-8"))["images"]
    assert 19 <= len(probe(out / "video" / "a.mp4")["times"]) == len(images) < 600


def test_tiles_and_looking_again(run_folder: Path, photos: Path, tmp_path: Path) -> None:
    found = {}
    for name, words in {"once": [], "tiles": ["--tile", "40"], "again": ["--tta", "flip,scale"]}.items():
        options = ["--format", "coco", "--score", "0", "--top-k", "20", "--quiet", *words]
        assert predict(run_folder, photos, "--out", tmp_path / name, *options) == 0
        found[name] = json.loads((tmp_path / name / "predictions.json").read_text(encoding="utf-8"))["annotations"]
    assert found["once"] != found["tiles"] != found["again"] != found["once"]


def test_only_the_uncertain_pictures_and_their_list(run_folder: Path, photos: Path, tmp_path: Path) -> None:
    (photos / "깨짐.jpg").write_bytes(b"no picture")
    out = tmp_path / "out"
    options = ["--format", "labelme,coco", "--score", "0.2", "--top-k", "5"]
    assert predict(run_folder, photos, "--out", out, "--only-uncertain", "2", *options) == 1
    listed = (out / "uncertain.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == 2 and len(files(out / "labelme")) == 2
    again = tmp_path / "again"
    assert predict(run_folder, out / "uncertain.txt", "--out", again, *options) == 0
    assert files(again / "labelme") == files(out / "labelme")
