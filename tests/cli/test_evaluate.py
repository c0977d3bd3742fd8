from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.evaluation.test_split_evaluation import CLASSES, make_dataset
from tests.tiny_model import THRESHOLD, save_tiny_model
from yolact_kit.cli.app import main


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("실행") / "train-1", CLASSES)


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return make_dataset(tmp_path / "데이터")


def evaluate(*words: str | Path) -> int:
    """Runs the command in this process and gives its exit code."""
    with pytest.raises(SystemExit) as raised:
        main(["evaluate", *map(str, words)])
    return int(raised.value.code or 0)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_and_json(run_folder: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "결과"
    assert evaluate(run_folder, dataset, "--out", out, "--json") == 0
    printed = capsys.readouterr()
    written = ["confusion.png", "metrics.json", "precision_recall.png", "report.html", "results.json"]
    assert names(out) == [".yolact-kit", *written]
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert json.loads(printed.out) == metrics
    parts = ["mask", "box", "thresholds", "confusion", "errors", "calibration", "boundary", "worst", "advice"]
    assert list(metrics) == parts
    assert list(metrics["mask"]["by_class"]) == CLASSES
    assert metrics["mask"]["by_class"]["fork"]["AP"] is None  # no picture has one
    assert 0 <= metrics["mask"]["AP"] <= 1
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert {result["image_id"] for result in results} <= {898, 899, 900}
    assert all(result["score"] >= 0.05 for result in results)
    assert "report.html" in printed.err and "plate" in printed.err and "calibration error" in printed.err


def test_what_is_passed_on_does_not_tell_where_it_was_made(run_folder: Path, dataset: Path, tmp_path: Path) -> None:
    last = run_folder / "weights" / "best.safetensors"
    assert evaluate(run_folder, dataset, "--against", last, "--out", tmp_path / "a", "--quiet") == 0
    metrics = json.loads((tmp_path / "a" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["against"]["weights"] == "train-1/weights/best.safetensors"
    for name in ("metrics.json", "results.json", "against.json", "report.html", ".yolact-kit"):
        text = (tmp_path / "a" / name).read_text(encoding="utf-8")
        assert str(tmp_path) not in text and str(run_folder.parent) not in text


def test_the_chosen_score_is_what_the_working_point_is_about(run_folder: Path, dataset: Path, tmp_path: Path) -> None:
    assert evaluate(run_folder, dataset, "--out", tmp_path / "a", "--score", "1", "--quiet") == 0
    chosen = json.loads((tmp_path / "a" / "metrics.json").read_text(encoding="utf-8"))["thresholds"]["chosen"]
    assert chosen == {
        "score": 1, "right": 0, "wrong": 0, "missed": 3, "precision": None, "recall": 0, "f1": 0,
    }  # fmt: skip


def test_the_threshold_of_the_weights_is_named_and_ap_counts_all_detections(
    dataset: Path, run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = save_tiny_model(tmp_path / "stored", CLASSES, threshold=THRESHOLD)
    assert evaluate(stored, dataset, "--out", tmp_path / "a") == 0
    words = " ".join(capsys.readouterr().err.split())
    assert "from score 0.62, which training chose on 9 pictures: precision" in words
    assert evaluate(run_folder, dataset, "--out", tmp_path / "b", "--quiet") == 0
    with_one, without = (
        json.loads((tmp_path / name / "metrics.json").read_text(encoding="utf-8")) for name in ("a", "b")
    )
    assert with_one["mask"] == without["mask"] and with_one["box"] == without["box"]
    assert with_one["thresholds"]["chosen"]["score"] == 0.62 and without["thresholds"]["chosen"]["score"] == 0.3
    assert with_one["thresholds"]["stored"] == THRESHOLD.model_dump() and without["thresholds"]["stored"] is None
    page = (tmp_path / "a" / "report.html").read_text(encoding="utf-8")
    assert "F1 from score 0.62, chosen in training" in page and "<span>best F1" in page
    assert "chosen in training" not in (tmp_path / "b" / "report.html").read_text(encoding="utf-8")


def test_a_data_set_without_objects(run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = make_dataset(tmp_path / "data", pictures=1)
    assert evaluate(run_folder, data, "--out", tmp_path / "a", "--against", run_folder, "--json") == 0
    printed = capsys.readouterr()
    metrics = json.loads(printed.out)
    assert metrics["mask"]["AP"] is None
    assert "val has no objects, so there is no mask AP" in printed.err
    assert "AP lost" not in printed.err and "What to do next" not in printed.err
    assert metrics["against"]["mask"]["AP"]["verdict"] == "undefined"


def test_against_other_weights(run_folder: Path, dataset: Path, tmp_path: Path) -> None:
    other = save_tiny_model(tmp_path / "other", CLASSES, seed=5)
    assert evaluate(run_folder, dataset, "--out", tmp_path / "a", "--against", other, "--quiet") == 0
    assert evaluate(other, dataset / "dataset.yaml", "--out", tmp_path / "b", "--quiet") == 0
    against, alone, both = (
        json.loads((tmp_path / name).read_text(encoding="utf-8"))
        for name in ("a/against.json", "b/metrics.json", "a/metrics.json")
    )
    assert against == {name: alone[name] for name in ("mask", "box")}
    found = both["against"]
    assert found["weights"] == other.name and found["pictures"] == 3
    for kind in ("mask", "box"):
        assert found[kind]["AP"]["this"] == both[kind]["AP"]
        assert found[kind]["AP"]["other"] == against[kind]["AP"]
        assert found[kind]["AP"]["low"] <= found[kind]["AP"]["high"]
        assert list(found[kind]["by_class"]) == CLASSES


def test_against_itself_is_no_clear_difference(
    run_folder: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(run_folder, dataset, "--out", tmp_path / "a", "--against", run_folder) == 0
    printed = capsys.readouterr().err
    assert "no clear difference" in printed and "Only 3 pictures" in printed


def test_a_class_that_the_weights_do_not_know_is_a_warning(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = save_tiny_model(tmp_path / "other", ["spoon", "plate"])
    assert evaluate(other, dataset, "--out", tmp_path / "out") == 0
    printed = capsys.readouterr().err
    assert "warning" in printed and "does not know the classes 컵, fork" in printed
    assert "of the 2 classes" in printed


def test_a_broken_picture_exits_1(
    run_folder: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dataset / "images" / "하위" / "사진 0.png").write_bytes(b"no picture")
    assert evaluate(run_folder, dataset, "--out", tmp_path / "out") == 1
    assert "사진 0.png" in capsys.readouterr().err
    assert (tmp_path / "out" / "metrics.json").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{run}", "{data}", "--split", "test"], "Its splits: val."),
        (["{run}", "{data}/missing"], "missing' does not exist"),
        (["{run}/missing", "{data}"], "do not exist"),
        (["{other}", "{data}"], "only the model has 'spoon'"),
        (["{run}", "{data}", "--out", "{data}/out"], "inside the input"),
        (["{run}", "{data}", "--against", "{data}"], "holds no weights"),
        (["{run}", "{data}", "--against", "{other}"], "only the model has 'spoon'"),
        (["{run}", "{data}", "--score", "30"], "--score"),
    ],
)
def test_wrong_calls_exit_2_and_write_nothing(
    words: list[str],
    message: str,
    run_folder: Path,
    dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    places = {"run": run_folder, "data": dataset, "other": save_tiny_model(tmp_path / "other", ["spoon"])}
    monkeypatch.chdir(tmp_path)
    assert evaluate(*(word.format(**places) for word in words)) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "fault of yolact-kit" not in error
    assert names(tmp_path) == ["other", "데이터"]
    assert names(dataset) == ["annotations", "dataset.yaml", "images"]
