"""What travels inside an exported model besides the network: configuration, classes, threshold, licence."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from yolact_kit.config.schema import Config
from yolact_kit.config.score_threshold import ScoreThreshold
from yolact_kit.errors import UserError

INPUT = "images"
"""Name of a network's input: float32 [B, 3, S, S], red, green, blue in 0..255."""

OUTPUTS = ("logits", "regressions", "coefficients", "prototypes", "anchors")
"""Names of its outputs, those of `RawOutputs`, in this order; the anchors are the same for every picture."""

WHOLE_OUTPUTS = ("boxes", "scores", "labels", "masks")
"""Names of the outputs of a whole network, in this order, see `yolact_kit.models.traced.WholeNetwork`."""

MARK = "yolact-kit"
"""Key whose value says which version of this layout the others have."""
VERSION = "1"
LARGEST_SIDE = 4096
"""Pixels of the largest input of a model that is run; larger ones would take all memory."""
MOST_VALUES = 2**31
"""Values of the largest tensor that a model that is run may make."""
LICENCE = (
    "yolact-kit and its starter weights: Apache-2.0. What was learnt from your own pictures belongs to whoever may use "
    "these."
)


@dataclass(frozen=True, slots=True)
class ExportedSettings:
    """What an exported model knows of itself.

    Attributes:
        config: The configuration that the model was trained with, classes included.
        threshold: The score threshold that training chose for it; None where the weights have none.
        whole: Whether decoding, suppression and the assembly of masks are part of the exported network.
        precision: What its weights are stored in: ``f32``, ``f16`` or ``int8``.
        layout: Whose inputs and outputs it has, such as ``yolo-seg``; empty for yolact-kit's own.

    Example:
        >>> settings = ExportedSettings(Config(classes=["컵"]))
        >>> ExportedSettings.read(settings.to_dict(), "컵.onnx").config.classes
        ['컵']
    """

    config: Config
    threshold: ScoreThreshold | None = None
    whole: bool = False
    precision: str = "f32"
    layout: str = ""

    def to_dict(self) -> dict[str, str]:
        """The settings as texts by key, for the metadata of any format."""
        texts = {
            MARK: VERSION,
            "classes": "\n".join(self.config.classes),
            "config": self.config.model_dump_json(),
            "whole": str(self.whole).lower(),
            "precision": self.precision,
            "licence": LICENCE,
        }
        if self.layout:
            texts["layout"] = self.layout
        if self.threshold is not None:
            texts["threshold"] = self.threshold.model_dump_json()
        return texts

    @classmethod
    def read(cls, texts: dict[str, str], file: str) -> ExportedSettings:
        """The settings from a file's metadata.

        Args:
            texts: What `to_dict` gave.
            file: The file, for messages.

        Raises:
            UserError: The metadata are not those of a model of ours, or of a later version.
        """
        if MARK not in texts:
            raise UserError(f"'{file}' holds no model of yolact-kit.", "Give a file that `yolact-kit export` wrote.")
        if texts[MARK] != VERSION:
            raise UserError(f"'{file}' was exported by a later yolact-kit.", "Update with `pip install -U yolact-kit`.")
        threshold = texts.get("threshold")
        try:
            return cls(
                Config.model_validate_json(texts["config"]),
                None if threshold is None else ScoreThreshold.model_validate_json(threshold),
                texts.get("whole") == "true",
                texts.get("precision", "f32"),
                texts.get("layout", ""),
            )
        except (KeyError, ValidationError) as error:
            raise UserError(
                f"The configuration stored in '{file}' cannot be read.", "A later yolact-kit may have written it."
            ) from error
