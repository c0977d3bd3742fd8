"""What a file is, by its beginning."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.annotations.making import labelled, shape
from yolact_kit.annotations.sniffing import sniff


def test_a_labelme_file_and_a_missing_one(tmp_path: Path) -> None:
    assert sniff(labelled(tmp_path, "a", [shape()])) == "labelme"
    assert sniff(tmp_path / "missing.json") == "broken"


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("a.json", '{"a": [', "broken"),
        ("a.json", '{"a": []}', "other"),
        ("a.xml", "\n", "broken"),
        ("a.xml", "no element", "broken"),
        ("a.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]><annotation/>", "broken"),
        ("a.xml", "<svg/>", "other"),
        ("a.txt", "", "other"),
        ("a.json", '{"imageData": "' + "A" * 100_000 + '", "shapes": []}', "labelme"),
    ],
    ids=range(8),
)
def test_other_files(tmp_path: Path, name: str, text: str, kind: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert sniff(tmp_path / name) == kind
