from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.runner import Runner
from tests.datasets.folders import good_folder, polygon
from yolact_kit.cli.steps import plain_command


@pytest.fixture
def good(tmp_path: Path) -> Path:
    return good_folder(tmp_path / "데이터").write()


@pytest.fixture
def warned(tmp_path: Path) -> Path:
    maker = good_folder(tmp_path / "데이터")
    maker.documents["train"]["annotations"][1]["segmentation"] = polygon(86, 30)
    return maker.write()


@pytest.fixture
def photos(shared_data: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "사진"
    folder.mkdir()
    for stem in ("0", "1", "10"):
        for suffix in (".jpg", ".json"):
            shutil.copyfile(shared_data / "fruitnuts_labelme" / "images" / (stem + suffix), folder / (stem + suffix))
    return folder


def test_a_good_data_set_ends_with_0(run: Runner, good: Path) -> None:
    done = run("validate", good)
    assert (done.code, done.out) == (0, "")
    assert "Nothing wrong was found: 7 pictures, 16 objects, 2 classes." in done.err
    assert "너트" in done.err


def test_the_yaml_file_itself_can_be_given(run: Runner, good: Path) -> None:
    assert run("validate", good / "dataset.yaml").code == 0


def test_warnings_end_with_0_and_under_strict_with_2_and_nothing_written(
    run: Runner, warned: Path, tmp_path: Path
) -> None:
    plain = run("validate", warned)
    assert plain.code == 0
    assert "partly-outside (1)" in plain.err
    assert "사진 0.png, object 2 (bolt)" in plain.err
    page, out = tmp_path / "page.html", tmp_path / "mended"
    strict = run("validate", warned, "--strict", "--json", "--report", page, "--fix", out)
    assert strict.code == 2
    assert "--strict" in strict.err
    assert [problem["severity"] for problem in strict.json()["problems"]] == ["E"]
    assert not page.exists()
    assert not out.exists()


def test_strict_ends_with_0_where_nothing_is_wrong(run: Runner, good: Path) -> None:
    assert run("validate", good, "--strict").code == 0


def test_the_command_that_mends_is_named_and_mends(run: Runner, warned: Path, tmp_path: Path) -> None:
    assert plain_command(["validate", warned, "--fix", "OUT"]) in run("validate", warned).err
    out = tmp_path / "고친 것"
    done = run("validate", warned, "--fix", out, "--json")
    assert done.code == 0
    assert done.json()["mended"]["objects that were clipped to the picture"] == 1
    assert "1 objects that were clipped to the picture" in done.err
    assert run("validate", out, "--strict").code == 0


def test_mending_into_the_input_is_refused(run: Runner, warned: Path) -> None:
    before = sorted(warned.rglob("*"))
    for out in (warned, warned / "mended"):
        done = run("validate", warned, "--fix", out, "--overwrite")
        assert (done.code, done.out) == (2, "")
    assert sorted(warned.rglob("*")) == before


def test_a_report_needs_the_name_of_a_page(run: Runner, good: Path, tmp_path: Path) -> None:
    assert run("validate", good, "--report", tmp_path / "page.txt").code == 2
    assert run("validate", good, "--report", tmp_path / "쪽.html").code == 0
    assert "데이터" in (tmp_path / "쪽.html").read_text(encoding="utf-8")


def test_an_error_ends_with_1(run: Runner, good: Path) -> None:
    (good / "images" / "사진 0.png").unlink()
    done = run("validate", good)
    assert done.code == 1
    assert "picture-missing (1)" in done.err


def test_json_alone_on_standard_output(run: Runner, warned: Path) -> None:
    done = run("validate", warned, "--json")
    printed = done.json()
    assert done.code == 0
    assert printed["kind"] == "dataset"
    assert printed["counts"]["by_code"] == {"partly-outside": 1}
    assert (printed["counts"]["errors"], printed["counts"]["warnings"]) == (0, 1)
    assert set(printed["problems"][0]) == {"severity", "code", "file", "object", "message", "advice"}
    assert printed["statistics"]["objects"]["train"] == {"너트": 4, "bolt": 8}
    assert printed["classes"] == ["너트", "bolt"]


def test_long_lists_are_cut_unless_verbose(run: Runner, tmp_path: Path) -> None:
    maker = good_folder(tmp_path)
    for number in range(7):
        maker.annotate("train", 1, "bolt", polygon(86, 30 + number))
    root = maker.write()
    assert "... and 2 more" in run("validate", root).err
    assert "more; -v" not in run("validate", root, "-v").err


def test_quiet_prints_problems_only(run: Runner, good: Path) -> None:
    assert run("validate", good, "--quiet").err == ""
    (good / "images" / "사진 0.png").unlink()
    said = run("validate", good, "--quiet").err
    assert "picture-missing (1)" in said
    assert "Objects by class" not in said


def test_wrong_input_ends_with_2(run: Runner, tmp_path: Path) -> None:
    (tmp_path / "빈 폴더").mkdir()
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "a.txt").write_text("hello", encoding="utf-8")
    for name, saying in (("nowhere", "does not exist"), ("빈 폴더", "is empty"), ("words", "no annotation file")):
        done = run("validate", tmp_path / name)
        assert (done.code, done.out) == (2, "")
        assert name in done.err
        assert saying in done.err


def test_a_misspelt_model_ends_with_2(run: Runner, good: Path) -> None:
    done = run("validate", good, "--model", "yolact_nao")
    assert done.code == 2
    assert "'yolact_nano'" in done.err


def test_real_labels_of_every_format(run: Runner, shared_data: Path) -> None:
    wanted = {("fruitnuts_labelme", "labelme"): (18, 165), ("cupspeaker_voc_masks", "auto"): (32, 49)}
    for (name, format), counts in wanted.items():
        done = run("validate", shared_data / name, "--from", format, "--json")
        found = done.json()["counts"]
        assert (done.code, found["pictures"], found["objects"]) == (0, *counts)


def test_a_broken_file_among_good_ones_is_named(run: Runner, photos: Path) -> None:
    (photos / "1.json").write_text('{"shapes": [', encoding="utf-8")
    done = run("validate", photos)
    assert done.code == 1
    assert "1.json" in done.err
    assert "2 pictures with labelme labels" in done.err


def test_a_folder_with_broken_files_only_names_them_and_ends_with_2(run: Runner, photos: Path) -> None:
    endless = '{"shapes": [{"label": "nut", "points": [[NaN, 1], [9, 1], [9, 9]]}], "imagePath": "0.jpg"}'
    (photos / "0.json").write_text(endless, encoding="utf-8")
    for stem in ("1", "10"):
        (photos / f"{stem}.json").write_text('{"shapes": [', encoding="utf-8")
    done = run("validate", photos)
    assert done.code == 2
    assert all(f"{stem}.json" in done.err for stem in ("0", "1", "10"))
    assert "--fix" not in done.err  # nothing would be left
