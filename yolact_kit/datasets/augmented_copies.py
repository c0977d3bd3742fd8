"""Writing a data set with augmented copies of its training pictures."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.annotations.dataset_folder import copy_pictures, save_dataset
from yolact_kit.cores import usable_cores
from yolact_kit.datasets.clipping import clipped
from yolact_kit.datasets.number_maps import NumberMaps, draw_maps, map_crops, measure_maps
from yolact_kit.datasets.pipelines import Pipeline
from yolact_kit.errors import UserError
from yolact_kit.files import check_out, new_folder
from yolact_kit.parallel import in_parallel
from yolact_kit.pixels.pictures import PictureError
from yolact_kit.pixels.writing import rgb_name, write_picture
from yolact_kit.progress import Progress
from yolact_kit.shapes.crops import encode_crop

LEFT = "left the picture"
SMALL = "became too small"
HIDDEN = "nearly left the picture"
_MOST_MASKS = 2 << 30
"""Bytes of the masks of one picture, where a pipeline needs one for each object."""


@dataclass(frozen=True, kw_only=True)
class CopyOptions:
    """How augmented copies are made.

    Attributes:
        copies: Copies of each training picture.
        steps: The pipeline, see `yolact_kit.datasets.pipelines`.
        min_object: Objects of a copy with a side below this many pixels are dropped.
        min_visible: Objects of which less than this share is still in the copy are dropped.
        seed: Random seed.
        overwrite: Whether an earlier output in the folder is replaced.
    """

    copies: int
    steps: Any
    min_object: float = 4.0
    min_visible: float = 0.1
    seed: int = 0
    overwrite: bool = False


@dataclass(slots=True)
class Augmented:
    """What was written.

    Attributes:
        dataset: The new data set: the old pictures and the copies.
        copies: How many copies there are.
        objects: How many objects are on them.
        dropped: Objects that were dropped from copies, by reason.
        broken: Pictures that could not be read and were left out.
    """

    dataset: Dataset
    copies: int = 0
    objects: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    broken: list[PictureError] = field(default_factory=list)


@dataclass(slots=True)
class _Copies:
    """The copies of one picture."""

    copies: list[Picture] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    error: PictureError | None = None


def write_augmented(
    dataset: Dataset, out: Path | str, options: CopyOptions, progress: Progress | None = None
) -> Augmented:
    """Writes a data set with all pictures of another and augmented copies of those in its training split.

    The copies are for programs that do not augment by themselves, and for looking at them; training with this package
    augments a picture again each time that it is shown.

    Args:
        dataset: The data set; its folder stays as it is.
        out: The folder to make.
        options: How.
        progress: Wraps the pictures; also given how many there are.

    Returns:
        What was written.

    Raises:
        UserError: Nothing was written: there is nothing to train on, the pipeline is wrong, or ``out`` cannot be made.

    Example:
        >>> write_augmented(data, "more", CopyOptions(copies=3, steps=load_steps("light"))).copies  # doctest: +SKIP
        42
    """
    inputs = [dataset.root] if dataset.root is not None else []
    check_out(out, options.overwrite, inputs)
    train = dataset.splits.get("train", [])
    if not train:
        raise UserError("There are no pictures in 'train' to copy.", "Convert the labels again.")
    if not Pipeline(options.steps).moves_masks_only():
        _refuse_crowded(train)
    augmented = Augmented(Dataset(Path(out).resolve().name, dataset.classes, {}, Path(out), dataset.depth_range))
    with new_folder(out, options.overwrite, inputs) as folder:
        images = folder / "images"
        used_names = {picture.file for picture in dataset.pictures()}
        jobs = [
            (index, picture, _names(picture.file, options.copies, used_names)) for index, picture in enumerate(train)
        ]
        work = in_parallel(lambda job: _copies(*job, images, options), jobs, min(4, usable_cores()))
        with closing(work) as results:
            copies = list(progress(results, len(jobs)) if progress else results)
        _collect(dataset, copies, augmented)
        copy_pictures(
            (picture for picture in augmented.dataset.pictures() if not picture.path.is_relative_to(images)), images
        )
        save_dataset(augmented.dataset, folder, source=str(dataset.root or dataset.name), options=_described(options))
    for picture in augmented.dataset.pictures():
        picture.path = Path(out) / "images" / picture.file
    return augmented


def _refuse_crowded(pictures: list[Picture]) -> None:
    """Refuses a picture for whose objects there is no memory, where each needs a mask of the picture's size."""
    for picture in pictures:
        size = len(picture.instances) * picture.height * picture.width
        if size > _MOST_MASKS:
            raise UserError(
                f"'{picture.file}' has {len(picture.instances):,} objects on {picture.width} x {picture.height} px, "
                f"and this pipeline needs a mask of the whole picture for each of them, {size / (1 << 30):.0f} GiB.",
                "Leave out of it what changes the shape of masks (`Morphological`, `fill_mask`, `mask_drop_value`, "
                "`mask_interpolation` other than 0), or take a smaller picture.",
            )


