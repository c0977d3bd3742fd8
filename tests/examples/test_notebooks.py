"""The notebooks run from their first cell to their last."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_model import save_tiny_model


@pytest.mark.parametrize("name", ["predictions"])
def test_a_notebook_runs(name: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = json.loads((repository / "examples" / f"{name}.ipynb").read_text(encoding="utf-8"))
    pictures = tmp_path / "examples" / "parts" / "pictures"
    pictures.mkdir(parents=True)
    for number in (1, 2, 3):
        shutil.copy(repository / "examples" / "parts" / "pictures" / f"parts-{number:03d}.jpg", pictures)
    save_tiny_model(tmp_path / "quickstart" / "run", ["bolt", "hinge", "washer"])
    monkeypatch.chdir(tmp_path / "examples")
    names: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec(compile("".join(cell["source"]), name, "exec"), names)
    assert len(names["predictions"]) == 3 and len(names["rows"]) == sum(map(len, names["predictions"]))
    assert names["predictions"][0]._repr_jpeg_().startswith(b"\xff\xd8")
    assert names["page"].is_file()
