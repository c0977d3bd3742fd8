"""What a format brings along to be recognised and read. Each is one file in this folder, listed in `registry`."""

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
    """What a folder says of a format beyond the content of its annotation files; a greater sign wins."""

    NONE = 0
    PICTURES = 1
    """Pictures alone hold labels, which counts where no annotation file does."""
    LAYOUT = 2
    """Files lie where those of the format lie, which counts where no content is recognised."""
    DESCRIPTION = 3
    """A file describes the folder as one of this format, which settles it."""


@dataclass(frozen=True, slots=True)
class Jobs:
    """The pictures that are to be read, and how; other processes can be given both.

    Attributes:
        read: Reads a picture with its labels.
        items: What ``read`` is given for each picture.
        classes: Classes that the files list, None where they do not.
    """

    read: Callable[[Any], PictureResult]
    items: list[Any]
    classes: list[str] | None = None


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What a format is given to read a source.

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
        lists_pictures: Whether a file lists many pictures. The objects of a picture that several files list are put
            together, and the files may be the splits. Otherwise a file has the labels of one picture.
        boxes_only: What is said of labels that are boxes without outlines ...
        boxes_advice: ... and what to do about them.
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
        """What has to be read: a job a picture.

        Raises:
            UserError: Nothing can be read: names of classes are missing, say.
        """

    def folder_sign(self, folder: SourceFolder) -> FolderSign:
        """What a folder says of this format, whatever is in its annotation files."""
        return FolderSign.NONE

    def is_certain(self, folder: SourceFolder, files: list[Path]) -> bool:
        """Whether files that look like those of this format are, even beside files of another one."""
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
        """Which files are of this format, for people; empty where none is."""
        return f"{len(files)} {self.sign}, such as '{files[0].name}'" if files else ""
