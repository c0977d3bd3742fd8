from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.datasets.folders import FolderMaker, good_folder, polygon
from yolact_kit.annotations.problem_kinds import PROBLEM_KINDS
from yolact_kit.annotations.problems import Problem
from yolact_kit.annotations.read import read_source
from yolact_kit.config.files import template
from yolact_kit.datasets.checks import CHECKS, check, validate_folder, validate_source
from yolact_kit.errors import UserError
from yolact_kit.shapes.rle import encode_mask

MODEL = template("yolact_nano").model

Damage = Callable[[FolderMaker], Any]


def _problems(root: Path) -> list[Problem]:
    return validate_folder(root, MODEL).problems


def _train(maker: FolderMaker) -> dict[str, list[dict[str, Any]]]:
    return maker.documents["train"]


def _segment(segmentation: Any) -> Damage:
    return lambda maker: _train(maker)["annotations"][0].update(segmentation=segmentation)


def _image(**values: Any) -> Damage:
    return lambda maker: _train(maker)["images"][0].update(values)


def _annotation(**values: Any) -> Damage:
    return lambda maker: _train(maker)["annotations"][0].update(values)


def _rewrite(file: str, change: Callable[[Path], Any]) -> Damage:
    return lambda maker: change(maker.root / file)


def _copy(source: str, target: str) -> Damage:
    return lambda maker: shutil.copy(maker.root / source, maker.root / target)


def _rename(old: str, new: str) -> Damage:
    def change(maker: FolderMaker) -> None:
        maker.classes[maker.classes.index(old)] = new
        for document in maker.documents.values():
            for category in document["categories"]:
                category["name"] = new if category["name"] == old else category["name"]

    return change


def _add_class(name: str, objects: int = 0) -> Damage:
    def change(maker: FolderMaker) -> None:
        maker.classes.append(name)
        for document in maker.documents.values():
            document["categories"].append({"id": len(maker.classes), "name": name})
        for number in range(objects):
            maker.annotate("val", 1, name, polygon(50, 20 + number))

    return change


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


ONE_GROUP = {"group_id": 0, "parts": [{"group_id": 0}, {"group_id": 0}]}


def _all_annotations(maker: FolderMaker) -> list[dict[str, Any]]:
    return [annotation for document in maker.documents.values() for annotation in document["annotations"]]


