"""Pictures become COCO documents, with outlines as they were drawn or as masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from yolact_kit.annotations.coco_document import to_coco
from yolact_kit.annotations.dataset import Instance, Picture
from yolact_kit.shapes.rle import encode_mask

TRIANGLE = np.array([[0.5, 0.5], [8.5, 0.5], [0.5, 6.5]])
MASK = encode_mask(np.pad(np.ones((2, 3)), ((0, 8), (0, 7))))


def picture(*instances: Instance) -> Picture:
    return Picture("사진.jpg", 10, 10, Path("사진.jpg"), list(instances))


def test_an_outline_stays_as_it_was_drawn_and_its_area_is_what_it_encloses() -> None:
    (annotation,) = to_coco([picture(Instance("너트", [TRIANGLE]))], ["bolt", "너트"])["annotations"]
    assert annotation["segmentation"] == [[0.5, 0.5, 8.5, 0.5, 0.5, 6.5]]
    assert (annotation["area"], annotation["category_id"]) == (24.0, 2)


def test_as_masks_every_object_has_run_lengths_and_its_area_in_pixels() -> None:
    outline = Instance("너트", [TRIANGLE])
    document = to_coco([picture(outline, Instance("너트", rle=MASK))], ["너트"], as_masks=True)
    first, second = document["annotations"]
    assert first["segmentation"] == outline.encode(10, 10)
    assert first["area"] == outline.mask(10, 10).sum()
    assert (second["segmentation"], second["area"]) == (MASK, 6.0)


def test_ids_go_on_from_the_first_ones() -> None:
    pictures = [picture(Instance("너트", rle=MASK)), picture(), picture(Instance("너트", rle=MASK))]
    document = to_coco(pictures, ["너트"], first_image=4, first_annotation=9)
    assert [image["id"] for image in document["images"]] == [4, 5, 6]
    assert [(entry["id"], entry["image_id"]) for entry in document["annotations"]] == [(9, 4), (10, 6)]
