"""What `yolact-kit explain` writes: an interactive page, and figures to print or to put on slides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text, new_folder
from yolact_kit.inference.explanation import Explanation
from yolact_kit.inference.writers.names import Names
from yolact_kit.reports.explanation_figures import draw_decisions, draw_masks, draw_prototypes
from yolact_kit.reports.explanation_page import explanation_page
from yolact_kit.shown_paths import shown_path

PAGE = "explanation.html"


def write_explanations(
    explained: Sequence[Explanation],
    out: Path | str,
    weights: str = "a model",
    overwrite: bool = False,
    inputs: Iterable[Path] = (),
) -> Path:
    """Writes explanations into a folder.

    Args:
        explained: The explanations, of one model.
        out: The folder: ``explanation.html``, ``prototypes.png``, and for each picture ``NAME-boxes.png`` and, where
            something was found in it, ``NAME-masks.png``.
        weights: What the model is called.
        overwrite: Whether an earlier output in the folder may be replaced.
        inputs: What the explanations were made from, which the folder must not touch.

    Returns:
        The page.

    Raises:
        UserError: There is nothing to explain, or the folder may not be written.

    Example:
        >>> from yolact_kit import YOLACT  # doctest: +SKIP
        >>> explained = YOLACT.load("runs/first").explain(["a.jpg", "b.jpg"])  # doctest: +SKIP
        >>> write_explanations(explained, "explained")  # doctest: +SKIP
        PosixPath('explained/explanation.html')
    """
    if not explained:
        raise UserError("There is no picture to explain.", "Give one picture or several.")
    names = Names([PurePath(PAGE).stem, "prototypes"])
    with new_folder(out, overwrite, inputs) as folder:
        draw_prototypes(explained, folder / "prototypes.png")
        for explanation in explained:
            name = names.give(PurePath(explanation.prediction.file).name or "picture")
            draw_decisions(explanation, folder / f"{name}-boxes.png")
            if len(explanation.prediction):
                draw_masks(explanation, folder / f"{name}-masks.png")
        atomic_write_text(folder / PAGE, explanation_page(explained, shown_path(weights)))
    return Path(out) / PAGE
