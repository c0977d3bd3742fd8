"""What a source holds besides its labelled pictures is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.annotations.making import codes, labelled, labelme_document, picture, read, shape
from tests.unreadable import make_unreadable
from yolact_kit.annotations.problems import Problem
from yolact_kit.errors import UserError
from yolact_kit.pixels.formats import EXTENSIONS


def _named(problems: list[Problem]) -> dict[str, str]:
    return {problem.file: f"{problem.severity} {problem.code}" for problem in problems}


@pytest.mark.parametrize("where", ["in", "pictures"])
def test_files_that_are_passed_over(tmp_path: Path, where: str) -> None:
    labelled(tmp_path / "in", "a", [shape()])
    folder = tmp_path / where / "더"
    folder.mkdir(parents=True)
    for name in ("1.HEIC", "2.nef", "3.psd", "4.pdf", "5.mp4", "6.xyz"):
        (folder / name).write_bytes(b"x")
    (folder / "lost.jpg").symlink_to("nowhere.jpg")
    result = read(tmp_path / "in", pictures=None if where == "in" else tmp_path / where)
    start = "더/" if where == "in" else f"{folder.as_posix()}/"
    assert _named(result.problems) == {
        f"{start}lost.jpg": "W link-lost",
        f"{start}1.HEIC": "W picture-unread",
        f"{start}2.nef": "W picture-unread",
        f"{start}3.psd": "W picture-unread",
        f"{start}4.pdf": "W picture-unread",
        f"{start}5.mp4": "W video-passed-over",
    }
    assert result.left_out == 0


@pytest.mark.parametrize("reference", ["b.heic", "../in/b.heic", "C:\\photos\\b.heic", "b.HEIC"])
def test_a_labelled_picture_of_such_a_format_is_an_error(tmp_path: Path, reference: str) -> None:
    labelled(tmp_path / "in", "a", [shape()])
    document = labelme_document(reference, [shape()])
    (tmp_path / "in" / "b.json").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "in" / "b.heic").write_bytes(b"x")
    result = read(tmp_path / "in")
    assert codes(result) == ["E picture-unread-format"]
    assert "'b.heic', HEIC," in result.problems[0].message


def test_a_picture_that_was_saved_in_another_format_stands_in(tmp_path: Path) -> None:
    picture(tmp_path / "b.jpg")
    (tmp_path / "b.HEIC").write_bytes(b"x")
    (tmp_path / "b.json").write_text(json.dumps(labelme_document("b.HEIC", [shape()])), encoding="utf-8")
    result = read(tmp_path)
    assert [item.picture.file for item in result.labelled] == ["b.jpg"]
    assert sorted(codes(result)) == ["F picture-name-differs", "W picture-unread"]


@pytest.mark.parametrize("how", ["listing", "opening"])
def test_a_folder_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    labelled(tmp_path, "a", [shape()])
    labelled(tmp_path / "locked", "b", [shape()])
    make_unreadable(tmp_path / "locked", monkeypatch, how)
    assert _named(read(tmp_path).problems) == {"locked": "E folder-unreadable"}
    with pytest.raises(UserError, match="cannot be read"):
        read(tmp_path / "locked")


@pytest.mark.parametrize("suffix", [".tif", ".gif", ".webp", ".png"])
def test_further_pages_and_frames(tmp_path: Path, suffix: str) -> None:
    labelled(tmp_path, "a", [shape()])
    first, second = (Image.new("RGB", (60, 40), colour) for colour in ("red", "blue"))
    first.save(tmp_path / f"b{suffix}", save_all=True, append_images=[second])
    (tmp_path / "b.json").write_text(json.dumps(labelme_document(f"b{suffix}", [shape()])), encoding="utf-8")
    assert "W picture-frames" in codes(read(tmp_path))


@pytest.mark.parametrize("suffix", sorted(EXTENSIONS))
def test_pictures_of_every_format_are_found(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"a{suffix}").write_bytes(picture(tmp_path / "a.png").read_bytes())
    (tmp_path / "a.png").unlink(missing_ok=suffix == ".png") if suffix != ".png" else None
    (tmp_path / "a.json").write_text(json.dumps(labelme_document("", [shape()])), encoding="utf-8")
    assert [item.picture.file for item in read(tmp_path).labelled] == [f"a{suffix}"]
