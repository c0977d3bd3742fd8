"""A model for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from yolact_kit.errors import UserError
from yolact_kit.inference.export.export import Export, ExportOptions, export_model
from yolact_kit.inference.export.names import SUFFIXES, LayoutName


def export(
    weights: Path | str,
    out: Path | str,
    *,
    whole: bool = False,
    half: bool = False,
    nms: Literal["fast", "cross-class"] | None = None,
    layout: LayoutName | None = None,
    pictures: Sequence[Path | str] = (),
    model: str | None = None,
) -> Export:
    """Writes a model in a format of other programs, after a check that it still predicts the same.

    Args:
        weights: A run folder, a file of weights or a name such as ``coco:yolact_base``.
        out: The file, which is replaced if it is there; its suffix says the format: ``.onnx``, ``.xml`` for OpenVINO,
            ``.pt2`` for torch.export.
        whole: Whether the file gives boxes, scores, labels and masks, rather than the network's raw outputs.
        half: Whether weights are stored in half precision.
        nms: How the whole model removes duplicates; by default as the model's configuration says.
        layout: ``yolo-seg`` or ``yolo26-seg`` for a file with the inputs and outputs of these models, for programs that
            read them; X-AnyLabeling's YAML is then written beside an ONNX file.
        pictures: Pictures for the check; by default some of the bundled data set.
        model: The model of an original ``.pth``, if its name does not say.

    Returns:
        The files, and how the check went.

    Raises:
        UserError: The weights cannot be read, the suffix is of no format, or the exported model does not predict the
            same.

    Example:
        >>> print(export("runs/first", "cups.onnx").parity.describe())  # doctest: +SKIP
    """
    file = Path(out)
    formats = {suffix: name for name, suffix in SUFFIXES.items()}
    if file.suffix not in formats:
        raise UserError(f"'{file}' does not end in {', '.join(formats)}.", "The suffix says the format.")
    options = ExportOptions(formats[file.suffix], whole, half, nms, layout or "")
    return export_model(weights, file, options, pictures=pictures, model=model)
