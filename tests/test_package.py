from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import yolact_kit


def test_on_a_mac_torch_is_told_to_fall_back_to_the_processor() -> None:
    lines = (
        "import sys, os; sys.platform = 'darwin'; import yolact_kit; print(os.environ['PYTORCH_ENABLE_MPS_FALLBACK'])"
    )
    environment = {"PYTORCH_ENABLE_MPS_FALLBACK": "0"}
    for given, expected in (({}, "1"), (environment, "0")):
        done = subprocess.run([sys.executable, "-c", lines], check=True, capture_output=True, text=True, env=given)
        assert done.stdout.strip() == expected


def test_editors_see_what_is_imported_when_it_is_used() -> None:
    tree = ast.parse(Path(yolact_kit.__file__).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    seen = {}
    for statement in block.body:
        assert isinstance(statement, ast.ImportFrom)
        seen.update({alias.name: statement.module for alias in statement.names})
    assert seen == yolact_kit._MODULES
    assert set(yolact_kit.__all__) == {"__version__", *seen}
    assert all(getattr(yolact_kit, name).__module__ == module for name, module in seen.items())


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Yolact'"):
        yolact_kit.Yolact  # noqa: B018
