from __future__ import annotations

from yolact_kit.models.class_names import COCO_CLASSES, PASCAL_CLASSES


def test_every_class_is_there_once() -> None:
    assert len(COCO_CLASSES) == len(set(COCO_CLASSES)) == 80
    assert len(PASCAL_CLASSES) == len(set(PASCAL_CLASSES)) == 20


def test_the_order_is_that_of_the_data_sets() -> None:
    # By their place among COCO's 90 ids with the ten unused ones left out, and by Pascal's alphabet.
    assert [COCO_CLASSES[place] for place in (0, 12, 39, 60, 79)] == [
        "person",
        "parking meter",
        "bottle",
        "dining table",
        "toothbrush",
    ]
    assert list(PASCAL_CLASSES) == sorted(PASCAL_CLASSES)
