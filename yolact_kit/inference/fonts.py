"""Fonts that have the glyphs of a text, in any script."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font
from PIL import ImageFont

VARIABLE = "YOLACT_KIT_FONT"
"""Environment variable that names the font file to prefer."""

_PREFERRED = (
    "notosanscjk", "notosanskr", "nanumgothic", "nanumbarungothic", "malgun", "applesdgothicneo", "gulim", "batang",
    "sourcehansans", "wqy", "droidsansfallback", "msyh", "simhei", "meiryo", "arialunicode", "noto", "unifont",
)  # fmt: skip


class FontChoice(NamedTuple):
    """The font for some texts.

    Attributes:
        path: The font file.
        missing: Characters that this font lacks, sorted; usually empty.
    """

    path: Path
    missing: str

    @property
    def hint(self) -> str:
        """What to tell the user if characters are missing; empty if none are."""
        if not self.missing:
            return ""
        return (
            f"No font on this machine has the characters '{self.missing[:20]}', so such names are drawn as numbers "
            f"(#1, #2, ...). Install a font such as Noto Sans CJK or Nanum Gothic, or set {VARIABLE} to a font file."
        )

    def class_label(self, name: str, index: int) -> str:
        """A class name as it can be drawn with this font.

        Args:
            name: The class name.
            index: 0-based index of the class.

        Returns:
            The name; ``#1``, ``#2`` and so on if the font lacks one of its characters.

        Example:
            >>> FontChoice(Path("a.ttf"), missing="컵").class_label("컵", 0)
            '#1'
        """
        return f"#{index + 1}" if set(name) & set(self.missing) else name

    def drawable(self, text: str) -> str:
        """A text with a question mark for each character that the font lacks."""
        return "".join("?" if character in self.missing else character for character in text)


def find_font(texts: Iterable[str]) -> FontChoice:
    """A font that has all characters of the texts, or the font that has most of them.

    Args:
        texts: The texts to draw with one font, such as class names.

    Returns:
        The font, and the characters that it lacks.

    Example:
        >>> find_font(["cup 0.87"]).missing
        ''
    """
    characters = frozenset(character for character in "".join(texts) if character.isprintable())
    return _find(characters, os.environ.get(VARIABLE, ""))


@lru_cache(maxsize=64)
def _find(characters: frozenset[str], preferred: str) -> FontChoice:
    """The first font that has all the characters, or else the one that lacks fewest; ``preferred`` is tried first."""
    best: FontChoice | None = None
    for path in ([Path(preferred)] if preferred else []) + _fonts():
        missing = "".join(sorted(characters - _glyphs(path)))
        if best is None or len(missing) < len(best.missing):
            best = FontChoice(path, missing)
        if not missing:
            break
    if best is None:  # pragma: no cover - matplotlib brings a font of its own
        raise FileNotFoundError("There is no font on this machine")
    return best


def _fonts() -> list[Path]:
    """Font files, the one that matplotlib brings first, then the likeliest for other scripts."""
    bundled = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return [bundled, *_system_fonts()]


@lru_cache(maxsize=1)
def _system_fonts() -> tuple[Path, ...]:
    """The font files of the machine, the likeliest to have many scripts first."""
    return tuple(sorted((Path(file) for file in font_manager.findSystemFonts()), key=_rank))


def _rank(path: Path) -> tuple[int, bool, str]:
    """Sort key of a font file: its family's position in `_PREFERRED`, then regular before bold and italic."""
    name = path.stem.casefold().replace(" ", "").replace("-", "")
    position = next((index for index, start in enumerate(_PREFERRED) if start in name), len(_PREFERRED))
    return position, not name.endswith("regular"), name


@lru_cache(maxsize=4096)
def _glyphs(path: Path) -> frozenset[str]:
    """The characters that a font has a glyph for; none if it cannot be read."""
    try:
        return frozenset(map(chr, FT2Font(str(path)).get_charmap()))
    except (RuntimeError, OSError, ValueError, TypeError):  # a bitmap font, or a damaged one
        return frozenset()


@lru_cache(maxsize=64)
def load_font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """Loads a font, which is kept for the next call.

    Args:
        path: The font file.
        size: Size in pixels.

    Returns:
        The font, for Pillow.
    """
    return ImageFont.truetype(str(path), size)
