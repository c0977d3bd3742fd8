"""What every test can ask for."""

from __future__ import annotations

import os
import signal
import tempfile
from pathlib import Path

import pytest

import yolact_kit  # noqa: F401  before any test loads torch: it sets how torch's threads wait

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("YOLACT_KIT_CACHE", tempfile.mkdtemp(prefix="yolact-kit-tests-"))  # the workers inherit it
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and so would commands

REPOSITORY = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout that the tests run in."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data sets that lies beside the checkout; tests that need it skip where it is absent."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder ../shared/data with real data sets is not beside this checkout")
    return folder
