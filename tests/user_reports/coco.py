"""Reports about COCO's files: from YOLACT, Roboflow, Label Studio, FiftyOne, CVAT and datumaro."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.annotations.making import HEIGHT, TRIANGLE, WIDTH
from tests.user_reports.report import SQUARE, Report, annotation, coco, flat, image, picture, pictures, write_json


def annotation_of_an_unlisted_picture(folder: Path) -> None:
    pictures(folder, "a.png")
    write_json(folder / "train.json", coco([image(1, "a.png")], [annotation(1, 1, 1), annotation(2, 7, 1)], {1: "nut"}))


def category_above_the_list(folder: Path) -> None:
    pictures(folder, "a.png", "b.png")
    annotations = [annotation(1, 1, 1), annotation(2, 2, 7)]
    write_json(folder / "a.json", coco([image(1, "a.png"), image(2, "b.png")], annotations, {1: "nut", 2: "bolt"}))


def boxes_scaled_without_their_masks(folder: Path) -> None:
    """The pictures were made smaller; a script scaled ``bbox`` but left ``segmentation``."""
    pictures(folder, "a.png")
    wide = [[60.0, 10.0], [90.0, 10.0], [90.0, 40.0], [60.0, 40.0]]
    write_json(folder / "a.json", coco([image(1, "a.png")], [annotation(1, 1, 1, wide)], {1: "nut"}))


def pictures_without_objects(folder: Path) -> None:
    pictures(folder, "a.png", "b.png", "c.png")
    images = [image(number, name) for number, name in enumerate(("a.png", "b.png", "c.png"))]
    write_json(folder / "a.json", coco(images, [annotation(1, 0, 1)], {1: "nut"}))


def same_pictures_in_both_splits(folder: Path) -> None:
    pictures(folder, "images/a.png", "images/b.png")
    images = [image(1, "a.png"), image(2, "b.png")]
    for name in ("train.json", "val.json"):
        write_json(folder / "annotations" / name, coco(images, [annotation(1, 1, 1), annotation(2, 2, 1)], {1: "nut"}))


def annotations_inside_the_splits(folder: Path) -> None:
    for seed, split in enumerate(("train", "test")):
        picture(folder / split / "0.png", seed)
        document = coco([image(0, "0.png")], [annotation(0, 0, 0)], {0: "Object1"})
        write_json(folder / split / "annotations.json", document)


def ids_of_32_bits(folder: Path) -> None:
    pictures(folder, "a.png", "b.png")
    annotations = [annotation(1, 2156740059, 1), annotation(2, 9007199254740993, 1)]
    images = [image(2156740059, "a.png"), image(9007199254740993, "b.png")]
    write_json(folder / "a.json", coco(images, annotations, {1: "paprika"}))


def category_twice_at_the_top(folder: Path) -> None:
    """Roboflow's group of categories has the name of one of them."""
    pictures(folder / "train", "a.jpg")
    categories = [
        {"id": 0, "name": "fish", "supercategory": "none"},
        {"id": 1, "name": "fish", "supercategory": "fish"},
        {"id": 2, "name": "lobster trap", "supercategory": "fish"},
    ]
    annotations = [annotation(0, 0, 1), annotation(1, 0, 2, TRIANGLE)]
    write_json(folder / "train" / "_annotations.coco.json", coco([image(0, "a.jpg")], annotations, categories))


def flat_polygon_of_an_unlisted_category(folder: Path) -> None:
    pictures(folder, "a.jpg")
    annotations = [annotation(0, 0, 0, segmentation=flat(SQUARE)), annotation(1, 0, 1, segmentation=flat(TRIANGLE))]
    write_json(folder / "export_coco.json", coco([image(0, "a.jpg")], annotations, {0: "cat"}))


def every_picture_has_one_id(folder: Path) -> None:
    pictures(folder, "a.jpg", "b.jpg")
    annotations = [annotation(0, 0, 0), annotation(1, 0, 0, TRIANGLE)]
    write_json(folder / "a.json", coco([image(0, "a.jpg"), image(0, "b.jpg")], annotations, {0: "shirt"}))


