from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.runner import Runner


def test_onnx_by_default_and_predict_takes_it(
    run: Runner, run_folder: Path, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("export", run_folder, "--pictures", photos, "--json")
    assert done.code == 0
    assert done.json()["check"]["same"] is True and done.json()["check"]["pictures"] == 3
    file = Path("runs") / "export-1" / "model.onnx"
    assert file.is_file() and str(file) in done.err and "opset" in done.err
    predicted = run("predict", file, photos, "--format", "coco", "--score", "0.1", "--out", tmp_path / "a")
    assert predicted.code == 0 and "Engine: ONNX Runtime" in predicted.err
    explained = run("explain", file, photos, "--score", "0.1", "--out", tmp_path / "b")
    assert explained.code == 0 and (tmp_path / "b" / "explanation.html").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(("format", "suffix"), [("openvino", ".xml"), ("torch-export", ".pt2")])
def test_other_formats_to_a_file_of_their_suffix(
    format: str, suffix: str, run: Runner, run_folder: Path, photos: Path, tmp_path: Path
) -> None:
    file = tmp_path / f"컵{suffix}"
    done = run("export", run_folder, "--format", format, "--pictures", photos, "--out", file)
    assert (done.code, done.out) == (0, "") and file.is_file()
    again = run("export", run_folder, "--format", format, "--pictures", photos, "--out", file)
    assert again.code == 2 and "there already" in again.err
    assert run("export", run_folder, "--format", format, "--out", file, "--overwrite", "--quiet").code == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["{run}", "--format", "tensorflow"], "no format 'tensorflow'"),
        (["{run}", "--out", "{tmp}/a.pt"], "does not end in .onnx"),
        (["{run}", "--whole", "--nms", "standard", "--out", "{tmp}/a.onnx"], "suppression 'standard'"),
        (["{run}", "--whole", "--nms", "soft", "--out", "{tmp}/a.onnx"], "no NMS 'soft'"),
        (["{run}", "--layout", "yolov5", "--out", "{tmp}/a.onnx"], "no layout 'yolov5'"),
        (["{run}", "--layout", "yolo-seg", "--whole", "--out", "{tmp}/a.onnx"], "give different outputs"),
        (
            ["{run}", "--layout", "yolo-seg", "--half", "--out", "{tmp}/a.onnx"],
            "layout 'yolo-seg' has no half precision",
        ),
        (["{run}", "--layout", "yolo-seg", "--format", "torch-export"], "is for ONNX and OpenVINO"),
        (["{run}", "--layout", "yolo26-seg", "--nms", "standard", "--out", "{tmp}/a.onnx"], "suppression 'standard'"),
        (["{run}", "--pictures", "{tmp}/none", "--out", "{tmp}/a.onnx"], "none"),
        (["{tmp}/missing", "--out", "{tmp}/a.onnx"], "missing"),
    ],
)
def test_wrong_calls_exit_2_and_write_nothing(
    words: list[str], message: str, run: Runner, run_folder: Path, tmp_path: Path
) -> None:
    done = run("export", *[word.format(run=run_folder, tmp=tmp_path) for word in words])
    assert done.code == 2 and message in done.err
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".onnx", ".pt", ".partial")]


@pytest.mark.slow
def test_a_layout_with_the_yaml_that_loads_it(run: Runner, run_folder: Path, photos: Path, tmp_path: Path) -> None:
    words = ["export", run_folder, "--layout", "yolo-seg", "--pictures", photos, "--out", tmp_path / "cups.onnx"]
    (tmp_path / "cups.yaml").write_text("mine", encoding="utf-8")
    refused = run(*words)
    assert refused.code == 2 and "cups.yaml' is there already" in refused.err
    assert not (tmp_path / "cups.onnx").exists() and (tmp_path / "cups.yaml").read_text(encoding="utf-8") == "mine"
    done = run(*words, "--overwrite", "--json")
    assert done.code == 0 and done.json()["check"]["same"] and "layout of YOLOv8-seg" in done.err
    assert "model_path: cups.onnx" in (tmp_path / "cups.yaml").read_text(encoding="utf-8")
    predicted = run("predict", tmp_path / "cups.onnx", photos)
    assert predicted.code == 2 and "has the layout 'yolo-seg'" in predicted.err