def _near_copy(target: str) -> Damage:
    def change(maker: FolderMaker) -> None:
        pixels = np.array(Image.open(maker.root / "images" / "사진 1.png")).astype(int)
        pixels[::2] = np.clip(pixels[::2] + 2, 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(maker.root / "images" / target)

    return change


def _all_boxes(maker: FolderMaker) -> None:
    for annotation in _train(maker)["annotations"] + maker.documents["val"]["annotations"]:
        x, y = annotation["segmentation"][0][:2]
        annotation["segmentation"] = [[x, y, x + 18, y, x + 18, y + 15, x, y + 15]]


def _no_train(maker: FolderMaker) -> None:
    _train(maker)["images"].clear()
    _train(maker)["annotations"].clear()


def _crowds(maker: FolderMaker) -> None:
    for document in maker.documents.values():
        for annotation in document["annotations"]:
            annotation["iscrowd"] = int(annotation["category_id"] == 1)


def _overlaps(maker: FolderMaker) -> None:
    for document in maker.documents.values():
        for annotation in list(document["annotations"]):
            x, y = min(annotation["segmentation"][0][::2]), min(annotation["segmentation"][0][1::2])
            maker.annotate("train", 1, "bolt", polygon(x + 2, y + 1))


def _many(maker: FolderMaker) -> None:
    for number in range(250):
        maker.annotate("train", 1 + number % 4, "bolt", polygon(2 + number % 23 * 3, 2 + number % 31))


def _small(maker: FolderMaker) -> None:
    for number in range(12):
        maker.annotate("train", 1 + number % 4, "너트", polygon(4 * number, 60, side=2.4))


def _crowded(maker: FolderMaker) -> None:
    for number in range(101):
        maker.annotate("train", 1, "bolt", polygon(number % 12 * 6, 2 + number // 12 * 6))


def _one_box(maker: FolderMaker) -> None:
    for number in range(4):
        maker.annotate("train", 1 + number, "bolt", polygon(70, 50))
    maker.annotate("val", 1, "bolt", [[50, 40, 70.5, 40, 70, 64, 50, 63.5]])


def _thin(maker: FolderMaker) -> None:
    for number in range(5):
        maker.annotate("train", 1 + number % 4, "너트", [[2, 40 + number, 94, 41 + number, 90, 43 + number]])


SQUARE = encode_mask(np.pad(np.ones((20, 20)), ((10, 50), (10, 66))))

CASES: dict[str, tuple[str, str, Damage]] = {
    "classes in another order": ("classes-differ", "E", lambda m: m.documents["val"]["categories"].reverse()),
    "class missing in val": ("classes-differ", "E", lambda m: m.documents["val"]["categories"].pop()),
    "ids from 0": ("category-ids", "W", lambda m: m.documents["val"]["categories"][0].update(id=0)),
    "no width": ("file-malformed", "E", _image(width=0)),
    "no file name": ("file-malformed", "E", _image(file_name=None)),
    "outside of the folder": ("file-malformed", "E", _image(file_name="../dataset.yaml")),
    "absolute": ("file-malformed", "E", _image(file_name="C:\\pictures\\a.png")),
    "picture id twice": ("image-id-repeated", "E", _image(id=2)),
    "annotation id twice": ("annotation-ids", "F", _annotation(id=2)),
    "unknown picture": ("image-unknown", "E", _annotation(image_id=99)),
    "picture id is a list": ("image-unknown", "E", _annotation(image_id=[1])),
    "unknown class": ("category-unknown", "E", _annotation(category_id=7)),
    "no mask": ("segmentation-missing", "S", _segment(None)),
    "empty polygon": ("segmentation-missing", "S", _segment([[]])),
    "flat list": ("shape-malformed", "E", _segment([1, 2, 3, 4, 5, 6])),
    "words": ("shape-malformed", "E", _segment([["a", 1, 2, 3, 4, 5]])),
    "NaN": ("coordinates-not-finite", "E", _segment([[float("nan"), 1, 5, 6, 9, 1]])),
    "odd": ("coordinates-odd", "E", _segment([[1, 2, 3, 4, 5, 6, 7]])),
    "four numbers": ("points-too-few", "S", _segment([[10, 10, 30, 30]])),
    "mask of another size": ("rle-malformed", "E", _segment({"size": [96, 80], "counts": SQUARE["counts"]})),
    "mask cut off": ("rle-malformed", "E", _segment({"size": [80, 96], "counts": SQUARE["counts"][:-1]})),
    "mask as a number": ("rle-malformed", "E", _segment({"size": [80, 96], "counts": 5})),
    "missing": ("picture-missing", "E", _rewrite("images/사진 0.png", Path.unlink)),
    "cut off": ("picture-undecodable", "E", _rewrite("images/사진 0.png", _cut)),
    "no picture": ("picture-undecodable", "E", _rewrite("images/사진 0.png", lambda p: p.write_text("hello"))),
    "other size": ("picture-size", "E", _image(width=80, height=96)),
    "twice": ("picture-twice", "W", _copy("images/사진 0.png", "images/사진 1.png")),
    "nearly twice": ("picture-near-twice", "W", _near_copy("사진 2.png")),
    "in train and val": ("leakage", "W", _copy("images/사진 0.png", "images/v0.png")),
    "augmented in train and val": (
        "leakage-copies", "W", lambda m: m.picture("val", "사진 0_flip.png", ["bolt", "너트"], 30),
    ),
    "nearly in train and val": ("leakage-near", "W", _near_copy("v0.png")),
    "not listed": ("picture-unlisted", "W", lambda m: _train(m)["images"].pop(4)),
    "wholly outside": ("outside", "S", _segment(polygon(200, 10))),
    "partly outside": ("partly-outside", "W", _segment(polygon(86, 30))),
    "normalised": ("coordinates-normalised", "E", _segment([[0.1, 0.1, 0.9, 0.2, 0.5, 0.9]])),
    "no area": ("area-zero", "S", _segment([[10, 10, 20, 20, 30, 30]])),
    "empty mask": ("area-zero", "S", _segment(dict(encode_mask(np.zeros((80, 96)))))),
    "tiny": ("tiny", "W", _segment([[10, 10, 11, 10, 11, 11, 10, 11.2]])),
    "the same shape twice": ("duplicate", "F", lambda m: m.annotate("train", 1, "너트", polygon(2, 10))),
    "two labels": ("two-labels", "W", lambda m: m.annotate("train", 1, "bolt", polygon(2, 10))),
    "bow tie": ("self-intersecting", "W", _segment([[50, 40, 70, 64, 70, 40, 50, 60]])),
    "even bow tie": ("self-intersecting", "W", _segment([[50, 40, 70, 60, 70, 40, 50, 60]])),
    "boxes": ("objects-are-boxes", "W", _all_boxes),
    "one box among outlines": ("mask-is-box", "W", _one_box),
    "nearly the same mask": ("duplicate-near", "W", lambda m: m.annotate("train", 1, "너트", polygon(2.6, 10.4))),
    "another label on it": ("labels-disagree", "W", lambda m: m.annotate("train", 1, "bolt", polygon(2.6, 10.4))),
    "small": ("objects-small", "W", _small),
    "more than a hundred": ("picture-crowded", "W", _crowded),
    "thin, by size": ("anchors-miss-size", "W", _thin),
    "overlaps": ("objects-overlap", "W", _overlaps),
    "thin": ("anchors-miss", "W", _thin),
    "crowds": ("objects-are-crowds", "W", _crowds),
    "class without objects": ("class-unused", "W", _add_class("key")),
    "class in val only": ("class-without-training", "W", _add_class("key", 1)),
    "class in train only": (
        "class-without-validation", "W", lambda m: m.documents["val"]["annotations"].__delitem__(slice(1, None, 2)),
    ),
    "imbalance": ("class-imbalance", "W", _many),
    "class listed twice": ("class-twice", "E", _add_class("bolt")),
    "case": ("labels-alike", "W", _rename("너트", "BOLT ")),
    "unicode forms": ("labels-alike", "W", lambda m: (_rename("bolt", "\u1102\u1165\u1110\u1173")(m))),
    "numbers": ("labels-numbered", "W", lambda m: (_rename("bolt", "cat-1")(m), _rename("너트", "cat-2")(m))),
    "one group": ("group-everywhere", "W", lambda m: [a.update(labelme=ONE_GROUP) for a in _all_annotations(m)]),
    "single objects": ("classes-single", "W", lambda m: [_add_class(f"key {n}", 1)(m) for n in "abcdef"]),
    "no objects to train on": ("train-empty", "E", lambda m: _train(m)["annotations"].clear()),
    "no pictures to train on": ("train-empty", "E", _no_train),
    "no val": ("val-empty", "W", lambda m: m.documents.pop("val")),
    "val without objects": ("val-empty", "W", lambda m: m.documents["val"]["annotations"].clear()),
}  # fmt: skip


def test_a_good_folder_has_no_problems(tmp_path: Path) -> None:
    found = validate_folder(good_folder(tmp_path / "데이터").write(), MODEL)
    assert found.problems == []
    assert found.statistics.pictures == {"train": 5, "val": 2}
    assert found.statistics.objects == {"train": {"너트": 4, "bolt": 8}, "val": {"너트": 2, "bolt": 2}}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_found(case: str, tmp_path: Path) -> None:
    code, severity, damage = CASES[case]
    maker = good_folder(tmp_path)
    damage(maker)
    found = [problem for problem in _problems(maker.write()) if problem.code == code]
    assert found, f"{case}: {_problems(tmp_path)}"
    assert {problem.severity for problem in found} == {severity}
    assert all(problem.message and problem.advice for problem in found)


def test_every_check_has_a_case_that_it_finds() -> None:
    assert {code for code, _, _ in CASES.values()} == set(CHECKS)


def test_every_kind_of_problem_has_a_title_of_its_own() -> None:
    assert len({kind.title for kind in PROBLEM_KINDS.values()}) == len(PROBLEM_KINDS)
    assert all(kind.title and not kind.title.endswith(".") for kind in PROBLEM_KINDS.values())


def test_every_check_has_advice_for_a_data_set() -> None:
    kinds = [PROBLEM_KINDS[code] for code in CHECKS]
    assert all((kind.dataset_advice or kind.advice).endswith(".") for kind in kinds)


def test_a_check_needs_a_code_of_the_catalogue_that_no_other_has() -> None:
    with pytest.raises(ValueError, match="two checks"):
        check("tiny")(lambda _: iter(()))
    with pytest.raises(ValueError, match="no 'huge'"):
        check("huge")(lambda _: iter(()))


@pytest.mark.parametrize(
    ("severity", "codes"),
    [
        ("F", {"annotation-ids", "duplicate"}),
        ("S", {"segmentation-missing", "points-too-few", "outside", "area-zero"}),
    ],
)
def test_what_convert_mends_or_skips_is_no_error_of_a_data_set(severity: str, codes: set[str], tmp_path: Path) -> None:
    for case, (code, _, damage) in CASES.items():
        if code in codes:
            maker = good_folder(tmp_path / case)
            damage(maker)
            problems = [problem for problem in _problems(maker.write()) if problem.code == code]
            assert {problem.severity for problem in problems} == {severity}


def test_a_validation_prints_its_problems(tmp_path: Path) -> None:
    maker = good_folder(tmp_path)
    assert str(validate_folder(maker.write(), MODEL)) == "7 pictures, 16 objects, 2 classes: nothing wrong was found"
    for number in range(6):
        maker.annotate("train", 1, "bolt", polygon(86, 20 + 3 * number))
    _train(maker)["annotations"][0].update(segmentation=None)
    maker.write()
    (tmp_path / "images" / "v0.png").unlink()
    first, second, *rest = str(validate_folder(tmp_path, MODEL)).splitlines()
    assert first == "7 pictures, 21 objects, 2 classes: 1 error, 7 warnings, 1 left out by convert"
    assert second == "error: v0.png: The picture is missing."
    assert "warning: 사진 0.png, object 4 (bolt): It reaches 10 px over the edge of the picture." in rest
    assert rest[-1] == "... and 4 more"


def test_all_problems_come_in_one_run_errors_first(tmp_path: Path) -> None:
    maker = good_folder(tmp_path)
    _train(maker)["annotations"][0].update(segmentation=[[1, 2, 3]])
    _train(maker)["annotations"][1].update(segmentation=polygon(86, 30))
    maker.write()
    (tmp_path / "images" / "v0.png").unlink()
    codes = [problem.code for problem in _problems(tmp_path)]
    assert codes == ["coordinates-odd", "picture-missing", "partly-outside"]


def test_a_problem_names_the_file_and_the_object(tmp_path: Path) -> None:
    maker = good_folder(tmp_path)
    _train(maker)["annotations"][1].update(segmentation=polygon(86, 30))
    (problem,) = _problems(maker.write())
    assert (problem.file, problem.object) == ("사진 0.png", "object 2 (bolt)")
    assert "10 px over the edge" in problem.message


@pytest.mark.parametrize(
    "text", ["", "{", "[1, 2]", "[" * 100_000, '{"images": [1], "annotations": [], "categories": []}']
)
def test_a_broken_annotation_file_does_not_hide_the_others_problems(text: str, tmp_path: Path) -> None:
    root = good_folder(tmp_path).write()
    (root / "annotations" / "val.json").write_text(text, encoding="utf-8")
    (root / "images" / "사진 0.png").unlink()
    codes = {(problem.code, problem.file) for problem in _problems(root)}
    assert {("file-unreadable", "annotations/val.json"), ("picture-missing", "사진 0.png")} <= codes


@pytest.mark.parametrize("text", ["", "classes: [a]", "splits: {}", "{", "classes: a\nsplits: {}"])
def test_what_is_no_data_set_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "dataset.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"dataset\.yaml"):
        _problems(tmp_path)


def test_nothing_is_changed(tmp_path: Path) -> None:
    root = good_folder(tmp_path).write()
    before = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    validate_folder(root, MODEL)
    assert before == {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("number", range(9))
def test_malformed_coco_never_ends_in_a_traceback(number: int, shared_data: Path, tmp_path: Path) -> None:
    broken = shared_data / "odd" / "coco_malformed" / f"coco_false_{number}.json"
    root = good_folder(tmp_path).write()
    shutil.copy(broken, root / "annotations" / "val.json")
    assert any(problem.severity == "E" for problem in _problems(root))
    json.dumps([problem.to_dict() for problem in _problems(root)])


def test_objects_that_merely_overlap_are_no_slips(tmp_path: Path) -> None:
    maker = good_folder(tmp_path)
    maker.annotate("train", 1, "bolt", polygon(6, 12))
    assert not {problem.code for problem in _problems(maker.write())} & {"labels-disagree", "duplicate-near"}


def test_an_object_that_reaches_far_beyond_its_picture_is_compared_all_the_same(tmp_path: Path) -> None:
    maker = good_folder(tmp_path)
    for far in (9e8, 9.1e8):
        maker.annotate("train", 1, "bolt", [[2, 40, far, 40, far, far, 2, 60]])
    codes = [problem.code for problem in _problems(maker.write())]
    assert {"partly-outside", "duplicate-near"} <= set(codes)


def test_frames_of_one_video_are_named_together(tmp_path: Path) -> None:
    maker = good_folder(tmp_path)
    pixels = np.array(Image.open(tmp_path / "images" / "사진 1.png")).astype(int)
    for number in range(5):
        maker.picture("train", f"frame{number}.png", ["bolt"], seed=0)
        changed = np.clip(pixels + np.random.default_rng(number).normal(0, 3, pixels.shape), 0, 255)
        Image.fromarray(changed.astype(np.uint8)).save(tmp_path / "images" / f"frame{number}.png")
    (problem,) = [found for found in _problems(maker.write()) if found.code == "picture-near-twice"]
    assert problem.file == "사진 1.png"
    assert problem.message == "It is nearly the same as frame0.png, frame1.png, frame2.png and 2 more."


def test_the_splits_of_a_coco_source_are_compared(tmp_path: Path) -> None:
    maker = good_folder(tmp_path)
    _near_copy("v0.png")(maker)
    read = read_source(maker.write())
    found = validate_source(read, tmp_path, MODEL)
    assert list(found.statistics.pictures) == ["train", "val"]
    assert [problem.code for problem in found.problems] == ["leakage-near"]


@pytest.mark.parametrize(
    ("split", "code", "all_crowds", "message"),
    [
        ("train", "train-empty", True, "All 12 objects of the split 'train' are crowds, which are not learnt."),
        ("train", "train-empty", False, "The pictures of the split 'train' have no objects."),
        ("val", "val-empty", True, "All 4 objects of the split 'val' are crowds, which are not measured."),
        ("val", "val-empty", False, "The pictures of the split 'val' have no objects."),
    ],
)
def test_crowds_only_is_not_the_same_as_no_objects(
    split: str, code: str, all_crowds: bool, message: str, tmp_path: Path
) -> None:
    maker = good_folder(tmp_path)
    annotations = maker.documents[split]["annotations"]
    for annotation in annotations:
        annotation["iscrowd"] = 1
    if not all_crowds:
        annotations.clear()
    assert [problem.message for problem in _problems(maker.write()) if problem.code == code] == [message]
