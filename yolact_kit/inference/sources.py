"""Where pictures to predict on come from: files, folders, globs, lists, videos, cameras, addresses, standard input."""

from __future__ import annotations

import glob
import os
import re
import sys
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from itertools import groupby, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.textfiles import decode, read_text
from yolact_kit.errors import UserError
from yolact_kit.inference.downloads import fetch_picture, is_address, name_of_address
from yolact_kit.inference.pipeline import in_order
from yolact_kit.inference.videos import Frame, count_frames, read_frames
from yolact_kit.listing import Listing, list_folder
from yolact_kit.pixels.depth import DepthRule
from yolact_kit.pixels.formats import EXTENSIONS, VIDEO_EXTENSIONS, is_picture, is_video, unread_format
from yolact_kit.pixels.pictures import UNREAD_ADVICE, PictureError, inspect_picture, read_picture, read_values
from yolact_kit.words import counted

if TYPE_CHECKING:
    from yolact_kit.inference.depth import CallDepth

_KINDS = (
    "a picture, a folder, a glob in quotes, a list of pictures (.txt), a video, a camera's number, an address, "
    "or - for standard input"
)
_PIPED = "stdin"
_MAX_PIPED = 512 * 2**20
_DECODERS = 2


class SourcePicture(NamedTuple):
    """A picture to predict on, a video or camera whose frames are, or one of these frames.

    Attributes:
        name: Its path relative to the source that it was found under, with forward slashes; unique in its list.
        path: The file; only its name if it is not on disk.
        address: The address that it is fetched from, "" for none.
        content: The file itself, if it came through standard input.
        camera: The number of the camera that it comes from, -1 for none.
        frame: Which frame of the video or camera it is, None for none.
    """

    name: str
    path: Path
    address: str = ""
    content: bytes = b""
    camera: int = -1
    frame: Frame | None = None

    @property
    def on_disk(self) -> bool:
        """Whether it is a file on this machine."""
        return not self.address and not self.content and self.camera < 0 and self.frame is None

    @property
    def moves(self) -> bool:
        """Whether it is a video or a camera as a whole."""
        return self.frame is None and (self.camera >= 0 or (self.on_disk and is_video(self.path)))

    @property
    def origin(self) -> str:
        """What distinguishes it from other pictures of the same name."""
        if self.content:
            return f"{_PIPED}:{zlib.crc32(self.content):08x}"
        whole = self.address or os.path.abspath(self.path)  # noqa: PTH100 - resolving links takes long on shares
        return whole if self.frame is None else f"{whole}#{self.frame.number}"

    def frames(self, every: int = 1) -> Generator[tuple[SourcePicture, NDArray[np.uint8]]]:
        """The frames of a video or camera with their pixels, as `read_frames` gives them."""
        for frame, pixels in read_frames(self.camera if self.camera >= 0 else self.path, every):
            yield self._replace(name=f"{self.name}/{frame.number:06d}.jpg", frame=frame), pixels

    def read(self, depth: DepthRule | None = None) -> NDArray[np.uint8]:
        """The picture.

        Args:
            depth: The range by which values of more than 8 bits become 8-bit, see `read_picture`.

        Returns:
            uint8 [H, W, 3], red, green, blue, upright.

        Raises:
            PictureError: It cannot be fetched, read or decoded.
        """
        if self.on_disk:
            return read_picture(self.path, depth=depth)
        content = self.content or fetch_picture(self.address)
        try:
            return read_picture(content, depth=depth)
        except PictureError as error:
            what = error.message.replace("The embedded picture", f"The picture '{self.address or 'standard input'}'")
            raise PictureError(what, error.advice, error.code) from error


Read = tuple[SourcePicture, NDArray[np.uint8]]
"""A picture and its pixels, uint8 [H, W, 3], red, green, blue, upright."""