def categories_with_gaps(folder: Path) -> None:
    pictures(folder, "a.jpg")
    annotations = [annotation(0, 0, 3), annotation(1, 0, 41, TRIANGLE)]
    write_json(folder / "a.json", coco([image(0, "a.jpg")], annotations, {3: "text", 41: "seal"}))


def brush_masks_that_were_not_exported(folder: Path) -> None:
    """Label Studio's COCO export without the brush's masks."""
    pictures(folder / "images", "23082be9-0A.jpg", "bc267355-0B.jpg")
    images = [image(0, "images\\/23082be9-0A.jpg"), image(1, "images\\/bc267355-0B.jpg")]
    write_json(folder / "result.json", coco(images, [], {0: "Test1", 1: "Test2"}))


def paths_of_the_server(folder: Path) -> None:
    pictures(folder / "images", "5f0a1b2c-photo.jpg")
    name = "/label-studio/data/media/upload/1/5f0a1b2c-photo.jpg"
    write_json(folder / "result.json", coco([image(0, name)], [annotation(0, 0, 0)], {0: "car"}))


def annotations_without_image_entries(folder: Path) -> None:
    """Label Studio leaves pictures without boxes out of the list."""
    pictures(folder / "images", "a.jpg", "b.jpg")
    write_json(folder / "result.json", coco([image(0, "images/a.jpg")], [annotation(0, 0, 0)], {0: "car"}))


def absolute_paths(folder: Path) -> None:
    pictures(folder, "front.png")
    name = "/home/user/projects/parking/front.png"
    write_json(folder / "labels.json", coco([image(1, name)], [annotation(1, 1, 1)], {1: "car"}))


def mask_beyond_its_box(folder: Path) -> None:
    pictures(folder, "data/a.png")
    document = coco([image(1, "a.png")], [annotation(1, 1, 0, bbox=[35.0, 10.0, 5.0, 5.0])], {0: "bird"})
    write_json(folder / "labels.json", document)


def another_size_than_the_picture(folder: Path) -> None:
    pictures(folder, "a.png")
    document = coco([image(1, "a.png", (2 * WIDTH, 2 * HEIGHT))], [annotation(1, 1, 1)], {1: "card"})
    write_json(folder / "labels.json", document)


def frames_of_two_videos(folder: Path) -> None:
    """Each subset is another video, and CVAT names the first frame of both alike: one file for both."""
    pictures(folder / "images", "frame_000000.PNG")
    for split, points in (("Train", SQUARE), ("Test", TRIANGLE)):
        document = coco([image(1, "frame_000000.PNG")], [annotation(1, 1, 1, points)], {1: "boat"})
        write_json(folder / "annotations" / f"instances_{split}.json", document)


def one_object_in_two_places(folder: Path) -> None:
    """A mask of a model in two pieces: one object, not two."""
    pictures(folder, "images/a.png")
    mask = np.zeros((HEIGHT, WIDTH), dtype=bool)
    mask[5:15, 5:15] = mask[5:15, 30:40] = True
    runs = np.flatnonzero(np.diff(np.concatenate([[False], mask.T.ravel(), [False]])))
    counts = np.diff(np.concatenate([[0], runs, [mask.size]])).tolist()
    rle = {"size": [HEIGHT, WIDTH], "counts": counts}
    write_json(folder / "a.json", coco([image(1, "a.png")], [annotation(1, 1, 1, segmentation=rle)], {1: "weld"}))


def box_and_area_of_the_labelling_program(folder: Path) -> None:
    pictures(folder, "images/a.png")
    entry = annotation(1, 1, 1, bbox=[0.0, 0.0, 1.0, 1.0], area=0.0)
    write_json(folder / "annotations" / "instances_default.json", coco([image(1, "a.png")], [entry], {1: "cell"}))


