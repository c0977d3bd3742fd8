"""Mask pictures: finding them, reading them, and learning which colour stands for which class."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from PIL import Image

from yolact_kit.annotations.file_names import comparable
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.annotations.textfiles import read_text
from yolact_kit.errors import UserError
from yolact_kit.pixels.pictures import EXTENSIONS

Colour = tuple[int, ...]
"""What stands for a class: R, G, B; or one number, the index in a palette or the grey value."""

_BACKGROUND: frozenset[Colour] = frozenset({(0,), (0, 0, 0)})
_IGNORED: frozenset[Colour] = frozenset({(255,), (224, 224, 192)})
"""VOC's border between objects: index 255, or the colour that its palette gives it."""

_BACKGROUND_NAMES = {"background", "_background_", "__background__", "bg"}
_SUFFIXES = {".png", ".bmp", ".gif", ".tif", ".tiff"}
_MOST_COLOURS = 64
_INDEXED = {"P", "L", "1"}
"""Modes of pictures whose pixels are one number: a palette's index, a grey value, black or white."""
_LINE = re.compile(
    r"""\s*["']?(?P<name>.+?)["']?\s*[:,;=\s]\s*[\[(]?\s*(?P<r>\d{1,3})\s*[,;\s]\s*(?P<g>\d{1,3})\s*[,;\s]\s*(?P<b>\d{1,3})"""
    r"\s*[\])]?\s*(::?.*)?"
)


@dataclass(slots=True)
class MaskFolder:
    """The mask pictures of a set.

    Attributes:
        kind: ``instance``: a colour an object; ``class``: a colour a class.
        files: Mask picture by the normalised stem of the picture it belongs to; see `mask_of`.
        classes: Where ``kind`` is ``instance``: mask pictures with a colour a class, by stem.
        names: Class name by colour; empty where it has to be found out from boxes. None for background.
    """

    kind: Literal["instance", "class"]
    files: dict[str, Path]
    classes: dict[str, Path] = field(default_factory=dict)
    names: dict[Colour, str | None] = field(default_factory=dict)


@dataclass(slots=True)
class MaskPicture:
    """A mask picture.

    Attributes:
        codes: int32 [height, width]: a number for each colour, 0 for background and for what is to be ignored.
        colours: The colours that a number stands for: R G B, and the palette's index or grey value where it has one.
    """

    codes: NDArray[np.int32]
    colours: dict[int, list[Colour]]

    def name(self, code: int, names: dict[Colour, str | None]) -> str | None:
        """The class that a number stands for.

        Args:
            code: The number.
            names: Class name by colour.

        Returns:
            The class; None if ``names`` does not have its colour.
        """
        return next((names[colour] for colour in self.colours[code] if colour in names), None)


def is_mask_picture(path: Path) -> bool:
    """Whether a file may be a mask picture, by its suffix."""
    return path.suffix.lower() in _SUFFIXES


def mask_files(folder: SourceFolder) -> list[Path]:
    """The mask pictures of a source: those of objects where there are any, else those of classes.

    Args:
        folder: The source.

    Returns:
        The PNG files in the folders that VOC gives its mask pictures, else all files of ``folder.masks``.
    """
    for name in ("SegmentationObject", "SegmentationClass"):
        files = [path for path in folder.candidates if path.suffix.lower() == ".png" and mask_folder(path, name)]
        if files:
            return files
    return folder.under(folder.masks) if folder.masks is not None else []


def find_masks(folder: SourceFolder, stems: set[str], options: ReadOptions) -> MaskFolder | None:
    """Finds the mask pictures of a set.

    Args:
        folder: The source.
        stems: Normalised stems of the annotation files; empty where there are none.
        options: ``masks`` names a folder, where they are not found by themselves.

    Returns:
        The mask pictures; None where there are none.

    Raises:
        UserError: ``options.masks`` is not a folder with pictures, or ``options.colors`` cannot be read.
    """
    files = folder.files
    pictures = list(filter(is_mask_picture, files if options.masks is None else folder.under(options.masks)))
    if options.masks is not None and not pictures:
        raise UserError(f"There are no mask pictures in '{options.masks}'.", "Masks are PNG, BMP, GIF or TIFF files.")
    of_objects, of_classes = _in_folder(pictures, "SegmentationObject"), _in_folder(pictures, "SegmentationClass")
    if of_objects:
        masks = MaskFolder("instance", of_objects, of_classes)
    elif options.masks is not None:
        masks = MaskFolder("class", _by_stem(pictures))
    else:
        masks = MaskFolder("class", of_classes or _guess(pictures, stems & _repeated(files)))
    if not masks.files:
        return None
    masks.names = _names(files, options)
    return masks


