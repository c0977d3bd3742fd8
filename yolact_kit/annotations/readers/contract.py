"""What every format of labels defines. Each format is one file in this folder and one line of `registry`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, ClassVar

from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.picture_index import PictureIndex
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.registry import FormatName
from yolact_kit.annotations.source import LabelFiles, PictureResult
from yolact_kit.annotations.source_folder import SourceFolder


class FolderSign(IntEnum):
    """How strongly a folder points to a format, apart from the content of its annotation files; the greatest wins."""

    NONE = 0
    PICTURES = 1
    """There are pictures that can be labels themselves; this counts only if there is no annotation file."""
    LAYOUT = 2
    """The files are laid out as in this format; this counts only if the content of no file is recognised."""
    DESCRIPTION = 3
    """A file describes the folder as one of this format; this decides."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """The pictures to read, and how; both can be sent to other processes.

    Attributes:
        read: Reads a picture with its labels.
        items: What ``read`` is given for each picture.
        classes: Classes that the files list; None if they do not.
    """

    read: Callable[[Any], PictureResult]
    items: list[Any]
    classes: list[str] | None = None


@dataclass(frozen=True, slots=True)
class ReadContext:
    """Everything that a format needs to read a source.

    Attributes:
        labels: The annotation files.
        folder: The source.
        index: The pictures that may be used.
        options: How labels are read.
        problems: Where problems of no picture are added.
    """

    labels: LabelFiles
    folder: SourceFolder
    index: PictureIndex
    options: ReadOptions
    problems: Problems


class LabelFormat(ABC):
    """A format of labels.

    Attributes:
        name: Its name on the command line.
        title: What people call it.
        suffixes: Suffixes of its annotation files, in lower case.
        sign: How its files are recognised, for people: "XML files with '<annotation>'".
        lists_pictures: Whether one file lists many pictures. If so, several files may be the splits of a set, and the
            objects of a picture that several files list are combined. Otherwise every picture has its own file.
        boxes_only: The message if the labels are boxes without outlines ...
        boxes_advice: ... and its advice.
    """

    name: ClassVar[FormatName]
    title: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    sign: ClassVar[str]
    lists_pictures: ClassVar[bool] = False
    boxes_only: ClassVar[str] = "The labels are boxes only: there is nothing to learn masks from."
    boxes_advice: ClassVar[str] = "Take boxes as masks with --box-as-mask; the model then learns rectangles."

    @abstractmethod
    def recognises(self, text: str) -> bool:
        """Whether a file is of this format.

        Args:
            text: The beginning of a file with one of the format's suffixes; at least its first 4096 bytes.
        """

    @abstractmethod
    def jobs(self, context: ReadContext) -> Jobs:
        """Prepares reading: one job per picture.

        The usual way: each file becomes `RawPicture` objects (`yolact_kit.annotations.source`), each with the
        `Problems` of its own picture; `yolact_kit.annotations.readers.jobs` has `read_each` for formats with one file
        per picture and `picture_jobs` for formats whose files list many. `yolact_kit.annotations.matching.match` then
        finds the picture and turns the shapes into instances. Problems of no picture go to ``context.problems``; those
        of a picture must not, since they would be counted twice.

        Raises:
            UserError: Nothing can be read: for example, the names of the classes are missing.
        """

    def folder_sign(self, folder: SourceFolder) -> FolderSign:
        """How strongly a folder points to this format, apart from the content of its annotation files."""
        return FolderSign.NONE

    def is_certain(self, folder: SourceFolder, files: list[Path]) -> bool:
        """Whether files that look like this format are labels even beside labels of another format."""
        return True

    def label_files(self, folder: SourceFolder, kinds: Mapping[Path, str]) -> LabelFiles:
        """The annotation files of this format, and those that only look like them.

        Args:
            folder: The source.
            kinds: What `yolact_kit.annotations.sniffing.sniff` says of each file that may be an annotation file.
        """
        files: list[Path] = []
        others: list[Path] = []
        for path, kind in kinds.items():
            if path.suffix.lower() in self.suffixes:
                (files if kind in (self.name, "broken") else others).append(path)
        return LabelFiles(self.name, files, others, why=self.evidence(files))

    def evidence(self, files: list[Path]) -> str:
        """Why a source is taken for this format, for people; empty if no file is of it."""
        return f"{len(files)} {self.sign}, such as '{files[0].name}'" if files else ""
