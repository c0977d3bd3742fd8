"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with what it counts.

    Args:
        number: How many there are.
        singular: The word for one of them.
        plural: The word for several; by default the singular with an s.

    Returns:
        The number and the right form of the word.

    Example:
        >>> counted(1, "sheet"), counted(0, "sheet"), counted(2, "class", "classes")
        ('1 sheet', '0 sheets', '2 classes')
    """
    word = singular if number == 1 else plural or f"{singular}s"
    return f"{number} {word}"