def mask_of(masks: dict[str, Path], labels: Path) -> Path | None:
    """The mask picture that belongs to an annotation file.

    Args:
        masks: ``files`` or ``classes`` of a `MaskFolder`.
        labels: The annotation file.

    Returns:
        That of the same folders and name, else that of the same name; None where there is none.
    """
    parts = [comparable(part) for part in labels.with_suffix("").parts]
    names = ("/".join(parts[start:]) for start in range(len(parts)))
    return next((masks[name] for name in names if name in masks), None)


def mask_folder(path: Path, name: str) -> str | None:
    """The folder of mask pictures that a file lies in.

    Args:
        path: The file.
        name: ``SegmentationObject`` or ``SegmentationClass``.

    Returns:
        ``name``, or ``name`` with ``PNG`` after it, as labelme's converter to VOC called it; None where it is in none.
    """
    return next((part for part in path.parts[:-1] if part in (name, f"{name}PNG")), None)


def _in_folder(pictures: list[Path], name: str) -> dict[str, Path]:
    """The pictures in VOC's folder of a name, both by stem and by subfolders and stem."""
    by_stem: dict[str, Path] = {}
    for path in pictures:
        folder = mask_folder(path, name)
        if folder:
            subfolders = path.parts[path.parts.index(folder) + 1 : -1]
            by_stem[_stem(path)] = path
            by_stem["/".join([*map(comparable, subfolders), _stem(path)])] = path
    return by_stem


def _by_stem(pictures: list[Path]) -> dict[str, Path]:
    return {_stem(path): path for path in pictures}


def _stem(path: Path) -> str:
    """The stem of the picture that a mask picture belongs to: ``a`` for ``a_mask.png``."""
    return re.sub(r"[_-](mask|masks|seg|label|gt)$", "", comparable(path.stem))


def _repeated(files: list[Path]) -> set[str]:
    """Stems that several pictures share, as a photo and its mask do."""
    counts = Counter(_stem(path) for path in files if path.suffix.lower() in EXTENSIONS)
    return {stem for stem, count in counts.items() if count > 1}


def _guess(pictures: list[Path], stems: set[str]) -> dict[str, Path]:
    """The pictures in the folder that fits the annotations best and has pictures of few colours, unlike photos."""
    # Masks and photos often differ by their folder only. The masks are in the folder with the most pictures that are
    # named like annotation files and have few colours; three pictures of it tell, since decoding takes time.
    best: dict[str, Path] = {}
    for folder in sorted({path.parent for path in pictures}):
        in_folder = _by_stem([path for path in pictures if path.parent == folder])
        fitting = {stem: path for stem, path in in_folder.items() if stem in stems}
        if len(fitting) > len(best) and all(_has_few_colours(path) for path in list(fitting.values())[:3]):
            best = fitting
    return best


