"""Pages in HTML, made from the templates that are shipped with the package."""

from __future__ import annotations

import re
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from yolact_kit.shipped import shipped


def render_page(template: str, **values: Any) -> str:
    """Fills in a template of ``templates/reports``; what is put into it is escaped.

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


def _code(text: str) -> Markup:
    """A text with what stands between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped before
