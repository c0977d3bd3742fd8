"""Paths of the files shipped with the package: templates and the bundled data set."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped(*parts: str) -> Path:
    """Path of a shipped file or folder, the same from a wheel, an editable install and a checkout.

    Args:
        parts: Path below the top level, such as ``"templates", "yolact_nano.yaml"`` or ``"examples", "parts"``.

    Returns:
        The path.

    Raises:
        FileNotFoundError: Nothing of that name is shipped.

    Example:
        >>> shipped("examples", "parts").name
        'parts'
    """
    for root in (_PACKAGE / "_shipped", _PACKAGE.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"{'/'.join(parts)} is not shipped with this installation of yolact-kit")
