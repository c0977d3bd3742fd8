"""Names of copies, as programs and people write them, and names that only look like them."""

from __future__ import annotations

import pytest

from yolact_kit.datasets.copy_names import copies_by_name

HASHES = ("0c5ab8ee2f3c4c1b9cf1c0a0d6a5e211", "7d793037a0760186574b0282f2f435e7")
STYLES = {
    "Roboflow": [f"{{}}_jpg.rf.{code}.jpg" for code in HASHES],
    "Roboflow, split before": [f"train/{{}}_png.rf.{HASHES[0]}.jpg", f"valid/{{}}_png.rf.{HASHES[1]}.jpg"],
    "splits by other names": ["train2017/{}.jpg", "val2017/{}_flip.jpg", "images/test_images/{}_rot90.jpg"],
    "Roboflow, short hash": ["{}_JPG.rf.Gh2kLm9QzXa1.jpg", "{}_JPG.rf.pPw83kdLsQx2.jpg"],
    "Roboflow of augmented photos": [f"{{}}_jpg.rf.{HASHES[0]}.jpg", f"{{}}_flip_jpg.rf.{HASHES[1]}.jpg"],
    "Augmentor": ["{}.png", "parts_original_{}.png_01234567-89ab-cdef-0123-456789abcdef.png"],
    "number": ["{}_aug_1.jpg", "{}_aug_2.jpg", "{}_aug_3.jpg"],
    "number without photo": ["{}_aug0.jpg", "{}_aug1.jpg"],
    "before": ["aug_0_{}.png", "aug_1_{}.png"],
    "before, with photo": ["{}.png", "flipped_{}.png", "rot90-{}.png"],
    "flips": ["{}.jpg", "{}-flipped.jpg", "{}_hflip.jpg", "{}_flip_lr.jpg", "{}_vertical_flip.jpg", "{}_mirrored.jpg"],
    "turns": ["{}.jpg", "{}_rot90.jpg", "{}_rotated_180.jpg", "{}_rotate-15.jpg", "{}_rot_270deg.jpg"],
    "several": ["{}.jpg", "{}_flip_rot90.jpg", "{}_hflip_bright_2.jpg"],
    "looks": ["{}.jpg", "{}_bright.jpg", "{}_noisy.jpg", "{}-blur2.jpg", "{}_crop_1.jpg"],
    "hash behind": ["{}.jpg", "{}_aug_3f2a9c1e.jpg", "{}_albu_7.jpg"],
    "this package": ["{}.jpg", "{}-augmented-1.jpg", "{}-augmented-2.jpg"],
    "Korean": ["{}.jpg", "{}_좌우반전.jpg", "{}_회전90.jpg", "{} 증강 2.jpg"],
    "folders": ["images/{}.jpg", "flipped/{}.jpg", "augmented images/{}.jpg"],
    "tiles of DOTA": ["{}__1024__0___824.png", "{}__1024__824___824.png", "{}__0.5__0___0.png"],
    "tiles of SAHI": ["{}_0_0_512_512.png", "{}_410_0_922_512.png"],
    "tiles": ["{}_tile_0_512.png", "{}_tile_512_512.png", "{}-patch3.png"],
}
PHOTOS = [f"IMG_{number:03d}" for number in range(6)]


@pytest.mark.parametrize("style", STYLES)
def test_copies_of_one_photo_are_told_by_their_names(style: str) -> None:
    files = [name.format(photo) for photo in PHOTOS for name in STYLES[style]]
    copies = copies_by_name(files)
    assert [group.certain for group in copies] == [[name.format(photo) for name in STYLES[style]] for photo in PHOTOS]
    assert not any(group.doubtful for group in copies)


@pytest.mark.parametrize(
    "names",
    [
        ["IMG_1.jpg", "IMG_1 (1).jpg"],
        ["IMG_1 (1).jpg", "IMG_1 (2).jpg"],
        ["사진.jpg", "사진 - 복사본.jpg", "사진 - 복사본 (2).jpg"],
        ["a.jpg", "a - Copy.jpg", "a_copy.jpg", "a copy 2.jpg", "a (copy).jpg", "a - Kopie.jpg"],
        ["a.jpg", "a_0.jpg", "a_1.jpg"],
        ["cup.jpg", "0_cup.jpg", "1_cup.jpg"],
        ["room_dark_1.jpg", "room_dark_2.jpg", "room_bright_1.jpg"],
        [f"apple_rot_{number}.jpg" for number in range(9)],
        [f"pear_aug_{day}.jpg" for day in range(1, 31)],
    ],
)
def test_names_that_leave_doubt_are_left_to_the_pixels(names: list[str]) -> None:
    (copies,) = copies_by_name(names)
    assert (copies.certain, copies.doubtful) == ([], names)


@pytest.mark.parametrize(
    "names",
    [
        ["IMG_1.jpg", "IMG_2.jpg", "IMG_10.jpg"],
        ["day1/a_flip.jpg", "day2/a.jpg"],
        ["2017/a_flip.jpg", "2018/a.jpg", "train/3/a_flip.jpg", "train/4/a.jpg"],
        ["site/a.jpg", "other/a.jpg", "a.jpg"],
        ["aug_12.jpg", "aug_13.jpg", "flip_1.jpg", "rot.jpg"],
        ["cam_2024_11_05_14_30.jpg", "cam_2024_11_05_15_30.jpg", "cam_01_02_59_58.jpg"],
        ["clip_000001.jpg", "clip_000002.jpg"],
        ["augusta.jpg", "auguste.jpg", "rotterdam_1.jpg", "rotterdam_2.jpg", "copyshop1.jpg", "copyshop2.jpg"],
        ["a.jpg", "a.png"],
    ],
)
def test_other_photos_are_not_taken_for_copies(names: list[str]) -> None:
    assert copies_by_name(names) == []