def find_pictures(sources: str | Path | Sequence[str | Path]) -> list[SourcePicture]:
    """The pictures that sources hold.

    Args:
        sources: One source or several: a picture, a folder (its pictures and videos, subfolders included), a glob such
            as ``in/**/*.jpg``, a ``.txt`` with one source per line (relative to its own folder, or to the current
            one), a video, the number of a camera, an address that begins with http, or ``-``: standard input, which
            holds either one picture file or such a list.

    Returns:
        The pictures, each once, in the order of the sources and by name within one; a video is one of them. Pictures
        that a list names are included even if they are missing, so that the others can be used; addresses are not
        fetched yet.

    Raises:
        UserError: A source does not exist, or holds no picture.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "컵.jpg").touch()
        >>> [picture.name for picture in find_pictures(folder)]
        ['컵.jpg']
    """
    expanded = list(_expanded([sources] if isinstance(sources, str | Path) else sources))
    if not expanded:
        raise UserError("There is nothing to predict on.", f"Give {_KINDS}.")
    base = _common_folder([source for source in expanded if isinstance(source, Path) and not source.is_dir()])
    pictures: dict[str, SourcePicture] = {}
    names: set[str] = set()
    for number, source in enumerate(expanded, start=1):
        for picture in _find(source, base):
            if picture.origin in pictures:
                continue
            # Two folders may hold pictures of the same name: the second one gets the number of its source in front.
            name = picture.name if picture.name.casefold() not in names else f"{number}/{picture.name}"
            pictures[picture.origin] = picture._replace(name=name)
            names.add(name.casefold())
    return list(pictures.values())


def _expanded(sources: Iterable[str | Path]) -> Iterator[Path | str | bytes]:
    """Replaces lists by their entries; yields a path for what is on disk, bytes for a piped picture, else the text."""
    for source in sources:
        if source == "-":
            yield from _piped()
        elif Path(source).suffix.lower() == ".txt" and Path(source).is_file():
            text = read_text(Path(source), Problems()) or ""
            yield from _list_entries(text, Path(source).parent, f"The list '{source}'")
        else:
            yield Path(source) if _exists(source) else str(source)


def _piped() -> Iterator[Path | str | bytes]:
    """What came through standard input: a picture as a whole, or the sources of a list."""
    if sys.stdin.isatty():
        raise UserError(
            "'-' is standard input, and nothing is piped into it.", "Give a file, or `... | yolact-kit predict`."
        )
    content = sys.stdin.buffer.read(_MAX_PIPED + 1)
    if len(content) > _MAX_PIPED:
        raise UserError(f"More than {_MAX_PIPED >> 20} MB came through '-'.", "Write it to a file, and give that.")
    try:
        inspect_picture(content, max_pixels=sys.maxsize)
    except PictureError:
        text = decode(content)
        if text is None or "\0" in text[0]:
            raise UserError(
                "What came through '-' is neither a picture nor a list of pictures.", f"Give {_KINDS}."
            ) from None
        yield from _list_entries(text[0], Path(), "What came through '-'")
    else:
        yield content