def each_object_twice(folder: Path) -> None:
    """Every object is there once with its mask and once with its box only."""
    pictures(folder, "images/a.png")
    entries = [annotation(1, 1, 1), annotation(2, 1, 1, segmentation=[])]
    write_json(folder / "annotations" / "instances_default.json", coco([image(1, "a.png")], entries, {1: "cup"}))


def several_annotations_of_one_id(folder: Path) -> None:
    pictures(folder, "images/a.png")
    entries = [annotation(1, 1, 1), annotation(1, 1, 1, TRIANGLE)]
    write_json(folder / "annotations" / "instances_default.json", coco([image(1, "a.png")], entries, {1: "cup"}))


def category_zero(folder: Path) -> None:
    pictures(folder, "data/a.png")
    entries = [annotation(1, 1, 0), annotation(2, 1, 1, TRIANGLE)]
    write_json(folder / "labels.json", coco([image(1, "a.png")], entries, {0: "bird", 1: "cat"}))


_YOLACT = "dbolya/yolact/issues"
_STUDIO = "HumanSignal/label-studio/issues"
_FIFTYONE = "voxel51/fiftyone/issues"
REPORTS = [
    Report(f"{_YOLACT}/156", annotation_of_an_unlisted_picture, code=1, says=("annotation 2",)),
    Report(f"{_YOLACT}/693", category_above_the_list, code=1, says=("annotation 2", "category")),
    Report(f"{_YOLACT}/219", boxes_scaled_without_their_masks, code=0, objects=0, says=("outside",)),
    Report(f"{_YOLACT}/839", pictures_without_objects, says=("2 pictures without objects, kept as background",)),
    Report(f"{_YOLACT}/227", same_pictures_in_both_splits, objects=2, says=("is listed 2 times",)),
    Report(f"{_YOLACT}/618", annotations_inside_the_splits, objects=2),
    Report(f"{_YOLACT}/834", ids_of_32_bits, objects=2),
    Report("open-edge-platform/datumaro/issues/1160", category_twice_at_the_top, objects=2, says=("'fish'",)),
    Report("roboflow/supervision/issues/205", flat_polygon_of_an_unlisted_category, code=2, objects=None,
           says=("Its category_id 1 is not listed",)),
    Report("roboflow/supervision/issues/285", every_picture_has_one_id, code=2, objects=None,
           says=("The id 0 of 'a.jpg' belongs to another picture as well",)),
    Report("roboflow/rf-detr/issues/413", categories_with_gaps, objects=2),
    Report(f"{_STUDIO}/4475", brush_masks_that_were_not_exported, objects=0, says=("No picture has an object",)),
    Report(f"{_STUDIO}/9366", paths_of_the_server),
    Report(f"{_STUDIO}/3959", annotations_without_image_entries, says=("1 picture that no annotation file mentions",)),
    Report(f"{_FIFTYONE}/1200", absolute_paths),
    Report(f"{_FIFTYONE}/2847", mask_beyond_its_box, says=("recomputed",)),
    Report(f"{_FIFTYONE}/3387", another_size_than_the_picture, code=2, objects=None,
           says=("The labels are for 120 x 80 pixels, but the picture has 60 x 40",)),
    Report("cvat-ai/cvat/issues/7938", frames_of_two_videos, code=2, objects=None,
           says=("is in the split 'train' as well, with other objects there",)),
    Report("cvat-ai/cvat/issues/5496", each_object_twice, says=("annotation 2 (cup)",)),
    Report("cvat-ai/cvat/issues/4750", category_zero, objects=2, labels={"bird": 1, "cat": 1}),
    Report("cvat-ai/datumaro/issues/56", several_annotations_of_one_id, objects=2, says=("renumbered",)),
    Report("cvat-ai/cvat/issues/7458", one_object_in_two_places),
    Report("cvat-ai/cvat/issues/8307", box_and_area_of_the_labelling_program, says=("recomputed",)),
]  # fmt: skip
