"""``python -m yolact_kit``: the same program as ``yolact-kit``."""

from __future__ import annotations

from yolact_kit.cli.app import main

if __name__ == "__main__":
    main()