def _has_few_colours(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return image.getcolors(_MOST_COLOURS) is not None
    except Exception:  # Pillow's plugins raise nearly anything on damaged files
        return False


def read_mask(path: Path, names: dict[Colour, str | None], ignore: bool = True) -> MaskPicture:
    """Reads a mask picture: palette, grey or RGB.

    Args:
        path: The picture.
        names: Class name by colour; colours named as background count as background.
        ignore: Whether VOC's border between objects is ignored.

    Returns:
        The mask picture.

    Raises:
        ValueError: It cannot be decoded.
    """
    try:
        with Image.open(path) as image:
            mode = image.mode
            rgb = np.asarray(image.convert("RGB"))
            numbered = image.convert("L") if mode == "1" else image
            indices = np.asarray(numbered) if mode in _INDEXED else None
    except Exception as error:  # Pillow's plugins raise nearly anything on damaged files
        raise ValueError(f"its mask picture '{path.name}' cannot be decoded ({error})") from error
    # Every pixel becomes one number, its index or its R G B packed into one; the distinct numbers are the colours, and
    # code N is the Nth of them, so that a lookup by position can send background and border to 0.
    packed = (rgb.astype(np.int32) * (65536, 256, 1)).sum(axis=2).astype(np.int32)
    numbers = packed if indices is None else indices
    values, first, positions = np.unique(numbers, return_index=True, return_inverse=True)
    colours: dict[int, list[Colour]] = {}
    lookup = np.zeros(len(values), dtype=np.int32)
    is_binary = mode in ("L", "1") and {int(value) for value in values} <= {0, 255}  # 255 is then not a border
    for code, (value, pixel) in enumerate(zip(values, first, strict=True), start=1):
        forms: list[Colour] = [] if indices is None else [(int(value),)]
        forms.append(tuple(int(part) for part in rgb.reshape(-1, 3)[pixel]))
        if not _is_background(forms, names, ignore and not is_binary):
            lookup[code - 1] = code
            colours[code] = forms
    return MaskPicture(lookup[positions.reshape(packed.shape)], colours)


def _is_background(colours: list[Colour], names: dict[Colour, str | None], ignore: bool) -> bool:
    """Whether a colour is background: according to the file of names, or else to VOC's convention."""
    for colour in colours:
        if colour in names:
            return names[colour] is None
    return colours[0] in _BACKGROUND or (ignore and colours[0] in _IGNORED)


def _names(files: list[Path], options: ReadOptions) -> dict[Colour, str | None]:
    """Class name by colour, from the file of ``--colors`` or from one that the exporting program wrote."""
    if options.colors is not None:
        return read_colours(options.colors)
    for path in files:
        if path.name == "labelmap.txt":
            return read_colours(path)
        if path.name == "class_names.txt":
            text = read_text(path, Problems()) or ""
            lines = [line for line in text.split("\n") if line.strip()]
            return {(index,): _name(line) for index, line in enumerate(lines)}
    return {}


def _name(text: str) -> str | None:
    """The name of a class; None if it means background."""
    return None if text.strip().lower() in _BACKGROUND_NAMES else text.strip()


def read_colours(path: Path) -> dict[Colour, str | None]:
    """Reads which colour stands for which class.

    Args:
        path: A file of lines ``name,r,g,b`` or ``name:r,g,b`` (as CVAT's ``labelmap.txt``), or YAML or JSON with
            ``name: [r, g, b]``, ``name: "#rrggbb"`` or ``name: index``.

    Returns:
        Class name by colour; None for background.

    Raises:
        UserError: It cannot be read.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "colors.txt"
        >>> _ = file.write_text("cup,0,0,230", encoding="utf-8")
        >>> read_colours(file)
        {(0, 0, 230): 'cup'}
    """
    problems = Problems()
    text = read_text(path, problems) if path.is_file() else None
    if text is None:
        raise UserError(f"The file of colours '{path}' cannot be read.", "Give lines such as `cup,0,0,230`.")
    names = _colour_lines(text)
    if names is not None:
        return names
    try:
        document = yaml.safe_load(text)
        return {_colour(value): _name(str(name)) for name, value in document.items()}
    except (yaml.YAMLError, AttributeError, ValueError, TypeError) as error:
        raise UserError(
            f"The file of colours '{path}' cannot be understood.", "Give one line per class, such as `cup,0,0,230`."
        ) from error


def _colour_lines(text: str) -> dict[Colour, str | None] | None:
    """Class name by colour from lines such as ``cup,0,0,230``; None if any line is something else."""
    names: dict[Colour, str | None] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            return None
        names[int(match["r"]), int(match["g"]), int(match["b"])] = _name(match["name"])
    return names or None


def _colour(value: Any) -> Colour:
    """A colour as YAML has it: ``"#rrggbb"``, a list of R, G and B, or one number.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(value, str):
        digits = re.fullmatch(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", value.strip())
        if digits is None:
            raise ValueError(value)
        return tuple(int(part, 16) for part in digits.groups())
    colour = tuple(int(part) for part in value) if isinstance(value, list) else (int(value),)
    if len(colour) not in (1, 3) or not all(0 <= part <= 255 for part in colour):
        raise ValueError(value)
    return colour
