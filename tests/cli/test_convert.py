"""``convert``, as a user calls it."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, WIDTH, labelled, labelme_document, picture, shape
from yolact_kit.annotations.dataset_folder import load_dataset
from yolact_kit.cli.app import main
from yolact_kit.pixels.pictures import read_picture


def run(*words: str | Path) -> int:
    """Runs the command in this process; returns the exit code."""
    with pytest.raises(SystemExit) as end:
        main(["convert", *map(str, words)])
    return int(end.value.code or 0)


def state(folder: Path) -> dict[str, str]:
    """Every file under a folder and a fingerprint of its content."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
        for path in folder.rglob("*")
    }


def document(out: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((out / "conversion.json").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Ten labelled pictures in a folder with a Korean name."""
    folder = tmp_path / "사진 폴더"
    for number in range(10):
        labelled(folder, f"사진 {number}", [shape(), shape([[30, 5], [50, 5], [50, 30]], "너트")], number)
    return folder


def test_real_labels(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = shared_data / "fruitnuts_labelme" / "images"
    before = state(source)
    out = tmp_path / "data"
    assert run(source, out, "--json") == 0
    assert state(source) == before
    printed = json.loads(capsys.readouterr().out)
    assert printed == document(out)
    assert printed["counts"]["by_class"] == {"date": 71, "fig": 41, "hazelnut": 53}
    assert {name: split["pictures"] for name, split in printed["counts"]["splits"].items()} == {"train": 14, "val": 4}
    reference = json.loads(
        (shared_data / "fruitnuts_labelme" / "reference_coco" / "trainval.json").read_text(encoding="utf-8")
    )
    documents = [json.loads((out / "annotations" / f"{name}.json").read_text("utf-8")) for name in ("train", "val")]
    assert polygons(*documents) == polygons(reference)
    for image in (out / "images").iterdir():
        assert image.read_bytes() == (source / image.name).read_bytes()


def polygons(*documents: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Picture, class and coordinates of every annotation."""
    found = []
    for whole in documents:
        names = {image["id"]: image["file_name"] for image in whole["images"]}
        classes = {category["id"]: category["name"] for category in whole["categories"]}
        found += [
            (names[entry["image_id"]], classes[entry["category_id"]], entry["segmentation"])
            for entry in whole["annotations"]
        ]
    return sorted(found)


def test_the_folder_is_complete_and_loads(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "자료"
    assert run(photos, out, "--val", "0.2", "--test", "0.1") == 0
    names = sorted(path.relative_to(out).as_posix() for path in out.iterdir())
    assert names == [".yolact-kit", "annotations", "conversion.json", "dataset.yaml", "images"]
    dataset = load_dataset(out)
    assert dataset.classes == ["nut", "너트"]
    assert {name: len(found) for name, found in dataset.splits.items()} == {"train": 7, "val": 2, "test": 1}
    for found in dataset.pictures():
        assert read_picture(found.path).shape == (HEIGHT, WIDTH, 3)
    ids = [
        image["id"]
        for name in dataset.splits
        for image in json.loads((out / "annotations" / f"{name}.json").read_text(encoding="utf-8"))["images"]
    ]
    assert len(set(ids)) == 10
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([photos.name, out.name])


def test_the_same_call_gives_the_same_folder(photos: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert run(photos, tmp_path / name / "data") == 0
    assert state(tmp_path / "one") == state(tmp_path / "two")


@pytest.mark.parametrize(
    ("words", "saying"),
    [
        (["없음", "out"], "does not exist"),
        (["empty", "out"], "is empty"),
        (["사진 폴더", "사진 폴더"], "lies inside the input"),
        (["사진 폴더", "사진 폴더/안"], "lies inside the input"),
        (["사진 폴더", "full"], "not empty"),
        (["사진 폴더", ".", "--overwrite"], "would delete the input"),
        (["사진 폴더", "out", "--from", "voc"], "no annotation file of the format 'voc'"),
        (["사진 폴더", "out", "--to", "png"], "png"),
        (["사진 폴더", "out", "--to", "voc", "--map", "space.yaml"], "as XML"),
        (["사진 폴더", "out", "--from", "yolo"], "no annotation file of the format 'yolo'"),
        (["사진 폴더", "out", "--from", "png"], "png"),
        (["사진 폴더", "out", "--val", "1"], "nothing to train on"),
        (["사진 폴더", "out", "--classes", "a,a"], "given twice"),
        (["사진 폴더", "out", "--classes", "none.txt"], "none.txt"),
        (["사진 폴더", "out", "--classes", "empty"], "among the given classes 'empty'"),
        (["사진 폴더", "out", "--map", "none.yaml"], "none.yaml"),
        (["사진 폴더", "out", "--map", "list.yaml"], "not a map"),
        (["사진 폴더", "out", "--pictures", "none"], "none"),
        (["사진 폴더", "out", "--keep-splits", "none"], "none"),
        (["사진 폴더", "out", "--split", "group"], "one group"),
        (["사진 폴더", "out", "--group-by", "("], "regular expression"),
        (["사진 폴더", "out", "--group-by", "video"], "matches nothing"),
        (["사진 폴더"], "Missing argument|OUT"),
    ],
)  # fmt: skip
def test_a_wrong_call_writes_nothing(
    photos: Path,
    tmp_path: Path,
    words: list[str],
    saying: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "list.yaml").write_text("nut: [bolt, washer]", encoding="utf-8")
    (tmp_path / "space.yaml").write_text('nut: "nut\\x07"', encoding="utf-8")
    before = state(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run(*words) == 2
    assert state(tmp_path) == before
    printed = capsys.readouterr()
    assert printed.out == ""
    assert any(option in printed.err for option in saying.split("|"))


def test_one_run_reports_every_problem_and_goes_on(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (photos / "사진 0.json").write_text("{", encoding="utf-8")
    (photos / "사진 1.png").write_text("not a picture", encoding="utf-8")
    (photos / "사진 2.png").unlink()
    nan = json.dumps(labelme_document("사진 3.png", [shape([[1, 1], [float("nan"), 2], [5, 9]])]))
    (photos / "사진 3.json").write_text(nan, encoding="utf-8")
    picture(photos / "extra.png", 77)
    (photos / "settings.json").write_text("{}", encoding="utf-8")
    before = state(photos)
    out = tmp_path / "data"
    assert run(photos, out) == 1
    assert state(photos) == before
    whole = document(out)
    assert [(found["severity"], found["code"], found["file"]) for found in whole["problems"]] == [
        ("S", "file-not-annotation", "settings.json"),
        ("E", "file-unreadable", "사진 0.json"),
        ("E", "picture-undecodable", "사진 1.json"),
        ("E", "picture-missing", "사진 2.json"),
        ("E", "coordinates-not-finite", "사진 3.json"),
    ]
    assert whole["problems"][-1]["object"] == "shape 1 (nut)"
    assert (whole["counts"]["pictures"], whole["counts"]["left_out"]) == (6, 4)
    assert sorted(path.name for path in (out / "images").iterdir()) == [f"사진 {number}.png" for number in range(4, 10)]
    printed = capsys.readouterr().err
    for number in range(4):
        assert f"사진 {number}.json" in printed


@pytest.mark.parametrize("severity", ["E", "F", "W", "S"])
def test_strict_writes_nothing_whatever_is_wrong(
    photos: Path, tmp_path: Path, severity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = {
        "E": shape([[1, 1], [2], [5, 9]]),
        "F": shape([[-9, 5], [20, 5], [20, 20]]),
        "W": shape([[5, 5], [25, 25], [25, 5], [5, 25]]),
        "S": shape([[5, 5]], kind="point"),
    }[severity]
    labelled(photos, "bad", [bad], 99)
    assert run(photos, tmp_path / "data", "--strict", "--json") == 2
    assert not (tmp_path / "data").exists()
    printed = json.loads(capsys.readouterr().out)
    assert [found["severity"] for found in printed["problems"]] == [severity]
    assert run(photos, tmp_path / "data") == (1 if severity == "E" else 0)


def test_turned_and_odd_pictures_are_baked_and_others_copied(shared_data: Path, tmp_path: Path) -> None:
    source = tmp_path / "in"
    labelled(source, "plain", [shape()])
    modes = "image_modes/Tests/images"
    odd = {
        "turned": "exif_orientation/Landscape_6.jpg",
        "cmyk": f"{modes}/pil_sample_cmyk.jpg",
        "grey": f"{modes}/hopper.gif",
    }
    for name, copied in odd.items():
        original = shared_data / "odd" / copied
        target = source / f"{name}{original.suffix}"
        shutil.copy(original, target)
        target.chmod(0o644)
        labels = labelme_document(target.name, [shape()], imageWidth=None, imageHeight=None)
        (source / f"{name}.json").write_text(json.dumps(labels), encoding="utf-8")
    out = tmp_path / "out"
    assert run(source, out, "--images", "link") == 0
    written = {path.name: path for path in (out / "images").iterdir()}
    assert set(written) == {"plain.png", "turned.jpg", "cmyk.jpg", "grey.gif.png"}
    for stem, suffix in (("turned", ".jpg"), ("cmyk", ".jpg"), ("grey", ".gif")):
        name = "grey.gif.png" if stem == "grey" else stem + suffix
        with Image.open(written[name]) as image:
            assert image.mode == "RGB"
            assert image.getexif().get(0x0112, 1) == 1
            baked = np.asarray(image).astype(int)
        assert np.abs(baked - read_picture(source / (stem + suffix))).mean() < 3
        assert not written[name].is_symlink()
    assert written["plain.png"].resolve() == (source / "plain.png").resolve()
    assert load_dataset(out).pictures()[0].path.exists()


def test_pictures_can_stay_where_they_are(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "data"
    assert run(photos, out, "--images", "keep") == 0
    assert not (out / "images").exists()
    assert {found.path.resolve().parent for found in load_dataset(out).pictures()} == {photos.resolve()}
    picture(photos / "사진 0.png").rename(photos / "grey.png")
    Image.open(photos / "grey.png").convert("L").save(photos / "사진 0.png")
    (photos / "grey.png").unlink()
    assert run(photos, out, "--images", "keep", "--overwrite") == 0
    assert "keep-impossible" in {found["code"] for found in document(out)["problems"]}
    assert {found.path.parent for found in load_dataset(out).pictures()} == {out / "images"}


def test_an_embedded_picture_is_written(tmp_path: Path, shared_data: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    shutil.copy(shared_data / "fruitnuts_labelme" / "images" / "0.json", source)
    assert run(source, tmp_path / "out") == 0
    held = json.loads((source / "0.json").read_text(encoding="utf-8"))["imageData"]
    assert (tmp_path / "out" / "images" / "0.jpg").read_bytes() == base64.b64decode(held)


def test_added_labels_keep_earlier_splits(photos: Path, tmp_path: Path) -> None:
    assert run(photos, tmp_path / "old", "--val", "0.3") == 0
    for number in range(10, 20):
        labelled(photos, f"사진 {number}", [shape()], number)
    assert run(photos, tmp_path / "new", "--val", "0.3", "--seed", "5", "--keep-splits", tmp_path / "old") == 0
    old, new = (
        {found.file: name for name, inside in load_dataset(tmp_path / which).splits.items() for found in inside}
        for which in ("old", "new")
    )
    assert old.items() <= new.items()
    assert list(new.values()).count("val") == 6


def test_classes_and_maps(photos: Path, tmp_path: Path) -> None:
    listed = tmp_path / "labels.txt"
    listed.write_text("__ignore__\n_background_\n볼트\nnut\n", encoding="utf-8-sig")
    mapped = tmp_path / "map.yaml"
    mapped.write_text("너트: nut\n", encoding="utf-8")
    assert run(photos, tmp_path / "data", "--classes", listed, "--map", mapped) == 0
    assert document(tmp_path / "data")["counts"]["by_class"] == {"볼트": 0, "nut": 20}
    train = json.loads((tmp_path / "data" / "annotations" / "train.json").read_text(encoding="utf-8"))
    assert [(entry["id"], entry["name"]) for entry in train["categories"]] == [(1, "볼트"), (2, "nut")]


def test_a_picture_in_train_and_val_is_reported_as_leakage(tmp_path: Path) -> None:
    source = tmp_path / "in"
    labelled(source, "a", [shape()], 1)
    labelled(source, "b", [shape()], 1)
    assert run(source, tmp_path / "out", "--val", "0.5") == 0
    assert [found["code"] for found in document(tmp_path / "out")["problems"]] == ["leakage"]


def test_its_own_data_set_can_be_converted_again(photos: Path, tmp_path: Path) -> None:
    assert run(photos, tmp_path / "one", "--val", "0.3", "--test", "0.2", "--classes", "너트,nut") == 0
    assert run(tmp_path / "one", tmp_path / "two") == 0
    one, two = load_dataset(tmp_path / "one"), load_dataset(tmp_path / "two")
    assert two.classes == one.classes
    for name, inside in one.splits.items():
        assert [Path(found.file).name for found in two.splits[name]] == [found.file for found in inside]
        for before, after in zip(inside, two.splits[name], strict=True):
            assert [found.extra for found in after.instances] == [found.extra for found in before.instances]


@pytest.mark.parametrize("to", ["labelme", "voc", "yolo"])
@pytest.mark.parametrize("images", ["copy", "link"])
def test_other_formats_and_back(photos: Path, tmp_path: Path, to: str, images: str) -> None:
    before = state(photos)
    assert run(photos, tmp_path / "one", "--val", "0.3") == 0
    assert run(photos, tmp_path / to, "--to", to, "--val", "0.3", "--images", images) == 0
    assert state(photos) == before
    assert document(tmp_path / to)["counts"] == document(tmp_path / "one")["counts"]
    assert run(tmp_path / to, tmp_path / "back") == 0
    one, back = load_dataset(tmp_path / "one"), load_dataset(tmp_path / "back")
    assert document(tmp_path / "back")["problems"] == []
    assert document(tmp_path / "back")["counts"]["without_labels"] == 0
    assert {name: sorted(found.file for found in inside) for name, inside in back.splits.items()} == {
        name: sorted(found.file for found in inside) for name, inside in one.splits.items()
    }
    outlines = [
        {
            found.file: [(entry.label, entry.polygons[0].tolist()) for entry in found.instances]
            for found in data.pictures()
        }
        for data in (one, back)
    ]
    assert outlines[0] == outlines[1]
    for found in back.pictures():
        assert found.path.read_bytes() == (photos / found.file).read_bytes()


def test_labelmes_files_can_name_pictures_where_they_are(photos: Path, tmp_path: Path) -> None:
    assert run(photos, tmp_path / "out", "--to", "labelme", "--images", "keep") == 0
    for file in (tmp_path / "out").glob("사진*.json"):
        named = file.parent / json.loads(file.read_text(encoding="utf-8"))["imagePath"]
        assert named.resolve() == (photos / f"{file.stem}.png").resolve()
    assert run(photos, tmp_path / "yolo", "--to", "yolo", "--images", "keep") == 0
    assert [found["code"] for found in document(tmp_path / "yolo")["problems"]] == ["keep-impossible"]
    assert len(list((tmp_path / "yolo" / "images").rglob("*.png"))) == 10


def test_pictures_that_differ_in_their_suffix_only_get_labels_of_their_own(photos: Path, tmp_path: Path) -> None:
    with Image.open(photos / "사진 1.png") as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("RGB").save(photos / "사진 0.jpg")
    (photos / "사진 0.jpg.json").write_text(json.dumps(labelme_document("사진 0.jpg", [shape()])), encoding="utf-8")
    assert run(photos, tmp_path / "out", "--to", "yolo") == 0
    assert [found["code"] for found in document(tmp_path / "out")["problems"]] == ["picture-renamed"]
    assert len(list((tmp_path / "out" / "labels").rglob("*.txt"))) == 11


def test_what_a_format_has_no_place_for_is_strictly_an_error(tmp_path: Path) -> None:
    for number in range(3):
        labelled(
            tmp_path / "in", f"a{number}", [shape(flags={"iscrowd": True}), shape([[30, 5], [50, 5], [50, 9]])], number
        )
    assert run(tmp_path / "in", tmp_path / "out", "--to", "yolo", "--strict") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]
    assert run(tmp_path / "in", tmp_path / "out", "--to", "yolo") == 0
    assert {found["code"] for found in document(tmp_path / "out")["problems"]} == {"crowd-not-written"}


def test_ignored_regions_become_crowds_of_every_class(tmp_path: Path) -> None:
    ignored = [shape([[30, 5], [50, 5], [50, 30]], "__ignore__"), shape([[1, 1], [9, 1], [9, 9]], "_background_")]
    for number in range(5):
        labelled(tmp_path / "in", f"a{number}", [shape(), shape([[5, 32], [9, 39], [1, 39]], "bolt"), *ignored], number)
    assert run(tmp_path / "in", tmp_path / "out", "--ignore-as-crowd") == 0
    dataset = load_dataset(tmp_path / "out")
    assert dataset.classes == ["bolt", "nut"]
    for found in dataset.pictures():
        assert [(entry.label, entry.crowd) for entry in found.instances] == [
            ("nut", False), ("bolt", False), ("bolt", True), ("nut", True),
        ]  # fmt: skip
    assert {found["code"] for found in document(tmp_path / "out")["problems"]} == {"label-empty"}


def test_it_says_what_it_took_the_labels_for(photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(photos, tmp_path / "out") == 0
    assert "Read as labelme: 10 JSON files with 'shapes'" in capsys.readouterr().err


def test_the_folder_of_a_yaml_file_is_the_input(photos: Path, tmp_path: Path) -> None:
    assert run(photos, tmp_path / "yolo", "--to", "yolo") == 0
    before = state(tmp_path)
    assert run(tmp_path / "yolo" / "data.yaml", tmp_path / "yolo" / "out") == 2
    assert state(tmp_path) == before
    assert run(tmp_path / "yolo" / "data.yaml", tmp_path / "out") == 0
    assert document(tmp_path / "out")["counts"]["pictures"] == 10


def test_a_data_set_of_one_split_stays_so(photos: Path, tmp_path: Path) -> None:
    assert run(photos, tmp_path / "one", "--val", "0") == 0
    assert run(tmp_path / "one", tmp_path / "two") == 0
    assert list(load_dataset(tmp_path / "two").splits) == ["train"]


def test_quiet_prints_nothing_where_all_is_well(
    photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(photos, tmp_path / "data", "--quiet") == 0
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")