def _described(options: CopyOptions) -> dict[str, Any]:
    """The options as ``dataset.yaml`` keeps them."""
    names = ("copies", "steps", "min_object", "min_visible", "seed")
    return {"augmented": {name: getattr(options, name) for name in names}}


def _names(file: str, copies: int, used_names: set[str]) -> list[str]:
    """Names for the copies of a picture that no other picture has."""
    path = PurePosixPath(file)
    names: list[str] = []
    number = 0
    while len(names) < copies:
        number += 1
        name = rgb_name(path.with_name(f"{path.stem}-augmented-{number}{path.suffix}").as_posix())
        if name not in used_names:
            names.append(name)
            used_names.add(name)
    return names


def _copies(index: int, picture: Picture, names: list[str], images: Path, options: CopyOptions) -> _Copies:
    """Writes the copies of one picture into the folder of the new data set's pictures."""
    result = _Copies()
    try:
        pixels = picture.read()
    except PictureError as error:
        result.error = error
        return result
    height, width = pixels.shape[:2]
    parts = (clipped(instance, width, height) for instance in picture.instances)
    instances = [part for part in parts if part is not None]
    pipeline = Pipeline(options.steps)
    if pipeline.moves_masks_only():
        maps = draw_maps(instances, height, width, (width, height))
    else:
        maps = _masks(instances, height, width)
    shares = measure_maps(_numbered(maps, pipeline), len(instances)).areas / (height * width)
    for number, name in enumerate(names):
        # Seeded by the numbers of picture and copy: it does not matter in which order threads come to them.
        seed = int(np.random.SeedSequence((options.seed, index, number)).generate_state(1)[0])
        image, new_maps = pipeline(pixels, maps, seed)
        visible = _visible(instances, shares, _numbered(new_maps, pipeline), options, result.dropped)
        write_picture(images / name, image)
        result.copies.append(Picture(name, image.shape[1], image.shape[0], images / name, visible))
    return result


def _masks(instances: list[Instance], height: int, width: int) -> NumberMaps:
    """A mask of each object [N, H, W], for transforms that would mix the numbers of neighbours."""
    masks = np.zeros((len(instances), height, width), np.uint8)
    for number, instance in enumerate(instances):
        masks[number] = instance.mask(height, width)
    return masks


def _numbered(maps: NumberMaps, pipeline: Pipeline) -> NumberMaps:
    """Maps as they are; masks of 0 and 1 as maps of one object each."""
    if pipeline.moves_masks_only():
        return maps
    numbers = np.arange(1, len(maps) + 1, dtype=np.uint16)
    return np.multiply(maps, numbers[:, None, None], dtype=np.uint16)


def _visible(
    instances: list[Instance],
    shares: NDArray[np.float64],
    maps: NumberMaps,
    options: CopyOptions,
    dropped: Counter[str],
) -> list[Instance]:
    """The objects of a copy, with their new masks; those that are dropped are counted.

    ``shares`` [N] tells how much of the old picture each object covers.
    """
    visible: list[Instance] = []
    height, width = maps.shape[1:]
    areas, boxes = measure_maps(maps, len(instances))
    for instance, share, area, box, part in zip(instances, shares, areas, boxes, map_crops(maps, boxes), strict=True):
        if not area:
            dropped[LEFT] += 1
        elif not instance.crowd and min(box[2] - box[0], box[3] - box[1]) < options.min_object:
            dropped[SMALL] += 1
        # A copy may be of another size: shares of the pictures are compared, not pixels.
        elif not instance.crowd and area / (height * width) < options.min_visible * share:
            dropped[HIDDEN] += 1
        else:
            visible.append(Instance(instance.label, rle=encode_crop(part, height, width), crowd=instance.crowd))
    return visible


def _collect(dataset: Dataset, copies: list[_Copies], augmented: Augmented) -> None:
    """Puts the copies after their originals."""
    for split, pictures in dataset.splits.items():
        augmented.dataset.splits[split] = [
            Picture(p.file, p.width, p.height, p.path, p.instances, p.extra) for p in pictures
        ]
    train: list[Picture] = []
    for picture, result in zip(augmented.dataset.splits["train"], copies, strict=True):
        if result.error is not None:
            augmented.broken.append(result.error)
            continue
        train += [picture, *result.copies]
        augmented.copies += len(result.copies)
        augmented.objects += sum(len(copy.instances) for copy in result.copies)
        augmented.dropped += result.dropped
    augmented.dataset.splits["train"] = train
