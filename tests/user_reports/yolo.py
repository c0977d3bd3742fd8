"""Reports about YOLO's text files: from ultralytics, Roboflow, Label Studio, CVAT and FiftyOne."""

from __future__ import annotations

from pathlib import Path

from tests.annotations.making import TRIANGLE
from tests.user_reports.report import SQUARE, Report, flat, pictures, shares, write_json, write_text


def _set(folder: Path, rows: dict[str, str], names: str = "[nut, bolt]", suffix: str = "png") -> None:
    """A folder with ``images``, ``labels`` and ``data.yaml``."""
    pictures(folder, *(f"images/train/{stem}.{suffix}" for stem in rows))
    for stem, text in rows.items():
        write_text(folder / "labels" / "train" / f"{stem}.txt", text)
    write_text(folder / "data.yaml", f"train: images/train\nnames: {names}\n")


def pixels_instead_of_shares(folder: Path) -> None:
    numbers = " ".join(str(int(number)) for number in flat(SQUARE))
    _set(folder, {"a": f"0 {numbers}\n", "b": f"0 {shares(SQUARE)}\n"})


def class_above_the_names(folder: Path) -> None:
    _set(folder, {"a": f"0 {shares(SQUARE)}\n", "b": f"15 {shares(SQUARE)}\n"}, "[plate]")


def classes_from_one(folder: Path) -> None:
    _set(folder, {"a": f"1 {shares(SQUARE)}\n", "b": f"2 {shares(SQUARE)}\n"})


def hole_joined_by_a_line(folder: Path) -> None:
    """One outline around the object, to the hole, around the hole, and back."""
    outer = [[10.0, 5.0], [50.0, 5.0], [50.0, 35.0], [10.0, 35.0], [10.0, 5.0]]
    hole = [[20.0, 10.0], [20.0, 25.0], [40.0, 25.0], [40.0, 10.0], [20.0, 10.0]]
    _set(folder, {"a": f"0 {shares([*outer, *hole, outer[0]])}\n"})


def boxes_among_outlines(folder: Path) -> None:
    _set(folder, {"a": f"0 {shares(SQUARE)}\n0 0.3 0.5 0.2 0.2\n", "b": f"1 {shares(TRIANGLE)}\n"})


def suffix_in_capitals(folder: Path) -> None:
    _set(folder, {"a": f"0 {shares(SQUARE)}\n"}, suffix="PNG")


def text_beside_the_pictures(folder: Path) -> None:
    pictures(folder, "images/a.jpg", "images/b.jpg")
    for name in "ab":
        write_text(folder / "images" / f"{name}.txt", f"0 {shares(SQUARE)}\n")
    write_text(folder / "data.yaml", "train: images\nval: images\nnames: [nut]\n")


def paths_from_a_notebook(folder: Path) -> None:
    """Roboflow's data.yaml: paths that are right only from another folder."""
    for split in ("train", "valid"):
        pictures(folder, f"{split}/images/{split}.jpg")
        write_text(folder / split / "labels" / f"{split}.txt", f"0 {shares(SQUARE)}\n")
    lines = "train: simulated-data/train/images\nval: simulated-data/valid/images\nnc: 1\nnames: ['door']\n"
    write_text(folder / "data.yaml", lines)


def test_split_that_is_not_there(folder: Path) -> None:
    for split in ("train", "valid"):
        pictures(folder, f"{split}/images/{split}.jpg")
        write_text(folder / split / "labels" / f"{split}.txt", f"0 {shares(SQUARE)}\n")
    lines = "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 1\nnames: ['pen']\n"
    write_text(folder / "data.yaml", lines)


def names_in_the_order_of_the_ids(folder: Path) -> None:
    """Label Studio's classes.txt is in another order than the ids of notes.json that the rows use."""
    pictures(folder / "images", "a.jpg")
    write_text(folder / "labels" / "a.txt", f"0 {shares(SQUARE)}\n")
    write_text(folder / "classes.txt", "safe_b\nsafe_h\nn_safe_b\nn_safe_h\n")
    ids = {"2": "safe_b", "0": "safe_h", "3": "n_safe_b", "1": "n_safe_h"}
    categories = [{"id": number, "name": name} for number, name in ids.items()]
    write_json(folder / "notes.json", {"categories": categories, "info": {"contributor": "Label Studio"}})


def two_exports_with_other_orders(folder: Path) -> None:
    """Two projects of Label Studio with the same labels, put together: 0 is a card in one, a coupon in the other."""
    for project, names in (("shop", "card\ncoupon\n"), ("street", "coupon\ncard\n")):
        pictures(folder / project / "images", f"{project}.jpg", size=(60, 40 if project == "shop" else 48))
        write_text(folder / project / "labels" / f"{project}.txt", f"0 {shares(SQUARE)}\n")
        write_text(folder / project / "classes.txt", names)


def empty_files_of_brush_masks(folder: Path) -> None:
    pictures(folder / "images", "a.jpg", "b.jpg")
    for name in "ab":
        write_text(folder / "labels" / f"{name}.txt", "")
    write_text(folder / "classes.txt", "leaf\n")


def polygons_in_a_format_of_boxes(folder: Path) -> None:
    """CVAT's YOLO 1.1 leaves polygons out: every text file is empty."""
    pictures(folder / "obj_train_data", "a.jpg", "b.jpg")
    for name in "ab":
        write_text(folder / "obj_train_data" / f"{name}.txt", "")
    write_text(folder / "obj.names", "leaf\n")
    write_text(folder / "obj.data", "classes = 1\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n")
    write_text(folder / "train.txt", "data/obj_train_data/a.jpg\ndata/obj_train_data/b.jpg\n")


