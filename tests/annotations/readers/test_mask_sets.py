"""Sets whose only labels are mask pictures, in the layouts and namings that people share them in."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.annotations.making import HEIGHT, WIDTH, codes, labelled, picture, read, shape
from yolact_kit.annotations.masks.hints import MasksUnnamedError
from yolact_kit.annotations.masks.meaning import PartsError
from yolact_kit.annotations.problems import SourceError
from yolact_kit.annotations.result import ReadResult
from yolact_kit.errors import UserError

Numbers = np.ndarray[Any, Any]
CITYSCAPES = "leftImg8bit/train/ulm/ulm_{0}_leftImg8bit.png", "gtFine/train/ulm/ulm_{0}_gtFine_instanceIds.png"


def bars(count: int, first: int = 1, kind: str = "uint8") -> Numbers:
    """Upright bars of 5 x 20 pixels, numbered from ``first``."""
    numbers = np.zeros((HEIGHT, WIDTH), dtype=kind)
    for number in range(count):
        numbers[10:30, 3 + 10 * number : 8 + 10 * number] = first + number
    return numbers


def save(path: Path, numbers: Numbers) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(numbers).save(path)


def counts(result: ReadResult) -> dict[str, int]:
    """The number of objects by picture; each is a bar."""
    for item in result.labelled:
        assert {entry.mask(HEIGHT, WIDTH).sum() for entry in item.picture.instances} <= {100}
    return {item.picture.file: len(item.picture.instances) for item in result.labelled}


LAYOUTS = [
    ("PNGImages/Fudan{0}.png", "PedMasks/Fudan{0}_mask.png", "PedMasks"),
    ("images/사람 {0}.jpg", "masks/사람 {0}.png", "masks"),
    ("images/{0}.1.jpg", "labels/{0}.1_label.png", "labels"),
    ("images/a{0}.jpg", "instances/a{0}_instances.tif", "instances"),
    ("JPEGImages/a{0}.jpg", "SegmentationClass/a{0}.png", "SegmentationClass"),
    ("a{0}.jpg", "a{0}_seg.png", "."),
    ("a{0}.png", "a{0}_mask.png", "."),
    ("a{0}.jpg", "a{0}-gt.bmp", "."),
    ("photos/img_{0}.png", "truth/mask_{0}.png", "truth"),
    ("photos/{0}_sat.png", "truth/{0}_mask.png", "truth"),
    ("images/Day{0}/x.png", "masks/day{0}/x.png", "masks"),
    (*CITYSCAPES, "gtFine"),
]


@pytest.mark.parametrize(("photo", "mask", "folder"), LAYOUTS)
def test_each_colour_is_an_object_of_the_one_class(tmp_path: Path, photo: str, mask: str, folder: str) -> None:
    for number in range(3):
        picture(tmp_path / photo.format(number), number)
        save(tmp_path / mask.format(number), bars(number + 1))
    result = read(tmp_path, masks=tmp_path / folder, classes=("person",))
    assert codes(result) == []
    assert (result.classes, result.without_labels) == (["person"], [])
    assert counts(result) == {photo.format(number): number + 1 for number in range(3)}
    assert "a colour for each object of 'person'" in result.why


@pytest.mark.parametrize(
    ("photo", "mask", "folder"),
    [
        ("{1}/{0}.jpg", "{1}/{0}_mask.png", "학습"),
        ("{1}/{0}.png", "{1}/{0}-seg.tif", "학습"),
        ("{1}/images/{0}.png", "{1}/masks/{0}.png", "학습/masks"),
        ("images/{1}/{0}.jpg", "masks/{1}/{0}.png", "masks/학습"),
        ("images/{1}/{0}.jpg", "labels/{1}/{0}_label.png", "labels/학습"),
    ],
)
def test_masks_of_another_split_are_no_photos(tmp_path: Path, photo: str, mask: str, folder: str) -> None:
    for number in range(3):
        for split in ("학습", "검증"):
            picture(tmp_path / photo.format(number, split), number + len(split))
            save(tmp_path / mask.format(number, split), bars(number + 1))
    result = read(tmp_path, masks=tmp_path / folder, classes=("cell",))
    assert [code for code in codes(result) if code.startswith("E")] == []
    assert counts(result) == {photo.format(number, "학습"): number + 1 for number in range(3)}


@pytest.mark.parametrize(
    ("photo", "mask", "folder"),
    [
        ("images/a{0}.png", "masks/a{0}_{1}.png", "masks"),
        ("images/컵-{0}.jpg", "masks/컵-{0}_mask_{1}.png", "masks"),
        ("images/a{0}.jpg", "masks/a{0}/{1}.png", "masks"),
        ("stage1_train/a{0}/images/a{0}.png", "stage1_train/a{0}/masks/{1}f.png", "stage1_train"),
        ("a{0}.jpg", "a{0}_{1}.png", "."),
    ],
)
def test_each_file_is_an_object(tmp_path: Path, photo: str, mask: str, folder: str) -> None:
    for number in range(3):
        picture(tmp_path / photo.format(number), number)
        for part in range(number + 1):
            save(tmp_path / mask.format(number, part), (bars(3) == part + 1).astype(np.uint8) * 255)
    with pytest.raises(UserError, match="of which class"):
        read(tmp_path, masks=tmp_path / folder)
    result = read(tmp_path, masks=tmp_path / folder, classes=("nucleus",))
    assert codes(result) == []
    assert counts(result) == {photo.format(number): number + 1 for number in range(3)}


@pytest.mark.parametrize("value", [1, 255])
@pytest.mark.parametrize("kind", ["uint8", "uint16", "bool"])
def test_connected_parts_are_objects_only_on_request(tmp_path: Path, kind: str, value: int) -> None:
    for number in range(3):
        picture(tmp_path / f"images/{number}.jpg", number)
        mask = bars(number + 1) > 0
        save(tmp_path / f"masks/{number}.png", mask if kind == "bool" else (mask * value).astype(kind))
    with pytest.raises(PartsError) as caught:
        read(tmp_path, masks=tmp_path / "masks", classes=("nut",))
    assert "--parts-as-objects" in caught.value.advice
    result = read(tmp_path, masks=tmp_path / "masks", classes=("nut",), parts_as_objects=True)
    assert codes(result) == ["W mask-parts"]
    assert counts(result) == {"images/0.jpg": 1, "images/1.jpg": 2, "images/2.jpg": 3}


def roboflow(root: Path, splits: tuple[str, ...] = ("train", "valid", "test"), names: str = "1, cell") -> None:
    """Roboflow's export for semantic segmentation."""
    for number, split in enumerate(splits):
        stem = f"a_jpg.rf.{number}"
        picture(root / split / f"{stem}.jpg", number)
        save(root / split / f"{stem}_mask.png", (bars(2) > 0).astype(np.uint8))
        (root / split / "_classes.csv").write_text(f"Pixel Value, Class\n0, background\n{names}\n", encoding="utf-8")


