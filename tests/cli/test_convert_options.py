from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, WIDTH, labelled, labelme_document, picture, shape
from tests.annotations.readers.test_via import entry, export, region, via
from tests.cli.runner import Runner
from yolact_kit.annotations.dataset_folder import load_dataset


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Six labelled pictures, of which one is cut off."""
    folder = tmp_path / "photos"
    for number in range(6):
        labelled(folder, f"p{number}", [shape()], seed=number)
    cut = folder / "p2.png"
    cut.write_bytes(cut.read_bytes()[:-400])
    return folder


def test_no_verify_does_not_see_that_a_picture_is_cut_off_and_says_so(run: Runner, photos: Path) -> None:
    assert run("convert", photos, photos.parent / "checked").code == 1
    ran = run("convert", photos, photos.parent / "data", "--no-verify")
    assert ran.code == 0
    assert "pictures were not checked for damage" in ran.err
    report = json.loads((photos.parent / "data" / "conversion.json").read_text(encoding="utf-8"))
    assert report["counts"]["verified"] is False
    assert report["counts"]["pictures"] == 6
    assert run("validate", photos.parent / "data").code == 1


def test_no_verify_checks_all_else(run: Runner, photos: Path) -> None:
    labelled(photos, "outside", [shape([[-9, 5], [20, 5], [20, 20]])], seed=7)
    labelled(photos, "other size", [shape()], seed=8, imageWidth=WIDTH + 1)
    (photos / "none.png").write_bytes(b"no picture")
    (photos / "none.json").write_text(
        (photos / "p1.json").read_text(encoding="utf-8").replace("p1.png", "none.png"), encoding="utf-8"
    )
    ran = run("convert", photos, photos.parent / "data", "--no-verify")
    assert ran.code == 1
    report = json.loads((photos.parent / "data" / "conversion.json").read_text(encoding="utf-8"))
    assert sorted(report["counts"]["problems_by_code"]) == ["clipped", "picture-size", "picture-undecodable"]
    sizes = {(picture.width, picture.height) for picture in load_dataset(photos.parent / "data").pictures()}
    assert sizes == {(WIDTH, HEIGHT)}


def test_no_verify_gives_the_labels_that_verifying_gives(run: Runner, photos: Path) -> None:
    (photos / "p2.png").unlink()
    for name, more in (("checked", []), ("fast", ["--no-verify"])):
        run("convert", photos, photos.parent / name, "--skip-missing", *more)
    for split in ("train", "val"):
        checked, fast = (
            json.loads((photos.parent / name / "annotations" / f"{split}.json").read_text(encoding="utf-8"))
            for name in ("checked", "fast")
        )
        assert fast == checked


@pytest.mark.skipif(not hasattr(os, "fork"), reason="limits of a process are POSIX's")
def test_a_disk_that_is_full_leaves_nothing_behind(photos: Path, tmp_path: Path) -> None:
    program = (
        "import resource, sys; from yolact_kit.cli.app import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); main(sys.argv[1:])"
    )
    out = tmp_path / "full" / "out"
    out.parent.mkdir()
    command = [sys.executable, "-c", program, "convert", str(photos), str(out), "--quiet"]
    done = subprocess.run(command, capture_output=True, check=False, encoding="utf-8", timeout=300)
    assert done.returncode == 2, done.stderr
    assert "free space" in done.stderr
    assert list(out.parent.iterdir()) == []


def test_a_name_as_long_as_names_may_be_is_cut_where_it_has_to_change(run: Runner, tmp_path: Path) -> None:
    stem = "너" * 83 + "a"  # 250 bytes
    for number, name in enumerate(["b", "c", stem]):
        labelled(tmp_path / "photos", name, [shape()], seed=number)
    picture = tmp_path / "photos" / f"{stem}.jpg"
    with Image.open(tmp_path / "photos" / "b.png") as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("RGB").save(picture)
    document = labelme_document(picture.name, [shape()])
    (tmp_path / "photos" / "d.json").write_text(json.dumps(document), encoding="utf-8")
    assert run("convert", tmp_path / "photos", tmp_path / "out", "--to", "yolo").code == 0
    report = json.loads((tmp_path / "out" / "conversion.json").read_text(encoding="utf-8"))
    assert report["counts"]["problems_by_code"] == {"picture-renamed": 1}
    kept, cut = sorted((path.name for path in (tmp_path / "out" / "images").rglob("너*")), reverse=True)
    assert (kept, cut) == (picture.name, f"{stem[:-1]}-2.png")


@pytest.fixture
def regions(tmp_path: Path) -> Path:
    """Two pictures with a region each in a file of VIA, whose class could be one of two attributes."""
    attributes = [{"part": name, "colour": "red"} for name in ("nut", "bolt")]
    entries = [entry(region("polygon", item), filename=f"{item['part']}.png") for item in attributes]
    for seed, name in enumerate(("nut", "bolt")):
        picture(tmp_path / "photos" / f"{name}.png", seed)
    return via(tmp_path / "photos", export(*entries)).parent


@pytest.mark.parametrize("command", ["convert", "validate"])
def test_the_class_attribute_is_asked_for_and_obeyed(run: Runner, regions: Path, command: str) -> None:
    out = [regions.parent / "data"] if command == "convert" else []
    unclear = run(command, regions, *out)
    assert unclear.code == 2
    assert "'part', 'colour'" in unclear.err
    assert "--class-attribute" in unclear.err
    clear = run(command, regions, *out, "--class-attribute", "part")
    assert clear.code == 0
    assert "bolt" in clear.err


def test_a_data_set_mended_from_regions_has_the_classes_of_the_attribute(run: Runner, regions: Path) -> None:
    mended = regions.parent / "mended"
    assert run("validate", regions, "--class-attribute", "part", "--fix", mended).code == 0
    assert load_dataset(mended).classes == ["bolt", "nut"]


def test_cvat_and_via_are_formats_to_choose(run: Runner, regions: Path) -> None:
    assert run("convert", regions, regions.parent / "data", "--from", "via", "--class-attribute", "part").code == 0
    refused = run("convert", regions, regions.parent / "other", "--from", "cvat")
    assert refused.code == 2
    assert "Give --from via" in refused.err


@pytest.fixture
def cups(tmp_path: Path) -> Path:
    """Twelve pictures of a cup each, numbered by hand, on plates of two types."""
    folder = tmp_path / "cups"
    for number in range(1, 13):
        plate = shape([[30, 5], [50, 5], [50, 30], [30, 20]], f"type {number % 2 + 1}")
        labelled(folder, f"p{number}", [shape(label=f"컵_{number}"), plate], seed=number)
    return folder


def test_numbered_labels_get_a_map_to_edit_that_is_never_printed(run: Runner, cups: Path) -> None:
    ran = run("convert", cups, cups.parent / "data")
    file = cups.parent / "data-labels.json"
    assert ran.code == 0
    assert "12 of 14 classes have a single object" in ran.err and "--merge-numbered" in ran.err
    assert file.name in ran.err and "{" not in ran.err
    label_map = json.loads(file.read_text(encoding="utf-8"))
    assert set(label_map.values()) == {"컵", "type 1", "type 2"}
    file.write_text(json.dumps({**label_map, "type 2": "plate", "type 1": "plate"}), encoding="utf-8")
    assert run("convert", cups, cups.parent / "edited", "--map", file).code == 0
    assert load_dataset(cups.parent / "edited").classes == ["plate", "컵"]
    assert not (cups.parent / "edited-labels.json").exists()


def test_an_edited_map_is_never_replaced(run: Runner, cups: Path) -> None:
    file = cups.parent / "data-labels.json"
    for text in (None, "mine"):
        if text:
            file.write_text(text, encoding="utf-8")
        assert run("convert", cups, cups.parent / "data", "--overwrite").code == 0
    assert file.read_text(encoding="utf-8") == "mine"
    assert run("convert", cups, cups.parent / "data", "--overwrite").code == 0
    assert sorted(path.name for path in cups.parent.glob("*.json")) == ["data-labels-2.json", "data-labels.json"]


def test_merge_numbered_makes_one_class_and_validate_has_nothing_to_say(run: Runner, cups: Path) -> None:
    ran = run("convert", cups, cups.parent / "data", "--merge-numbered", "--json")
    printed = json.loads(ran.out)
    assert (ran.code, load_dataset(cups.parent / "data").classes) == (0, ["type 1", "type 2", "컵"])
    assert {problem["code"] for problem in printed["problems"]} == {"labels-merged", "labels-left"}
    assert Path(printed["label_map"]).is_file()
    assert "classes-single" not in run("validate", cups.parent / "data").err
    kept = ["--merge-numbered", "--keep-numbered", "컵_1,컵_3", "--keep-numbered", "type"]
    assert run("convert", cups, cups.parent / "kept", *kept).code == 0
    assert load_dataset(cups.parent / "kept").classes == ["type 1", "type 2", "컵", "컵_1", "컵_3"]


@pytest.mark.parametrize("command", ["validate SOURCE", "validate DATA", "config DATA"])
def test_the_warning_is_repeated_while_classes_have_a_single_object(run: Runner, cups: Path, command: str) -> None:
    data = cups.parent / "data"
    assert run("convert", cups, data).code == 0
    words = [{"SOURCE": cups, "DATA": data}.get(word, word) for word in command.split()]
    extra = ["--out", cups.parent / "config.yaml"] if command.startswith("config") else []
    ran = run(*words, *extra)
    assert "12 of 14 classes have a single object" in ran.err


def test_strict_writes_no_map(run: Runner, cups: Path) -> None:
    assert run("convert", cups, cups.parent / "data", "--merge-numbered", "--strict").code == 2
    assert [path.name for path in cups.parent.iterdir()] == ["cups"]
