from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.cli.runner import Runner
from tests.models.checkpoints import original_names, small_config
from tests.tiny_model import THRESHOLD, save_tiny_model, tiny_config, tiny_model
from yolact_kit.config.files import save_config
from yolact_kit.models.weights import save_weights


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_page_and_figures_are_written(
    run: Runner, run_folder: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("explain", run_folder, photos / "컵 1.png", photos / "컵 2.png", "--score", "0.1")
    assert (done.code, done.out) == (0, "")
    assert str(Path("runs") / "explain-1" / "explanation.html") in done.err
    each = [f"컵 {number}-{kind}.png" for number in (1, 2) for kind in ("boxes", "masks")]
    assert files(tmp_path / "runs" / "explain-1") == [".yolact-kit", "explanation.html", "prototypes.png", *each]
    page = (tmp_path / "runs" / "explain-1" / "explanation.html").read_text(encoding="utf-8")
    assert run_folder.name in page and str(run_folder.parent) not in page and str(tmp_path) not in page


def test_a_picture_without_objects_has_its_prototypes(
    run: Runner, run_folder: Path, photos: Path, tmp_path: Path
) -> None:
    done = run("explain", run_folder, photos / "컵 0.png", "--score", "1", "--out", tmp_path / "수업")
    assert done.code == 0
    assert "Nothing in '컵 0.png' scored 1 or more" in done.err
    assert files(tmp_path / "수업") == [".yolact-kit", "explanation.html", "prototypes.png", "컵 0-boxes.png"]


def test_only_the_first_pictures_of_a_folder(run: Runner, run_folder: Path, photos: Path, tmp_path: Path) -> None:
    call = ["explain", run_folder, photos, "--count", "1", "--score", "1", "--nms", "standard"]
    done = run(*call, "--out", tmp_path / "out")
    assert done.code == 0
    assert "The first 1 of 3 pictures" in done.err
    assert "Standard NMS" in (tmp_path / "out" / "explanation.html").read_text(encoding="utf-8")


def test_a_broken_picture_among_good_ones_is_left_out(
    run: Runner, run_folder: Path, photos: Path, tmp_path: Path
) -> None:
    (photos / "깨짐.png").write_bytes(b"no picture")
    done = run(
        "explain", run_folder, photos / "컵 0.png", photos / "깨짐.png", "--score", "1", "--out", tmp_path / "out"
    )
    assert done.code == 1
    assert "깨짐.png" in done.err and "left out" in done.err
    assert (tmp_path / "out" / "explanation.html").is_file()


def test_videos_beside_pictures_are_left_out(run: Runner, run_folder: Path, photos: Path, tmp_path: Path) -> None:
    (photos / "벨트.mp4").write_bytes(b"")
    done = run("explain", run_folder, photos, "--count", "1", "--score", "1", "--out", tmp_path / "out")
    assert done.code == 0
    assert "1 video is left out" in done.err


def test_bad_input_is_told_and_nothing_is_written(run: Runner, run_folder: Path, photos: Path, tmp_path: Path) -> None:
    text, out = tmp_path / "편지.png", tmp_path / "out"
    text.write_text("no picture", encoding="utf-8")
    other = tmp_path / "other.pth"
    torch.save({"layer.weight": torch.zeros(3)}, other)
    (tmp_path / "영상.mp4").write_bytes(b"")
    for call, words in {
        (run_folder, tmp_path / "영상.mp4"): "영상.mp4' is a video",
        (run_folder, photos / "컵 9.png"): "컵 9.png' does not exist",
        (run_folder, text): "편지.png' is not a picture",
        (other, photos): "other.pth",
        (text, photos): "편지.png",
        (tmp_path / "nowhere", photos): "nowhere",
        (run_folder, photos, "--out", photos): "lies inside the input",
        (run_folder, photos, "--device", "gpu9"): "gpu9",
        (run_folder, photos, "--nms", "slow"): "no NMS 'slow'",
    }.items():
        done = run("explain", *call, *([] if "--out" in call else ["--out", out]))
        assert done.code == 2
        assert words in done.err
        assert len(done.err.strip().splitlines()) >= 2
    assert not out.exists()
    assert files(photos) == ["컵 0.png", "컵 1.png", "컵 2.png"]


def test_a_checkpoint_of_the_originals(run: Runner, photos: Path, shared_data: Path, tmp_path: Path) -> None:
    config = small_config(["컵", "plate"])
    file = tmp_path / "my_9_100.pth"
    torch.save(original_names(tiny_model(config), shared_data.parent / "reference"), file)
    save_config(config, tmp_path / "config.yaml")
    call = ["explain", file, photos / "컵 0.png", "--model", tmp_path / "config.yaml"]
    assert run(*call, "--score", "0.2", "--out", tmp_path / "out").code == 0
    assert "컵 0-masks.png" in files(tmp_path / "out")


def test_a_model_with_mask_scoring(run: Runner, photos: Path, tmp_path: Path) -> None:
    config = tiny_config()
    config.model.mask_scoring = True
    model = tiny_model(config)
    assert model.mask_scoring is not None
    with torch.no_grad():
        model.mask_scoring.layers[-2].bias.fill_(0.8)
    save_weights(tmp_path / "plus.safetensors", model, config)
    call = ["explain", tmp_path / "plus.safetensors", photos / "컵 0.png", "--score", "0.05"]
    assert run(*call, "--out", tmp_path / "out").code == 0
    assert "컵 0-masks.png" in files(tmp_path / "out")


def test_without_a_score_the_threshold_of_the_weights_applies(run: Runner, photos: Path, tmp_path: Path) -> None:
    weights = save_tiny_model(tmp_path / "run", threshold=THRESHOLD.model_copy(update={"score": 0.9}))
    done = run("explain", weights, photos / "컵 0.png", "--out", tmp_path / "out")
    words = " ".join(done.err.split())
    assert done.code == 0
    assert "score 0.9: chosen in training on 9 pictures" in words and "scored 0.9 or more" in words
