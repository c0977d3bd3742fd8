"""Pages in HTML, made from the templates that are shipped with the package."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.inference.drawing import class_color
from yolact_kit.shipped import shipped

_GENERATOR = '<meta name="generator" content="yolact-kit">'
"""What the head of each template has."""


def render_page(template: str, **values: Any) -> str:
    """Fills in a template of ``templates/reports``; values are escaped.

    Args:
        template: Name of the template, such as ``"validation.html"``.
        values: What it shows, by the names that it uses.

    Returns:
        The page.
    """
    loader = FileSystemLoader(shipped("templates", "reports"), encoding="utf-8")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["code"] = _code
    return environment.get_template(template).render(**values)


def is_own_page(file: Path) -> bool:
    """Whether a file is a page that `render_page` made.

    Args:
        file: The file.

    Returns:
        Whether its head says so.
    """
    with file.open(encoding="utf-8", errors="replace") as text:
        return _GENERATOR in text.read(2000)


def data_url(pixels: NDArray[np.uint8], kind: str = "JPEG", **options: Any) -> str:
    """A picture as a URL that holds the picture itself.

    Args:
        pixels: uint8 [H, W, 3], red, green, blue.
        kind: Pillow's name of the file format.
        options: Pillow's options for the format, such as ``quality``.

    Returns:
        The URL.

    Example:
        >>> data_url(np.zeros((8, 8, 3), np.uint8))[:22]
        'data:image/jpeg;base64'
    """
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def css_color(index: int) -> str:
    """The colour of a class as CSS has it.

    Args:
        index: 0-based index of the class, see `class_color`.

    Returns:
        ``#`` and six hexadecimal digits.

    Example:
        >>> css_color(0)
        '#e63946'
    """
    return "#{:02x}{:02x}{:02x}".format(*class_color(index))


def _code(text: str) -> Markup:
    """A text with the parts between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before
