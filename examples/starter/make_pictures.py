"""Draws labelled pictures of things of all shapes and materials, from which starter weights are learnt.

    python make_pictures.py OUT [--count 8000] [--seed 0] [--size 320] [--processes 2] [--no-photos]

A picture depends on the seed and its number alone, whatever the number of processes.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from starter_camera import jpeg
from starter_classes import CLASSES
from starter_photos import available
from starter_scenes import make_scene, masks, render

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.dataset_folder import save_dataset
from yolact_kit.errors import UserError
from yolact_kit.files import new_folder
from yolact_kit.parallel import in_parallel
from yolact_kit.shapes.rle import encode_mask

VAL_EVERY = 25
"""One of so many pictures goes to ``val``: 4 %."""


def draw_picture(number: int, folder: Path, seed: int, side: int, photos: bool) -> Picture:
    """Draws a picture and writes its JPEG file.

    Args:
        number: Its number, from 0.
        folder: The folder of the pictures.
        seed: The data set's seed.
        side: Height and width in pixels.
        photos: Whether parts of photographs may be backgrounds.

    Returns:
        The picture with its labels.
    """
    cv2.setNumThreads(1)
    scene = make_scene(seed, number, side, photos)
    quality = int(np.random.default_rng([seed, number, 2]).integers(60, 96))
    file = f"starter-{number:06d}.jpg"
    (folder / file).write_bytes(jpeg(render(scene), quality))
    instances = []
    for thing, mask in zip(scene.things, masks(scene), strict=True):
        instances.append(Instance(thing.label, rle=encode_mask(mask)))
    return Picture(file, side, side, folder / file, instances)


def make_pictures(out: Path, count: int, seed: int, side: int, processes: int, photos: bool) -> Dataset:
    """Draws a data set.

    Args:
        out: Its folder, which must not exist or be empty.
        count: Number of pictures.
        seed: What decides all of them.
        side: Height and width in pixels.
        processes: How many are drawn at a time.
        photos: Whether parts of photographs may be backgrounds.

    Returns:
        The data set.
    """
    with new_folder(out) as partial_out:
        images = partial_out / "images"
        images.mkdir()
        draw = partial(draw_picture, folder=images, seed=seed, side=side, photos=photos)
        pictures = []
        with closing(in_parallel(draw, list(range(count)), processes, processes=True)) as drawn:
            for picture in drawn:
                pictures.append(picture)
                if len(pictures) % 500 == 0:
                    print(f"{len(pictures)} of {count} pictures", file=sys.stderr)
        splits: dict[str, list[Picture]] = {"train": [], "val": []}
        for number, picture in enumerate(pictures):
            splits["val" if number % VAL_EVERY == VAL_EVERY - 1 else "train"].append(picture)
        dataset = Dataset("starter", CLASSES, splits)
        options = {"seed": seed, "count": count, "size": side, "photos": photos}
        save_dataset(dataset, partial_out, source="examples/starter/make_pictures.py", options=options)
    return dataset


def main() -> int:
    """Reads the arguments and draws.

    Returns:
        The exit code: 0, or 2 where the call is wrong.
    """
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the data set; must not exist or be empty")
    parser.add_argument("--count", type=int, default=8000, help="number of pictures (default: 8000)")
    parser.add_argument("--seed", type=int, default=0, help="what decides all pictures (default: 0)")
    parser.add_argument("--size", type=int, default=320, help="height and width in pixels (default: 320)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="how many draw at a time")
    parser.add_argument(
        "--photos",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="use parts of scikit-image's free photographs as backgrounds, where it is installed (default: yes)",
    )
    options = parser.parse_args()
    if options.count < 1 or options.size < 64 or options.seed < 0 or options.processes < 1:
        parser.error("--count and --processes must be at least 1, --size at least 64, and --seed at least 0.")
    photos = options.photos and bool(available())
    if options.photos and not photos:
        print("scikit-image is not installed: backgrounds are drawn, without parts of photographs.", file=sys.stderr)
    try:
        dataset = make_pictures(options.out, options.count, options.seed, options.size, options.processes, photos)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(dataset)
    return 0


if __name__ == "__main__":
    sys.exit(main())