def _list_entries(text: str, folder: Path, what: str) -> Iterator[Path | str]:
    """The sources that a list names, one a line; comments begin with #. ``what`` names the list in messages."""
    lines = [line.strip().strip("\"'") for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise UserError(f"{what} names no picture.", "Write one path per line into it.")
    for line in lines:
        beside = folder / line
        if is_address(line):
            yield line
        elif _exists(beside):
            yield beside
        elif _exists(line) or not glob.has_magic(line):
            yield Path(line)
        else:
            yield str(beside)


def _exists(source: str | Path) -> bool:
    """Whether a source is a file or folder on this machine."""
    try:
        return Path(source).exists()
    except (OSError, ValueError):  # the name is too long, or has characters that no file name can have
        return False


def _find(source: Path | str | bytes, base: Path) -> list[SourcePicture]:
    """The pictures of one source."""
    if isinstance(source, bytes):
        return [SourcePicture(_PIPED, Path(_PIPED), content=source)]
    if isinstance(source, str):
        if is_address(source):
            name = name_of_address(source)
            return [SourcePicture(name, Path(name), address=source)]
        if re.fullmatch(r"\d{1,3}", source):
            return [SourcePicture(f"camera-{source}", Path(f"camera-{source}"), camera=int(source))]
        return [SourcePicture(name, path) for path, name in _find_glob(source)]
    if source.is_dir():
        listing = list_folder(source)
        if source in listing.unreadable:
            raise UserError(f"The folder '{source}' cannot be read.", "Give yourself the right to read it.")
        files = sorted(file for file in listing.files if _is_source(file.relative_to(source), file))
        if not files:
            raise _no_picture(source, listing)
        return [SourcePicture(file.relative_to(source).as_posix(), file) for file in files]
    return [SourcePicture(source.resolve().relative_to(base).as_posix(), source)]


def _alike(path: Path) -> str:
    """A sentence that names the files with the name of a missing one and another suffix; empty without any."""
    if not path.parent.is_dir():
        return ""
    stem = path.stem.casefold()
    names = sorted(file.name for file in path.parent.iterdir() if file.stem.casefold() == stem and file.is_file())
    return f"There is {' and '.join(repr(name) for name in names[:3])}. " if names else ""


def _no_picture(folder: Path, listing: Listing) -> UserError:
    """The error for a folder without anything that can be read; names what it has instead."""
    unread = [path for path in listing.files if unread_format(path)]
    if unread:
        what = f"{counted(len(unread), 'file is of a format', 'files are of formats')} that cannot be read, such as"
        message = f"The folder '{folder}' holds no picture that can be read; {what} '{unread[0].name}'."
        return UserError(message, UNREAD_ADVICE)
    known = f"Pictures end in {', '.join(sorted(EXTENSIONS))}; videos in {', '.join(sorted(VIDEO_EXTENSIONS))}."
    return UserError(f"The folder '{folder}' holds no picture and no video.", known)


def _find_glob(pattern: str) -> list[tuple[Path, str]]:
    """The pictures and videos that match a glob, each with its name: the path below the pattern's fixed folder."""
    if "://" in pattern:
        raise UserError(f"'{pattern}' is not an address that can be read.", "Addresses begin with http:// or https://.")
    if not glob.has_magic(pattern):
        raise UserError(f"'{pattern}' does not exist.", f"{_alike(Path(pattern))}Check the spelling: give {_KINDS}.")
    fixed = Path(re.split(r"[*?\[]", pattern)[0] + "x").parent
    files = sorted(Path(file) for file in glob.glob(pattern, recursive=True))  # noqa: PTH207 - takes absolute patterns
    # A link to a folder around it lets "**" find everything again and again: a file counts under its shortest path.
    shortest: dict[tuple[str, str], Path] = {}
    for file in sorted(files, key=lambda file: len(file.parts)):
        shortest.setdefault((os.path.realpath(file.parent), file.name), file)
    matches = sorted(file for file in shortest.values() if _is_source(file.relative_to(fixed), file))
    if not matches:
        raise UserError(f"No picture or video matches '{pattern}'.", "Check the pattern; put it in quotes.")
    return [(file, file.relative_to(fixed).as_posix()) for file in matches]


def _is_source(below: Path, file: Path) -> bool:
    """Whether a file is a picture or a video by its name, and not hidden."""
    hidden = any(part.startswith(".") for part in below.parts)
    try:
        return not hidden and (is_picture(file) or is_video(file)) and file.is_file()
    except PermissionError:
        return False


def _common_folder(files: Sequence[Path]) -> Path:
    """The deepest folder that contains all files."""
    try:
        return Path(os.path.commonpath([file.resolve().parent for file in files])) if files else Path()
    except ValueError as error:
        raise UserError("The pictures lie on several drives.", "Predict on each drive separately.") from error


def read_pictures(
    pictures: Iterable[SourcePicture],
    on_problem: Callable[[SourcePicture, PictureError], None],
    ahead: int = 8,
    depth: CallDepth | None = None,
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Reads pictures in separate threads, so that decoding and predicting run at the same time.

    Args:
        pictures: The pictures.
        on_problem: Called with each picture that cannot be read; it is left out.
        ahead: At most this many decoded pictures wait.
        depth: The range by which values of more than 8 bits become 8-bit; None for that of each picture.

    Yields:
        Name and pixels uint8 [H, W, 3], red, green, blue, upright, in the order given; of a video, each frame.
    """
    return ((picture.name, pixels) for picture, pixels in decoded(pictures, on_problem, ahead, depth=depth))


def decoded(
    pictures: Iterable[SourcePicture],
    on_problem: Callable[[SourcePicture, PictureError], None],
    ahead: int = 8,
    every: int = 1,
    depth: CallDepth | None = None,
) -> Iterator[tuple[SourcePicture, NDArray[np.uint8]]]:
    """Reads pictures as `read_pictures` does, and gives the pictures themselves instead of their names.

    Args:
        pictures: The pictures.
        on_problem: Called with each picture that cannot be read; it is left out.
        ahead: At most this many decoded pictures wait.
        every: Of a video, only every Nth frame is read.
        depth: As in `read_pictures`.

    Yields:
        Each picture and its pixels, uint8 [H, W, 3], red, green, blue, upright, in the order given.
    """
    for moving, group in groupby(pictures, lambda picture: picture.moves):
        stills = in_order(group, lambda still: (still, still.read(depth)), ahead, _DECODERS)
        for picture, result in _frames(group, ahead, every) if moving else stills:
            try:
                read = result.result()
            except PictureError as error:
                # Its traceback keeps the data of the picture alive, and there may be many of them.
                on_problem(picture, PictureError(error.message, error.advice, error.code))
            else:
                if depth is not None:
                    depth.report()
                yield read


def deep_values_of(pictures: Iterable[SourcePicture]) -> Iterator[NDArray[Any]]:
    """The values of pictures with more than 8 bits a channel.

    Args:
        pictures: Pictures of any kind; those at addresses are not fetched for this.

    Yields:
        [H, W] or [H, W, 3] of each that can be read.
    """
    for picture in pictures:
        if picture.moves or picture.frame is not None or picture.address:
            continue
        with suppress(PictureError):  # it will be reported when it is read
            file = picture.content or picture.path
            if inspect_picture(file).deep:
                yield read_values(file)


def _frames(videos: Iterable[SourcePicture], ahead: int, every: int) -> Iterator[tuple[SourcePicture, Future[Read]]]:
    """The frames of videos, decoded in a separate thread; a problem with a video follows its last frame."""
    for video in videos:
        # Frames of a camera are used right away: frames that wait are late.
        room = ahead if video.camera < 0 else 1
        with closing(video.frames(every)) as frames, closing(in_order(repeat(frames), _next_frame, room)) as reading:
            for _, result in reading:
                if result.exception() is None and result.result() is None:
                    break
                yield video, cast("Future[Read]", result)


def _next_frame(frames: Iterator[Read]) -> Read | None:
    """The next frame; None after the last one, since a StopIteration cannot pass through a future."""
    return next(frames, None)


def count_pictures(pictures: Iterable[SourcePicture], every: int = 1) -> int | None:
    """How many pictures there are, including the frames of videos.

    Args:
        pictures: The pictures and videos.
        every: Of a video, only every Nth frame counts.

    Returns:
        Their number, by the videos' headers; None if it is unknown, as for a camera.
    """
    total = 0
    for picture in pictures:
        if picture.camera >= 0:
            return None
        with suppress(PictureError):  # it will be reported when it is read
            total += count_frames(picture.path, every) if picture.moves else 1
    return total
