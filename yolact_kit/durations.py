"""Lengths of time as people write them: 90s, 4m, 1h30m."""

from __future__ import annotations

import re

from yolact_kit.errors import UserError

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?", re.ASCII)


def parse_duration(text: str) -> float:
    """Reads a length of time.

    Args:
        text: Hours, minutes and seconds, in this order, such as ``90s``, ``4m``, ``1.5h`` or ``1h30m``; capitals and
            spaces between them are allowed.

    Returns:
        Seconds, above 0.

    Raises:
        UserError: ``text`` is not a length of time, or is zero.

    Example:
        >>> parse_duration("1h30m")
        5400.0
    """
    match = _DURATION.fullmatch("".join(text.split()).lower())
    seconds = 0.0
    if match:
        hours, minutes, rest = (float(part or 0) for part in match.groups())
        seconds = 3600 * hours + 60 * minutes + rest
    if seconds <= 0:
        raise UserError(f"'{text}' is not a length of time.", "Write it as 90s, 4m or 1h30m.")
    return seconds


def format_duration(seconds: float) -> str:
    """Writes a length of time so that `parse_duration` reads it, rounded to whole seconds.

    Args:
        seconds: Seconds, at least 0.

    Returns:
        Text such as ``45s``, ``4m``, ``4m10s`` or ``1h30m``.

    Example:
        >>> format_duration(5400)
        '1h30m'
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{value}{unit}" for value, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if value]
    return "".join(parts) or "0s"
