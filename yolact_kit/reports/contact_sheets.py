"""Contact sheets: many labelled pictures at a glance, as they are or as training sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from yolact_kit.annotations.dataset import Dataset, Instance, Picture
from yolact_kit.config.schema import Config
from yolact_kit.datasets.number_maps import map_crops
from yolact_kit.datasets.torch_dataset import Draw, Sample, TrainingPictures
from yolact_kit.inference.fonts import find_font, load_font
from yolact_kit.pixels.pictures import PictureError
from yolact_kit.pixels.writing import save_image
from yolact_kit.reports.views import draw_view
from yolact_kit.shapes.crops import encode_crop

TILE = 300
"""Longer side of a tile in pixels."""
COLUMNS, ROWS = 5, 4
IGNORED = "ignored"
"""Label of objects that training ignores: crowds, and objects that are too small or nearly outside the picture."""
_GUTTER, _LINE = 10, 24
_PAPER, _INK = (248, 248, 248), (40, 40, 40)

TileRow = list[tuple[str, NDArray[np.uint8]]]
"""Tiles beside each other: the text below each, and its pixels, uint8 [H, W, 3]."""


@dataclass(slots=True)
class Tiles:
    """The tiles of one picture.

    Attributes:
        title: The title below them.
        pixels: uint8 [H, W, 3] each, at most `TILE` wide and high.
        error: Why there are none; None if there are some.
    """

    title: str
    pixels: list[NDArray[np.uint8]] = field(default_factory=list)
    error: PictureError | None = None


@dataclass(slots=True)
class Sheets:
    """The sheets that were written.

    Attributes:
        files: The sheets.
        pictures: How many pictures are on them.
        broken: Pictures that could not be read, with the reason.
    """

    files: list[Path] = field(default_factory=list)
    pictures: int = 0
    broken: list[PictureError] = field(default_factory=list)


def choose_pictures(dataset: Dataset, split: str | None, count: int, seed: int) -> list[Picture]:
    """Some pictures of a data set, drawn at random.

    Args:
        dataset: The data set.
        split: Only pictures of this split; None for all.
        count: How many; 0 for all.
        seed: Random seed.

    Returns:
        The pictures, in the order that they have in the data set.
    """
    pictures = dataset.splits.get(split, []) if split is not None else dataset.pictures()
    if count == 0 or count >= len(pictures):
        return list(pictures)
    chosen = np.random.default_rng(seed).choice(len(pictures), size=count, replace=False)
    return [pictures[index] for index in sorted(chosen.tolist())]


def plain_tiles(pictures: list[Picture], classes: list[str]) -> Iterator[Tiles]:
    """Each picture with its labels drawn.

    Args:
        pictures: The pictures.
        classes: Class names, which decide the colours.

    Yields:
        One tile per picture.
    """
    for picture in pictures:
        try:
            tile = draw_view(picture.read(), picture.instances, classes, TILE)
        except PictureError as error:
            yield Tiles(picture.file, error=error)
        else:
            yield Tiles(f"{picture.file} ({len(picture.instances)})", [tile])


def augmented_tiles(pictures: list[Picture], config: Config) -> Iterator[Tiles]:
    """Each picture as training sees it: resized, and augmented in several ways, with the objects that are learnt.

    Args:
        pictures: The pictures.
        config: The configuration of the training.

    Yields:
        One row of tiles per picture, the first tile without augmentation.
    """
    plain, augmented = TrainingPictures(pictures, config, augmented=False), TrainingPictures(pictures, config)
    for index, picture in enumerate(pictures):
        try:
            showings = [augmented[Draw(index, index * COLUMNS + number)] for number in range(1, COLUMNS)]
            samples = [plain[index], *showings]
        except PictureError as error:
            yield Tiles(picture.file, error=error)
        else:
            yield Tiles(picture.file, [_draw_sample(sample, config.classes) for sample in samples])


def _draw_sample(sample: Sample, classes: list[str]) -> NDArray[np.uint8]:
    """A picture as training sees it, with its objects."""
    pixels = np.ascontiguousarray(sample.image.numpy().transpose(1, 2, 0))
    height, width = pixels.shape[:2]
    # Boxes are shares of the picture; rounded, they are the pixels that they come from.
    crops = map_crops(sample.maps.numpy(), (sample.boxes.numpy() * width).round())
    instances = [
        Instance(IGNORED if ignored else classes[label], rle=encode_crop(crop, height, width))
        for crop, label, ignored in zip(crops, sample.labels.tolist(), sample.ignored.tolist(), strict=True)
    ]
    return draw_view(pixels, instances, classes, TILE)


def write_sheets(tiles: Iterable[Tiles], out: Path | str) -> Sheets:
    """Writes tiles as sheets.

    Args:
        tiles: What is on them: single tiles fill the rows one after the other, several of one picture have a row.
        out: The folder that ``sheet-001.jpg`` and so on are written to.

    Returns:
        The sheets.

    Example:
        >>> write_sheets(plain_tiles(dataset.pictures(), dataset.classes), "look").files  # doctest: +SKIP
        [PosixPath('look/sheet-001.jpg')]
    """
    sheets = Sheets()
    rows: list[TileRow] = []
    for item in tiles:
        if item.error is not None:
            sheets.broken.append(item.error)
            continue
        sheets.pictures += 1
        if len(item.pixels) > 1 or not rows or len(rows[-1]) == COLUMNS:
            if len(rows) == ROWS:
                _write(rows, Path(out), sheets)
                rows = []
            rows.append([])
        rows[-1] += [(item.title if number == 0 else "", pixels) for number, pixels in enumerate(item.pixels)]
    if rows:
        _write(rows, Path(out), sheets)
    return sheets


def _write(rows: list[TileRow], out: Path, sheets: Sheets) -> None:
    """Writes a sheet and adds it to ``sheets``."""
    file = out / f"sheet-{len(sheets.files) + 1:03d}.jpg"
    save_image(file, _sheet(rows), quality=88)
    sheets.files.append(file)


def _sheet(rows: list[TileRow]) -> Image.Image:
    """Rows of tiles, each row as high as its highest tile, with a line of text below it."""
    heights = [max(pixels.shape[0] for _, pixels in row) + _LINE for row in rows]
    across = max(len(row) for row in rows)
    size = (across * (TILE + _GUTTER) + _GUTTER, sum(heights) + _GUTTER * (len(rows) + 1))
    sheet = Image.new("RGB", size, _PAPER)
    canvas = ImageDraw.Draw(sheet)
    font = find_font([title for row in rows for title, _ in row])
    letters = load_font(font.path, 15)
    top = _GUTTER
    for row, height in zip(rows, heights, strict=True):
        for column, (title, pixels) in enumerate(row):
            x = _GUTTER + column * (TILE + _GUTTER)
            sheet.paste(Image.fromarray(pixels), (x + (TILE - pixels.shape[1]) // 2, top))
            canvas.text((x, top + height - _LINE + 2), _shortened(title, letters.getlength), fill=_INK, font=letters)
        top += height + _GUTTER
    return sheet


def _shortened(title: str, length: Callable[[str], float]) -> str:
    """A title that fits below a tile: only the end of a long one, since that tells files apart."""
    if length(title) <= TILE:
        return title
    while length(f"...{title}") > TILE:
        title = title[1:]
    return f"...{title}"
