"""Labels and predictions of the same pictures, drawn beside each other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from yolact_kit.annotations.dataset import Picture
from yolact_kit.errors import UserError
from yolact_kit.inference.drawing import draw_instances, draw_prediction
from yolact_kit.inference.fonts import find_font, load_font
from yolact_kit.inference.prediction import Prediction
from yolact_kit.pixels.writing import save_image
from yolact_kit.words import counted

OVERVIEW = "overview.jpg"
_GUTTER = 8
_PAPER = (255, 255, 255)
_INK = (40, 40, 40)


def read_predictions(file: Path | str) -> dict[str, Prediction]:
    """Reads the ``predictions.json`` that ``predict`` writes.

    Args:
        file: The file.

    Returns:
        The predictions by the name that the file has for their picture.

    Raises:
        UserError: The file is missing, or is not what ``predict`` writes.

    Example:
        >>> read_predictions("runs/predict-1/predictions.json")["a.jpg"].scores  # doctest: +SKIP
    """
    path = Path(file)
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        detections: dict[int, list[dict[str, Any]]] = {image["id"]: [] for image in document["images"]}
        for annotation in document["annotations"]:
            detections[annotation["image_id"]].append(annotation)
        return {
            image["file_name"]: _prediction(image, detections[image["id"]], document["categories"])
            for image in document["images"]
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        advice = "Give the predictions.json that `yolact-kit predict` wrote."
        raise UserError(f"'{path}' cannot be read as predictions ({error}).", advice) from error


def _prediction(
    image: dict[str, Any], annotations: list[dict[str, Any]], categories: list[dict[str, Any]]
) -> Prediction:
    """The detections of one picture, the best first."""
    index = {category["id"]: number for number, category in enumerate(categories)}
    annotations = sorted(annotations, key=lambda annotation: -annotation["score"])
    boxes = np.array([annotation["bbox"] for annotation in annotations], dtype=np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    return Prediction(
        file=image["file_name"],
        width=image["width"],
        height=image["height"],
        boxes=boxes,
        scores=np.array([annotation["score"] for annotation in annotations], dtype=np.float32),
        labels=np.array([index[annotation["category_id"]] for annotation in annotations], dtype=np.int64),
        masks=[annotation["segmentation"] for annotation in annotations],
        classes=[str(category["name"]) for category in categories],
    )


def draw_side_by_side(picture: Picture, prediction: Prediction) -> NDArray[np.uint8]:
    """Draws a picture twice: its labels on the left, what the model found on the right.

    Args:
        picture: The labelled picture.
        prediction: What was found in it.

    Returns:
        uint8 [H', W', 3], red, green, blue: twice as wide as the picture, with a line of text above each half.

    Raises:
        UserError: The picture cannot be read.
    """
    pixels = picture.read()
    labels = [instance for instance in picture.instances if not instance.crowd]
    classes = prediction.classes + sorted({instance.label for instance in labels} - {*prediction.classes})
    labelled = _titled(draw_instances(pixels, labels, classes), f"labels: {counted(len(labels), 'object')}")
    predicted = _titled(draw_prediction(pixels, prediction), f"predictions: {counted(len(prediction), 'object')}")
    gutter = np.full((labelled.shape[0], _GUTTER, 3), _PAPER, dtype=np.uint8)
    return np.hstack([labelled, gutter, predicted])


def _titled(pixels: NDArray[np.uint8], title: str) -> NDArray[np.uint8]:
    """A picture below a line of text."""
    height = max(20, round(pixels.shape[1] / 20))
    bar = Image.new("RGB", (pixels.shape[1], height), _PAPER)
    letters = load_font(find_font([title]).path, round(height * 0.6))
    ImageDraw.Draw(bar).text((4, round(height * 0.15)), title, fill=_INK, font=letters)
    return np.vstack([np.asarray(bar, dtype=np.uint8), pixels])


def save_side_by_side(
    pictures: Sequence[Picture], predictions: Mapping[str, Prediction], out: Path | str, overview: int = 6
) -> list[Path]:
    """Draws labels beside predictions for every picture, and a sheet of the first few.

    Args:
        pictures: The labelled pictures.
        predictions: What was found, by the picture's name as in `Picture.file`.
        out: Folder that the JPEG files are written to, under the pictures' names.
        overview: Pictures on the sheet ``overview.jpg``; 0 for no sheet.

    Returns:
        The files, the sheet first.

    Raises:
        UserError: A picture has no prediction, or cannot be read.

    Example:
        >>> save_side_by_side(load_dataset("data").splits["test"], predictions, "look")  # doctest: +SKIP
    """
    out = Path(out)
    files: list[Path] = []
    tiles: list[Image.Image] = []
    for picture in pictures:
        if picture.file not in predictions:
            raise UserError(f"There is no prediction for '{picture.file}'.", "Predict on all of these pictures first.")
        drawing = Image.fromarray(draw_side_by_side(picture, predictions[picture.file]))
        name = Path(picture.file)
        files.append(out / (name if name.suffix.lower() == ".jpg" else Path(f"{picture.file}.jpg")))
        save_image(files[-1], drawing, quality=90)
        if len(tiles) < overview:
            tiles.append(drawing.resize((800, round(drawing.height * 800 / drawing.width)), Image.Resampling.LANCZOS))
    if tiles:
        files.insert(0, out / OVERVIEW)
        save_image(files[0], _sheet(tiles), quality=90)
    return files


def _sheet(tiles: Sequence[Image.Image], columns: int = 2) -> Image.Image:
    """Tiles of one width in rows; a row is as high as its highest tile."""
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    wide = tiles[0].width
    heights = [max(tile.height for tile in row) for row in rows]
    across = min(columns, len(tiles))
    sheet = Image.new("RGB", (across * (wide + _GUTTER) - _GUTTER, sum(heights) + _GUTTER * (len(rows) - 1)), _PAPER)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        for column, tile in enumerate(row):
            sheet.paste(tile, (column * (wide + _GUTTER), top))
        top += height + _GUTTER
    return sheet