def test_roboflows_masks_of_classes(tmp_path: Path) -> None:
    roboflow(tmp_path)
    with pytest.raises(PartsError, match="a colour for each class"):
        read(tmp_path)
    for options in (
        {"parts_as_objects": True},
        {"masks": tmp_path, "colors": tmp_path / "train" / "_classes.csv"},
    ):
        result = read(tmp_path, **options)
        assert codes(result) == ["W mask-parts"]
        assert result.splits == {
            "train/a_jpg.rf.0.jpg": "train", "valid/a_jpg.rf.1.jpg": "val", "test/a_jpg.rf.2.jpg": "test",
        }  # fmt: skip
        assert list(counts(result).values()) == [2, 2, 2]


def test_lists_of_classes_that_contradict_each_other(tmp_path: Path) -> None:
    roboflow(tmp_path / "a")
    roboflow(tmp_path / "b", names="1, nut")
    with pytest.raises(UserError, match="says that 1 is"):
        read(tmp_path, parts_as_objects=True)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("class_dict.csv", "name,r,g,b\nbackground,0,0,0\ncup,128,0,0\nnut,0,128,0\n"),
        ("label_colors.txt", "0 0 0\tbackground\n128 0 0\tcup\n0 128 0\tnut\n"),
        ("labelmap.txt", "# label:color_rgb:parts:actions\nbackground:0,0,0::\ncup:128,0,0::\nnut:0,128,0::\n"),
        ("colours.yaml", "cup: [128, 0, 0]\nnut: '#008000'\n"),
    ],
)
def test_files_that_name_the_colours_of_classes(tmp_path: Path, file: str, text: str) -> None:
    colours = np.array([(0, 0, 0), (128, 0, 0), (0, 128, 0)], dtype=np.uint8)
    picture(tmp_path / "images/a.jpg")
    save(tmp_path / "masks/a.png", colours[bars(2)])
    (tmp_path / file).write_text(text, encoding="utf-8")
    result = read(tmp_path, masks=tmp_path / "masks", colors=tmp_path / file)
    assert sorted(entry.label for item in result.labelled for entry in item.picture.instances) == ["cup", "nut"]
    if not file.endswith(".yaml"):
        assert counts(read(tmp_path, masks=tmp_path / "masks", parts_as_objects=True)) == {"images/a.jpg": 2}


