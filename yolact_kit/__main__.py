"""The program ``yolact-kit``, also as ``python -m yolact_kit``."""

from __future__ import annotations

import sys

from yolact_kit.errors import EXIT_INTERRUPTED


def main() -> None:
    """Runs the command line; an interrupt while its first modules are still being loaded ends it without a traceback.

    Raises:
        SystemExit: With one of the exit codes in `yolact_kit.errors`.
    """
    try:
        from yolact_kit.cli.app import main as run
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
