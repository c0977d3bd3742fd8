"""Errors that a user can correct, and the exit codes of the command line."""

from __future__ import annotations

EXIT_DONE = 0
EXIT_PROBLEMS = 1
"""Done, but something was left out or found wrong."""
EXIT_USAGE = 2
"""The input or the call is wrong and nothing was written."""
EXIT_FAULT = 70
"""An unexpected error: a fault of the program (sysexits' EX_SOFTWARE)."""
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
"""The reader of the output has ended, as in ``yolact-kit validate DATA --json | head``."""


class UserError(Exception):
    """Something that the user gave is wrong; nothing was written.

    The command line prints the message and the advice without a traceback and exits with code 2.

    Args:
        message: What is wrong, and where: one sentence, naming the file, key or value.
        advice: What to do about it; empty if the message is enough.

    Example:
        >>> str(UserError("The folder 'pictures' does not exist.", advice="Check the spelling."))
        "The folder 'pictures' does not exist."
    """

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        if advice and hasattr(self, "add_note"):  # from Python 3.11 on: tracebacks and notebooks show it
            self.add_note(advice)
