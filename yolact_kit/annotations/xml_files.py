"""Reading the XML files of users."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.textfiles import read_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def read_xml(path: Path, problems: Problems) -> Element | None:
    """Reads an XML file in any known encoding.

    Args:
        path: The file.
        problems: Where problems are added.

    Returns:
        The root element; None with a problem where the file cannot be read, or defines entities, which can do harm.
    """
    text = read_text(path, problems)
    if text is None:
        return None
    try:
        # The text is decoded already, and Python's parser stumbles over some of the encodings that files declare.
        root: Element = fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except ParseError as error:
        problems.add("file-unreadable", f"Broken XML: {error}.")
    except DefusedXmlException:
        problems.add("xml-forbidden", "It defines XML entities, which can do harm.")
    else:
        return root
    return None
