"""Exporting a model: written, checked on real pictures, then put into place."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from yolact_kit.config.score_threshold import default_score
from yolact_kit.errors import UserError
from yolact_kit.inference.engines.choice import EngineWish
from yolact_kit.inference.engines.engine import Engine
from yolact_kit.inference.engines.exported import load_exported
from yolact_kit.inference.export.formats import FORMATS
from yolact_kit.inference.export.names import check_format, check_layout_options
from yolact_kit.inference.export.parity import Parity, compare_predictions
from yolact_kit.inference.export.whole import WholePredictor
from yolact_kit.inference.export.yolo_check import check_layout
from yolact_kit.inference.predictor import Predictor
from yolact_kit.models.download import local_weights
from yolact_kit.models.exported_settings import ExportedSettings
from yolact_kit.models.weights import LoadedModel, load_weights
from yolact_kit.models.yolact import YolactNetwork
from yolact_kit.pixels.pictures import read_picture
from yolact_kit.shipped import shipped

PICTURES = 8
"""Pictures that an exported model is checked on."""


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported.

    Attributes:
        files: The files.
        about: What is worth saying of them.
        parity: How the exported model's detections differ from the model's.
        megabytes: Size of the files together.
    """

    files: list[Path]
    about: str
    parity: Parity
    megabytes: float

    def to_dict(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {
            "files": [str(file) for file in self.files],
            "megabytes": self.megabytes,
            "about": self.about,
            "check": self.parity.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a model is exported.

    Attributes:
        format: One of `yolact_kit.inference.export.names.FORMAT_NAMES`.
        whole: Whether decoding, suppression and the assembly of masks are part of the exported network.
        half: Whether weights are stored in half precision, which halves the file.
        nms: ``fast`` or ``cross-class`` for the whole network; None for the configuration's.
        layout: One of `yolact_kit.inference.export.names.LAYOUT_NAMES`, for programs that read models of that layout;
            empty for yolact-kit's own.
    """

    format: str = "onnx"
    whole: bool = False
    half: bool = False
    nms: str | None = None
    layout: str = ""

    def check(self) -> None:
        """Refuses what no format has.

        Raises:
            UserError: The format is not known, or has no half precision.
        """
        check_format(self.format)
        if self.layout:
            check_layout_options(self.layout, self.format, self.whole)
        if self.half and (not FORMATS[self.format].half or (self.format == "onnx" and (self.whole or self.layout))):
            what = f"model in the layout '{self.layout}'" if self.layout else "whole model" if self.whole else "model"
            raise UserError(f"A {what} has no half precision in the format '{self.format}'.", "Leave out --half.")

    def settings(self, loaded: LoadedModel) -> ExportedSettings:
        """What is stored beside the network.

        Args:
            loaded: The model.

        Raises:
            UserError: The model's masks are rescored, which only the whole model can do.
        """
        if loaded.model.mask_scoring is not None and not self.whole:
            raise UserError(
                "This model rescores its masks by a network of its own, which comes after detection.",
                "Export the whole model: `--whole`.",
            )
        config = loaded.config
        if self.nms is not None:
            config = config.model_copy(update={"detect": config.detect.model_copy(update={"nms": self.nms})})
        return ExportedSettings(config, loaded.threshold, self.whole, "f16" if self.half else "f32", self.layout)


def export_model(
    weights: Path | str,
    file: Path,
    options: ExportOptions | None = None,
    *,
    pictures: Sequence[Path | str] = (),
    model: str | None = None,
) -> Export:
    """Writes a model in a format of other programs, after a check that it still predicts the same.

    Args:
        weights: What `load_weights` takes.
        file: The file to write, with the suffix of the format.
        options: The format and what is in it; ONNX with raw outputs by default.
        pictures: Pictures for the check; by default some of the bundled data set.
        model: Which model a checkpoint of the original's is of, if its name does not say.

    Returns:
        The files and how the check went.

    Raises:
        UserError: The weights cannot be read, the format is not known or cannot hold this model, or the exported model
            does not predict the same; nothing is written then.

    Example:
        >>> export_model("runs/first", Path("cups.onnx")).parity.same  # doctest: +SKIP
        True
    """
    options = options or ExportOptions()
    options.check()
    loaded = load_weights(local_weights(weights), "cpu", model)
    settings = options.settings(loaded)
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.stem}.") as folder:
        beside = Path(folder) / file.name
        about = FORMATS[options.format].write(loaded.model, settings, beside)
        pixels = [read_picture(picture) for picture in pictures or example_pictures()]
        parity = check_parity(loaded.model, settings, beside, pixels)
        if not parity.same and not options.half:
            raise UserError(
                f"The exported model does not predict the same: {parity.describe()}.",
                "Nothing was written. Please report this with the versions that `yolact-kit doctor` lists.",
            )
        files = [written.replace(file.parent / written.name) for written in sorted(Path(folder).iterdir())]
    return Export(files, about, parity, sum(written.stat().st_size for written in files) / 1e6)


def check_parity(
    model: YolactNetwork, settings: ExportedSettings, file: Path, pictures: list[NDArray[np.uint8]]
) -> Parity:
    """How the detections of an exported file differ from those of the model that it was made of.

    Args:
        model: The model.
        settings: What is stored in the file.
        file: The file.
        pictures: The pictures to compare on, each uint8 [H, W, 3].

    Returns:
        The differences.
    """
    score = default_score(settings.threshold)
    if settings.layout:
        return check_layout(model, settings, file, pictures, score)
    truth = Predictor(model, settings.config, score)
    if settings.whole:
        return compare_predictions(truth, WholePredictor(file, settings.config, score), pictures)
    return compare_predictions(truth, Predictor(_engine(file), settings.config, score), pictures)


def example_pictures() -> list[Path]:
    """Some pictures of the bundled data set."""
    return sorted(shipped("examples", "parts", "pictures").glob("*.jpg"))[:PICTURES]


def _engine(file: Path) -> Engine:
    """The engine that runs a file which was just written, in float32, so that only real differences show."""
    if file.suffix == ".pt2":
        from yolact_kit.inference.export.program import ProgramEngine

        return ProgramEngine(file)
    engine, _ = load_exported(file, EngineWish(), precision="f32")
    return engine
