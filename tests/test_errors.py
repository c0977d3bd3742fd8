from __future__ import annotations

import sys
import traceback

import pytest

from yolact_kit.errors import UserError


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have notes from Python 3.11 on")
def test_a_traceback_shows_the_advice() -> None:
    lines = traceback.format_exception(UserError("There is no 'a.jpg'.", "Check the spelling."))
    assert [line.strip().rpartition(": ")[2] for line in lines[-2:]] == ["There is no 'a.jpg'.", "Check the spelling."]
    assert not hasattr(UserError("There is no 'a.jpg'."), "__notes__")
