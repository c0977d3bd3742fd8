"""Numbers as they stand in sentences."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number with what it counts.

    Args:
        number: How many there are.
        one: The word for one of them.
        many: The word for several; with an s by default.

    Returns:
        The number and the word that goes with it.

    Example:
        >>> counted(1, "sheet"), counted(0, "sheet"), counted(2, "class", "classes")
        ('1 sheet', '0 sheets', '2 classes')
    """
    return f"{number} {one if number == 1 else many or f'{one}s'}"
