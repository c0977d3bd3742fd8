from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from yolact_kit.inference.downloads import fetch_picture, is_address, name_of_address
from yolact_kit.inference.sources import SourcePicture, find_pictures, read_pictures
from yolact_kit.pixels.pictures import PictureError


class Handler(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A web server on this machine with a picture, a text and a large file."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    Image.new("RGB", (8, 6), (200, 10, 10)).save(tmp_path / "컵 1.png")
    (tmp_path / "page.html").write_text("<html>no picture</html>", encoding="utf-8")
    (tmp_path / "large.png").write_bytes(bytes(5000))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_pictures_from_the_network_are_sources(site: str) -> None:
    pictures = find_pictures([f"{site}/컵 1.png", f"{site}/page.html", f"{site}/missing.png"])
    assert [picture.name for picture in pictures] == ["컵 1.png", "page.html", "missing.png"]
    problems: list[str] = []

    def note(_: SourcePicture, error: PictureError) -> None:
        problems.append(error.message)

    [(name, pixels)] = read_pictures(pictures, note)
    assert (name, pixels.shape, pixels[0, 0].tolist()) == ("컵 1.png", (6, 8, 3), [200, 10, 10])
    assert len(problems) == 2
    assert f"'{site}/page.html' is not a picture" in problems[0]
    assert "could not be fetched (404 File not found)" in problems[1]


def test_large_files_are_refused(site: str) -> None:
    assert Image.open(io.BytesIO(fetch_picture(f"{site}/컵 1.png"))).size == (8, 6)
    with pytest.raises(PictureError, match="more than 0 MB"):
        fetch_picture(f"{site}/large.png", max_bytes=4999)


def test_without_a_network_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with pytest.raises(PictureError, match="could not be fetched") as raised:
        fetch_picture("http://127.0.0.1:9/a.png")
    assert "network" in raised.value.advice


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://example.org/a/b.jpg?x=1#y", "b.jpg"),
        ("https://example.org/%EC%BB%B5.png", "컵.png"),
        ("https://example.org/", "example.org"),
        ("https://example.org/a%2F..%2Fb.png", "b.png"),
    ],
)
def test_names_of_addresses(address: str, name: str) -> None:
    assert name_of_address(address) == name


@pytest.mark.parametrize("source", ["file:///etc/passwd", "ftp://example.org/a.png", "C:/a.png", "https://", "a.png"])
def test_other_sources_are_no_addresses(source: str) -> None:
    assert not is_address(source)