def frames_with_a_step(folder: Path) -> None:
    """CVAT wrote rows for frame_000005 and empty files for the pictures that are there."""
    pictures(folder / "obj_train_data", "000.jpg", "001.jpg")
    for name in ("000", "001"):
        write_text(folder / "obj_train_data" / f"{name}.txt", "")
    write_text(folder / "obj_train_data" / "frame_000005.txt", f"0 {shares(SQUARE)}\n")
    write_text(folder / "obj.names", "leaf\n")


def parts_of_one_object_in_one_row(folder: Path) -> None:
    """FiftyOne wrote the points of two outlines one after the other, without the way back."""
    _set(folder, {"a": f"0 {shares([*SQUARE, *TRIANGLE])}\n"})


def two_sets_side_by_side(folder: Path) -> None:
    """Two downloads of one class each, put into one folder: 0 is another class in each."""
    for name in ("crack", "hole"):
        for split in ("train", "valid"):
            pictures(folder / name / split / "images", f"{name}-{split}.jpg", size=(60, 40 if name == "hole" else 48))
            text = f"0 {shares(SQUARE)}\n" if split == "train" else ""
            write_text(folder / name / split / "labels" / f"{name}-{split}.txt", text)
        lines = f"train: ../train/images\nval: ../valid/images\nnc: 1\nnames: ['{name}']\n"
        write_text(folder / name / "data.yaml", lines)


def one_file_for_two_pictures(folder: Path) -> None:
    """Label Studio wrote labels/001.txt for a/001.jpg and b/001.jpg alike."""
    pictures(folder, "images/a/001.jpg", "images/b/001.jpg", "images/a/002.jpg")
    for name in ("001", "002"):
        write_text(folder / "labels" / f"{name}.txt", f"0 {shares(SQUARE)}\n")
    write_text(folder / "classes.txt", "nut\n")


def prefix_of_an_upload(folder: Path) -> None:
    pictures(folder, "photo.jpg")
    write_text(folder / "labels" / "79296a5a-photo.txt", f"0 {shares(SQUARE)}\n")
    write_text(folder / "classes.txt", "nut\n")


def a_little_beyond_the_picture(folder: Path) -> None:
    _set(folder, {"a": "0 -0.042141 0.2 0.5 0.1 1.0710385 0.8 0.3 0.9\n"})


def names_that_nobody_used(folder: Path) -> None:
    _set(folder, {"a": f"1 {shares(SQUARE)}\n"}, "[door, gate, wall]")


_ULTRA = "ultralytics/ultralytics/issues"
_STUDIO = "HumanSignal/label-studio/issues"
_CVAT = "cvat-ai/cvat/issues"
REPORTS = [
    Report(f"{_ULTRA}/3285", pixels_instead_of_shares, code=1, says=("It has the coordinate 45",)),
    Report(f"{_ULTRA}/2439", class_above_the_names, code=1, says=("Its class 15 has no name",)),
    Report("ultralytics/yolov3/issues/1601", classes_from_one, code=2, objects=None,
           says=("numbered up to 2 and none is 0", "`names: {1: nut, 2: bolt}`")),
    Report(f"{_ULTRA}/1862", hole_joined_by_a_line),
    Report("ultralytics/ultralytics/pull/25672", boxes_among_outlines, code=1, says=("It has a box, but no outline",)),
    Report("ultralytics/yolov5/issues/9922", suffix_in_capitals),
    Report("ultralytics/ultralytics/pull/23210", text_beside_the_pictures, objects=2,
           says=("is the folder of 'train' as well",)),
    Report("roboflow/notebooks/issues/306", paths_from_a_notebook, objects=2),
    Report("roboflow/notebooks/issues/82", test_split_that_is_not_there, objects=2, says=("'test: ../test/images'",)),
    Report(f"{_STUDIO}/6416", names_in_the_order_of_the_ids, code=2, objects=None,
           says=("the class 0 is 'safe_b' in the first and 'safe_h' in the second",)),
    Report("HumanSignal/label-studio-converter/issues/104", two_exports_with_other_orders, objects=2,
           says=("'shop/classes.txt' and 'street/classes.txt' number the classes differently",),
           labels={"card": 1, "coupon": 1}),
    Report(f"{_ULTRA}/7845", two_sets_side_by_side, objects=2, says=("number the classes differently",),
           labels={"crack": 1, "hole": 1}),
    Report(f"{_STUDIO}/7096", one_file_for_two_pictures, objects=2,
           says=("'images/a/001.jpg' is used, not 'images/b/001.jpg'",)),
    Report(f"{_STUDIO}/729", prefix_of_an_upload, says=("It names the picture '79296a5a-photo'",)),
    Report("ultralytics/yolov5/pull/5210", a_little_beyond_the_picture, says=("clipped",)),
    Report("roboflow/roboflow-python/issues/88", names_that_nobody_used, says=("2 of 3 classes have no object",),
           labels={"door": 0, "gate": 1, "wall": 0}),
    Report(f"{_STUDIO}/5607", empty_files_of_brush_masks, objects=0, says=("No picture has an object",)),
    Report(f"{_CVAT}/7518", polygons_in_a_format_of_boxes, objects=0, says=("No picture has an object",)),
    Report(f"{_CVAT}/1294", frames_with_a_step, code=1, objects=0, says=("frame_000005",)),
    Report("voxel51/fiftyone/issues/6421", parts_of_one_object_in_one_row),
]  # fmt: skip