def cityscapes(root: Path) -> None:
    """Two people with numbers of their own, a group of cars, and road."""
    photo, mask = (root / name.format(0) for name in CITYSCAPES)
    picture(photo)
    numbers = bars(2, 24000, "uint16")
    numbers[:5], numbers[35:, :30], numbers[35:, 30:] = 7, 26, 28003
    save(mask, numbers)
    for view in ("labelIds", "color"):
        save(mask.with_name(mask.name.replace("instanceIds", view)), (numbers // 1000).astype(np.uint8))


def test_numbers_of_cityscapes_hold_the_class(tmp_path: Path) -> None:
    cityscapes(tmp_path)
    names = tmp_path / "names.txt"
    names.write_text("person: 24\ncar: 26\n", encoding="utf-8")
    result = read(tmp_path, masks=tmp_path / "gtFine", colors=names)
    assert codes(result) == ["S mask-number-unnamed"] * 2
    objects = [(entry.label, entry.crowd) for entry in result.labelled[0].picture.instances]
    assert objects == [("car", True), ("person", False), ("person", False)]
    assert "Cityscapes" in result.why


@pytest.mark.parametrize("classes", [None, ("person",), ("person", "car")])
def test_numbers_of_cityscapes_without_names_are_explained(tmp_path: Path, classes: Any) -> None:
    cityscapes(tmp_path)
    with pytest.raises(UserError, match=r"class \* 1000 \+ object, as in Cityscapes: the classes 24, 28") as caught:
        read(tmp_path, masks=tmp_path / "gtFine", classes=classes)
    assert "person: 24" in caught.value.advice


def test_more_than_a_thousand_objects_are_no_numbers_of_cityscapes(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.png")
    save(tmp_path / "masks/a.png", np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH))
    [item] = read(tmp_path, masks=tmp_path / "masks", classes=("pixel",)).labelled
    assert len(item.picture.instances) == HEIGHT * WIDTH - 1


@pytest.mark.parametrize("classes", [("nut",), None])
def test_objects_without_pictures_of_classes_need_one_class(tmp_path: Path, classes: Any) -> None:
    picture(tmp_path / "JPEGImages/a.jpg")
    save(tmp_path / "SegmentationObject/a.png", bars(3))
    if classes is None:
        with pytest.raises(UserError, match="of which class") as caught:
            read(tmp_path)
        assert "--classes NAME" in caught.value.advice
    else:
        assert counts(read(tmp_path, classes=classes)) == {"JPEGImages/a.jpg": 3}


def test_one_class_and_a_colour_for_each_object_needs_a_word(tmp_path: Path) -> None:
    picture(tmp_path / "JPEGImages/a.jpg")
    save(tmp_path / "SegmentationClass/a.png", bars(4))
    (tmp_path / "class_names.txt").write_text("_background_\nnut\n", encoding="utf-8")
    with pytest.raises(UserError, match="up to 4 colours each, but the only class is 'nut'") as caught:
        read(tmp_path)
    assert "--classes nut" in caught.value.advice
    assert counts(read(tmp_path, classes=("nut",))) == {"JPEGImages/a.jpg": 4}


def test_the_same_colours_everywhere_may_be_classes(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / f"images/{number}.jpg", number)
        save(tmp_path / f"masks/{number}.png", bars(2))
    assert codes(read(tmp_path, masks=tmp_path / "masks", classes=("nut",))) == ["W mask-numbers-same"]


def test_a_mask_whose_photo_is_missing_takes_no_other(tmp_path: Path) -> None:
    for folder in ("train", "val"):
        for number in range(3):
            if (folder, number) != ("train", 1):
                picture(tmp_path / f"images/{folder}/{number}.png", number + 5 * (folder == "val"))
            save(tmp_path / f"masks/{folder}/{number}.png", bars(2))
    (tmp_path / "masks/val/1.png").unlink()
    result = read(tmp_path, masks=tmp_path / "masks", classes=("nut",))
    assert [(problem.code, problem.file) for problem in result.problems if problem.severity == "E"] == [
        ("picture-missing", "masks/train/1.png")
    ]
    assert (len(result.labelled), result.left_out, result.without_labels) == (4, 1, ["images/val/1.png"])
    assert set(result.splits.values()) == {"train", "val"}
    assert [(item.file, item.reason) for item in result.left_out_objects] == [
        ("masks/train/1.png", "picture-missing")
    ] * 2
    skipped = read(tmp_path, masks=tmp_path / "masks", classes=("nut",), skip_missing=True)
    assert "S picture-skipped" in codes(skipped)


def test_two_mask_pictures_of_a_photo_are_an_error(tmp_path: Path) -> None:
    for number in range(3):
        picture(tmp_path / f"images/{number}.png", number)
    for mask, number in (("person/0", 1), ("car/0", 2), ("person/1", 3), ("car/2", 4)):
        save(tmp_path / f"masks/{mask}.png", bars(number))
    result = read(tmp_path, masks=tmp_path / "masks", classes=("person",))
    assert codes(result) == ["E picture-labelled-twice"]
    assert counts(result) == {"images/1.png": 3, "images/2.png": 4}


def test_a_folder_of_masks_counts_before_other_labels(tmp_path: Path) -> None:
    labelled(tmp_path, "a", [shape()])
    save(tmp_path / "masks/a.png", bars(2))
    result = read(tmp_path, masks=tmp_path / "masks", classes=("person",))
    assert (result.format, counts(result)) == ("voc", {"a.png": 2})


def smooth(numbers: Numbers) -> Numbers:
    image = Image.fromarray((numbers > 0).astype(np.uint8) * 255)
    return np.array(image.rotate(20, resample=Image.Resampling.BICUBIC), dtype=np.uint8)


def noise(numbers: Numbers) -> Numbers:
    return np.random.default_rng(0).integers(0, 256, numbers.shape, dtype=np.uint8)


@pytest.mark.parametrize("spoil", [smooth, noise])
def test_shades_are_no_objects(tmp_path: Path, spoil: Callable[[Numbers], Numbers]) -> None:
    picture(tmp_path / "images/a.png")
    save(tmp_path / "masks/a.png", spoil(bars(3)))
    with pytest.raises(SourceError) as caught:
        read(tmp_path, masks=tmp_path / "masks", classes=("nut",))
    assert [problem.code for problem in caught.value.problems] == ["mask-picture-bad"]


@pytest.mark.parametrize(("suffix", "advice"), [(".npy", "PNG of 16 bits"), (".jpg", "JPEG changes"), (".txt", "PNG")])
def test_masks_that_are_no_pictures_of_masks_are_named(tmp_path: Path, suffix: str, advice: str) -> None:
    picture(tmp_path / "images/a.png")
    path = tmp_path / f"masks/a{suffix}"
    picture(path) if suffix == ".jpg" else path.parent.mkdir()
    if suffix != ".jpg":
        path.write_bytes(b"\x93NUMPY")
    with pytest.raises(UserError, match=rf"There are no mask pictures in .*: it holds 1 \{suffix} files") as caught:
        read(tmp_path, masks=tmp_path / "masks", classes=("nut",))
    assert advice in caught.value.advice


@pytest.mark.parametrize(("photo", "mask", "folder"), LAYOUTS[:4] + LAYOUTS[5:-1])
@pytest.mark.parametrize("objects", [1, 4])
def test_masks_without_options_are_noticed(tmp_path: Path, photo: str, mask: str, folder: str, objects: int) -> None:
    for number in range(2):
        picture(tmp_path / photo.format(number), number)
        save(tmp_path / mask.format(number), bars(objects))
    with pytest.raises(MasksUnnamedError, match="look like masks") as caught:
        read(tmp_path)
    assert shlex.join(["--masks", str(tmp_path / folder)]) in caught.value.advice
    assert ("--parts-as-objects" in caught.value.advice) == (objects == 1)


@pytest.mark.parametrize(
    ("photo", "mask", "folder"),
    [
        ("images/{0}/{1}.jpg", "masks/{0}/{1}.png", "masks"),
        ("{0}/images/{1}.jpg", "{0}/masks/{1}.png", ""),
        ("{0}/{1}/images/{1}.png", "{0}/{1}/masks/f.png", ""),
    ],
)
def test_several_folders_of_masks_are_named_by_the_one_around_them(
    tmp_path: Path, photo: str, mask: str, folder: str
) -> None:
    for seed, (split, stem) in enumerate((split, stem) for split in ("train", "val") for stem in "ab"):
        picture(tmp_path / photo.format(split, stem), seed)
        save(tmp_path / mask.format(split, stem), bars(1 if "f.png" in mask else 2))
    with pytest.raises(MasksUnnamedError) as caught:
        read(tmp_path)
    assert f"--masks {tmp_path / folder} --classes" in caught.value.advice
    result = read(tmp_path, masks=tmp_path / folder, classes=("nut",))
    assert (len(result.labelled), len(set(result.splits.values()))) == (4, 2)


def test_arrays_named_like_pictures_are_noticed(tmp_path: Path) -> None:
    picture(tmp_path / "images/a.jpg")
    (tmp_path / "masks").mkdir()
    np.save(tmp_path / "masks/a.npy", bars(2))
    with pytest.raises(MasksUnnamedError, match=r"a\.npy"):
        read(tmp_path)


def test_photos_alone_are_no_masks(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        for number in range(3):
            picture(tmp_path / f"{folder}/{number}.png", number)
    with pytest.raises(UserError, match="no annotation file of labelme"):
        read(tmp_path)
