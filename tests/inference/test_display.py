from __future__ import annotations

import sys

import pytest

from yolact_kit.errors import UserError
from yolact_kit.inference.display import Window


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="there is always a screen")
def test_without_a_screen_there_is_a_kind_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(UserError, match="No window can be opened here") as raised:
        Window("a")
    assert "--format video" in raised.value.advice
