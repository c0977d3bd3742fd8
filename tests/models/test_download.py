from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from tests.models.checkpoints import empty_state
from yolact_kit.errors import UserError
from yolact_kit.models.download import CHECKSUM, address, cached_file, published_weights

NAME = "yolact_base"


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, as the real site does where a test says so.

    Attributes:
        cut: Bytes by which a file is announced as longer than it is, as a connection that breaks leaves it.
        checksum: Sent as the file's.
        moved: Whether the file is found by a redirection, which then has the checksum.
    """

    cut = 0
    checksum = ""
    moved = False

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        if self.moved and not self.path.endswith("?kept"):
            self.send_response(302)
            self.send_header("Location", self.path + "?kept")
            self.send_header(CHECKSUM, self.checksum)
            self.end_headers()
        else:
            super().do_GET()

    def send_header(self, keyword: str, value: str) -> None:
        super().send_header(keyword, str(int(value) + self.cut) if keyword == "Content-Length" else value)

    def end_headers(self) -> None:
        if self.checksum and not self.moved:
            super().send_header(CHECKSUM, self.checksum)
        super().end_headers()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that lies on the web where Hugging Face would be, and a cache of its own."""
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "캐시"))
    yield folder
    server.shutdown()
    server.server_close()


def published(site: Path, name: str) -> Path:
    """Where a model's file has to lie in the folder of the web site."""
    file = site / address(name).split("/", 3)[3]
    file.parent.mkdir(parents=True)
    return file


def left_over(name: str) -> list[Path]:
    folder = cached_file(name).parent
    return list(folder.iterdir()) if folder.is_dir() else []


def test_the_address_is_the_authors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    assert address("yolact_plus_resnet50") == (
        "https://huggingface.co/dbolya/yolact-plus-resnet50/resolve/main/yolact_plus_resnet50_54_800000.pth"
    )


def test_weights_are_downloaded_once_and_kept(site: Path, tmp_path: Path, shared_data: Path) -> None:
    source = published(site, NAME)
    torch.save(empty_state(shared_data.parent / "reference", NAME), source)
    shown: list[tuple[str, int | None]] = []

    def track(chunks: Iterator[bytes], description: str, total: int | None) -> Iterator[bytes]:
        shown.append((description, total))
        yield from chunks

    file = published_weights(f"coco:{NAME}", track)
    assert file == tmp_path / "캐시" / "hub" / "checkpoints" / "yolact_base_54_800000.pth"
    assert file.read_bytes() == source.read_bytes()
    assert len(shown) == 1 and "yolact_base" in shown[0][0] and shown[0][1] == 1
    source.unlink()
    assert published_weights(f"coco:{NAME}") == file
    assert left_over(NAME) == [file]


def test_what_is_not_whole_is_not_kept(site: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(empty_state(shared_data.parent / "reference", NAME), published(site, NAME))
    monkeypatch.setattr(_Quiet, "cut", 1000)
    with pytest.raises(UserError, match="could not be downloaded"):
        published_weights(f"coco:{NAME}")
    assert left_over(NAME) == []


def test_other_content_is_not_kept(site: Path, shared_data: Path) -> None:
    file = published(site, NAME)
    torch.save(empty_state(shared_data.parent / "reference", "yolact_resnet50"), file)
    other = file.read_bytes()
    for content, problem in ((b"<html>Sign in</html>", "cannot be read"), (other, "does not hold the weights of")):
        file.write_bytes(content)
        with pytest.raises(UserError, match=problem):
            published_weights(f"coco:{NAME}")
        assert left_over(NAME) == []


@pytest.mark.parametrize("moved", [False, True])
def test_a_wrong_checksum_is_told(site: Path, monkeypatch: pytest.MonkeyPatch, moved: bool) -> None:
    """As the site announces it itself, with the file or with the way to where the file is kept."""
    published(site, NAME).write_bytes(b"something")
    monkeypatch.setattr(_Quiet, "checksum", '"' + "0" * 64 + '"')
    monkeypatch.setattr(_Quiet, "moved", moved)
    with pytest.raises(UserError, match="checksum"):
        published_weights(f"coco:{NAME}")
    assert left_over(NAME) == []


def test_a_right_checksum_is_taken(site: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = published(site, NAME)
    torch.save(empty_state(shared_data.parent / "reference", NAME), source)
    monkeypatch.setattr(_Quiet, "checksum", hashlib.sha256(source.read_bytes()).hexdigest())
    monkeypatch.setattr(_Quiet, "moved", True)
    assert published_weights(f"coco:{NAME}").read_bytes() == source.read_bytes()


def test_without_the_file_or_a_network_it_is_said_how_to_go_on(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="404") as caught:
        published_weights(f"coco:{NAME}")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(UserError, match=r"127\.0\.0\.1:9/dbolya/yolact-base/") as caught:
        published_weights(f"coco:{NAME}")
    assert str(cached_file(NAME)) in caught.value.advice
    assert "--weights none" in caught.value.advice


@pytest.mark.parametrize(("name", "hint"), [("yolact_resnet5", "coco:yolact_resnet50"), ("yolact_im400", "There are:")])
def test_unknown_names_get_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UserError, match="no published weights") as caught:
        published_weights(f"coco:{name}")
    assert hint in caught.value.advice
