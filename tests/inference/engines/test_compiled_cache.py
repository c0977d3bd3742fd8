from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from yolact_kit.inference.engines.compiled_cache import CompiledCache, cache_folder, file_checksum

WRITER = """
import sys
from pathlib import Path
from yolact_kit.inference.engines.compiled_cache import CompiledCache
cache = CompiledCache(Path(sys.argv[1]))
for turn in range(200):
    cache.write("key", sys.argv[2].encode() * 20000)
    content = cache.read("key")
    assert content is not None and len(content) == 20000 and len(set(content)) == 1, "torn"
"""


def test_content_is_kept_under_its_key(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path / "캐시")
    assert cache.read("a") is None
    cache.write("a", b"one")
    cache.write("b", b"two")
    assert (cache.read("a"), cache.read("b")) == (b"one", b"two")
    assert CompiledCache(tmp_path / "캐시").read("a") == b"one"


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_torn_file_counts_as_missing(damage: bytes | None, tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path)
    cache.write("a", b"content of some length")
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1] if damage is None else damage)
    assert cache.read("a") is None
    cache.write("a", b"new")
    assert cache.read("a") == b"new"


def test_what_was_not_used_for_long_goes_first(tmp_path: Path) -> None:
    cache = CompiledCache(tmp_path, limit=2500)
    for age, key in enumerate("abc"):
        cache.write(key, key.encode() * 1000)
        for file in tmp_path.iterdir():
            status = file.stat()
            os.utime(file, (status.st_atime - 10, status.st_mtime - 10 * (age + 1)))
        if key == "b":
            assert cache.read("a") is not None  # used again: b is now the older one
    assert (cache.read("a") is None, cache.read("b"), cache.read("c") is None) == (False, None, False)


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    cache = CompiledCache(tmp_path / "file" / "below")
    cache.write("a", b"content")
    assert cache.read("a") is None


def test_two_processes_at_once_never_read_half_a_file(tmp_path: Path) -> None:
    words = [sys.executable, "-c", WRITER, str(tmp_path)]
    processes = [subprocess.Popen([*words, letter], stderr=subprocess.PIPE) for letter in "xy"]
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors


def test_the_folder_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YOLACT_KIT_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("YOLACT_KIT_CACHE")
    assert cache_folder().name == "yolact-kit"


def test_the_checksum_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_checksum(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
