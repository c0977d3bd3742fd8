"""Augmentation pipelines as people write them: a list of albumentations' transforms in YAML."""

from __future__ import annotations

import difflib
import inspect
from pathlib import Path
from typing import Any

import albumentations as A  # noqa: N812
import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from yolact_kit.datasets.transforming import MaskValue, transform
from yolact_kit.errors import UserError
from yolact_kit.shipped import shipped

_GROUPS = {"OneOf": A.OneOf, "Sequential": A.Sequential}
_TRANSFORMS: dict[str, type[A.BasicTransform]] = {
    name: value
    for name, value in vars(A).items()
    if isinstance(value, type)
    and issubclass(value, A.DualTransform | A.ImageOnlyTransform)
    and name not in ("Lambda", "DualTransform", "ImageOnlyTransform", "Normalize", "ToFloat", "FromFloat")
    # These mix in other pictures, which are not available here.
    and not {"metadata_key", "reference_images"} & set(inspect.signature(value).parameters)
}
"""The transforms that a pipeline may have: those that turn one picture into one picture."""
_EXAMPLE = "A pipeline is a list under `steps:`, such as `- HorizontalFlip: {p: 0.5}`."


class Pipeline:
    """Transforms pictures together with their masks, as a file says.

    A pipeline must not be shared by threads, since they would disturb each other's random numbers.

    Args:
        steps: The transforms, each a mapping of its name to its options; `OneOf` and `Sequential` have `steps`
            of their own.

    Raises:
        UserError: A transform is unknown, or its options are not allowed.

    Example:
        >>> flip = Pipeline([{"HorizontalFlip": {"p": 1.0}}])
        >>> image, masks = flip(np.zeros((4, 6, 3), np.uint8), np.eye(4, 6, dtype=np.uint8)[None], seed=0)
        >>> masks[0, 0].tolist()
        [0, 0, 0, 0, 0, 1]
    """

    def __init__(self, steps: Any) -> None:
        self.transforms = _build_all(steps)

    def __call__(
        self, picture: NDArray[np.uint8], masks: NDArray[MaskValue], seed: int
    ) -> tuple[NDArray[np.uint8], NDArray[MaskValue]]:
        """A transformed picture and its masks.

        Args:
            picture: uint8 [H, W, 3].
            masks: [N, H, W] of 0 and 1, or maps of objects' numbers if it `moves_masks_only`.
            seed: Decides all random choices.

        Returns:
            uint8 [H', W', 3], and [N, H', W'] of the type of ``masks``.
        """
        return transform(A.Compose(self.transforms, seed=seed), picture, masks)

    def moves_masks_only(self) -> bool:
        """Whether each pixel of a transformed mask is one of the mask before, so that numbers of objects survive.

        Example:
            >>> Pipeline(["HorizontalFlip"]).moves_masks_only(), Pipeline(["Morphological"]).moves_masks_only()
            (True, False)
        """
        return all(map(_moves_only, self.transforms))


def _moves_only(transform: Any) -> bool:
    if isinstance(transform, A.BaseCompose):
        return all(map(_moves_only, transform.transforms))
    nearest = getattr(transform, "mask_interpolation", 0) in (cv2.INTER_NEAREST, cv2.INTER_NEAREST_EXACT)
    shrinks = getattr(transform, "area_for_downscale", None) == "image_mask"
    paints = any(getattr(transform, name, None) for name in ("fill_mask", "mask_drop_value"))
    return nearest and not (shrinks or paints or isinstance(transform, A.Morphological))


def pipeline_names() -> list[str]:
    """Names of the pipelines that are shipped.

    Example:
        >>> pipeline_names()
        ['aerial', 'default', 'heavy', 'light']
    """
    return sorted(file.stem for file in shipped("templates", "augment").glob("*.yaml"))


def load_steps(name: str) -> Any:
    """The steps of a pipeline, as `Pipeline` takes them.

    Args:
        name: Name of a shipped pipeline, or a YAML file.

    Returns:
        The value of ``steps``.

    Raises:
        UserError: There is no pipeline of that name, or the file is not a pipeline.
    """
    if name in pipeline_names():
        path = shipped("templates", "augment", f"{name}.yaml")
    elif (path := Path(name)).suffix.lower() not in (".yaml", ".yml") or not path.is_file():
        raise UserError(
            f"There is no pipeline '{name}'.", f"Give {', '.join(pipeline_names())}, or a YAML file of your own."
        )
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"'{path}' is not valid YAML: {' '.join(str(error).split())}", _EXAMPLE) from error
    if not isinstance(document, dict) or set(document) != {"steps"}:
        raise UserError(f"'{path}' must have the key `steps` and no other.", _EXAMPLE)
    return document["steps"]


def _build_all(steps: Any) -> list[Any]:
    if not isinstance(steps, list) or not steps:
        raise UserError("The steps of a pipeline must be a list.", _EXAMPLE)
    return [_build(step) for step in steps]


def _build(step: Any) -> Any:
    if isinstance(step, str):
        step = {step: {}}
    if not isinstance(step, dict) or len(step) != 1:
        raise UserError(f"'{step}' is not a step.", _EXAMPLE)
    ((name, options),) = step.items()
    options = {} if options is None else options
    if not isinstance(options, dict):
        raise UserError(f"The options of '{name}' must be names with values.", _EXAMPLE)
    if name in _GROUPS:
        inner = _build_all(options.get("steps"))
        rest = {key: value for key, value in options.items() if key != "steps"}
        return _make(name, _GROUPS[name], rest, inner)
    if name not in _TRANSFORMS:
        near = difflib.get_close_matches(str(name), [*_TRANSFORMS, *_GROUPS], n=1)
        hint = f"Did you mean '{near[0]}'?" if near else "Its transforms are those of albumentations."
        raise UserError(f"There is no transform '{name}'.", hint)
    return _make(name, _TRANSFORMS[name], options)


def _make(name: str, kind: Any, options: dict[str, Any], *arguments: Any) -> Any:
    """Makes a transform, and refuses unknown options, of which albumentations only warns."""
    allowed = list(inspect.signature(kind).parameters)
    for option in options:
        if option not in allowed:
            near = difflib.get_close_matches(str(option), allowed, n=1)
            hint = f"Did you mean '{near[0]}'?" if near else f"It takes {', '.join(allowed)}."
            raise UserError(f"'{name}' has no option '{option}'.", hint)
    try:
        return kind(*arguments, **{key: tuple(v) if isinstance(v, list) else v for key, v in options.items()})
    except (ValueError, TypeError, NotImplementedError) as error:
        reason = " ".join(str(error).split()).partition(" For further")[0]
        raise UserError(f"The options of '{name}' are not allowed: {reason}", "") from error
