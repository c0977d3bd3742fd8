from __future__ import annotations

import subprocess
import sys

import pytest

from yolact_kit.errors import UserError
from yolact_kit.inference.engines.names import ENGINE_NAMES, check_engine


def test_the_names_are_known_and_others_are_not() -> None:
    for name in ENGINE_NAMES:
        check_engine(name)
    with pytest.raises(UserError, match="no engine 'tensorrt'"):
        check_engine("tensorrt")


def test_names_load_neither_torch_nor_pydantic() -> None:
    code = "import sys, yolact_kit.inference.engines.names; print({'torch', 'pydantic', 'openvino'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
