"""The notebooks run from their first cell to their last."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.tiny_model import save_tiny_model


def run_cells(notebook: Path, names: dict[str, Any], after: dict[str, Any]) -> None:
    """Runs the code of a notebook in ``names``; each name in ``after`` is set after the cell that sets it."""
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            exec(compile("".join(cell["source"]), notebook.stem, "exec"), names)
            names.update((name, value) for name, value in after.items() if name in names)


def test_the_notebook_on_predictions_runs(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = tmp_path / "examples" / "parts" / "pictures"
    pictures.mkdir(parents=True)
    for number in (1, 2, 3):
        shutil.copy(repository / "examples" / "parts" / "pictures" / f"parts-{number:03d}.jpg", pictures)
    save_tiny_model(tmp_path / "quickstart" / "run", ["bolt", "hinge", "washer"])
    monkeypatch.chdir(tmp_path / "examples")
    names: dict[str, Any] = {}
    run_cells(repository / "examples" / "predictions.ipynb", names, {})
    assert len(names["predictions"]) == 3 and len(names["rows"]) == sum(map(len, names["predictions"]))
    assert names["predictions"][0]._repr_jpeg_().startswith(b"\xff\xd8")
    assert names["page"].is_file()


@pytest.mark.slow
def test_the_notebook_of_the_whole_way_runs(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    photos = repository / "examples" / "parts" / "pictures"
    run_cells(repository / "examples" / "whole_way.ipynb", names, {"photos": photos, "time": "20s"})
    assert names["model"].training.steps > 0
    assert len(names["predictions"]) == len(names["data"].splits["test"]) == 9
    assert names["evaluation"]._repr_html_().startswith("<table>")
    assert names["page"].is_file()
