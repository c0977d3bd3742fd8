from __future__ import annotations

from yolact_kit.evaluation.coco import ground_truth
from yolact_kit.evaluation.confusion import confusion_matrix

from .test_coco import CLASSES, instance, picture, prediction


def counts(*found: tuple[int, float, int, int, int], score: float = 0.3) -> list[list[int]]:
    truth = ground_truth(
        [
            picture(
                instance("컵", 0, 0, 20),
                instance("plate", 30, 0, 20),
                instance("plate", 60, 0, 20),
                instance("컵", 0, 60, 40, crowd=True),
            )
        ],
        CLASSES,
    )
    return confusion_matrix(truth, prediction(*found).to_coco(1), score).tolist()


def test_right_wrong_missed_and_nothing_there() -> None:
    assert counts((0, 0.9, 0, 0, 20), (0, 0.8, 30, 0, 20), (1, 0.7, 70, 70, 20)) == [[1, 0, 0], [1, 0, 1], [0, 1, 0]]


def test_no_detection_misses_everything_but_crowds() -> None:
    assert counts() == [[0, 0, 1], [0, 0, 2], [0, 0, 0]]


def test_low_scores_are_left_out() -> None:
    assert counts((0, 0.2, 0, 0, 20)) == counts()


def test_detections_in_a_crowd_are_not_counted() -> None:
    assert counts((0, 0.9, 5, 65, 20), (1, 0.9, 15, 75, 20)) == counts()


def test_the_better_overlap_wins_whatever_the_class_or_score() -> None:
    assert counts((1, 0.9, 2, 0, 20), (0, 0.5, 0, 0, 20)) == [[1, 0, 0], [0, 0, 2], [0, 1, 0]]


def test_polygons_are_read_too() -> None:
    truth = ground_truth([picture(instance("컵", 0, 0, 20))], CLASSES)
    truth["annotations"][0]["segmentation"] = [[0, 0, 20, 0, 20, 20, 0, 20]]
    found = prediction((0, 0.9, 0, 0, 20)).to_coco(1)
    assert confusion_matrix(truth, found)[0, 0] == 1
