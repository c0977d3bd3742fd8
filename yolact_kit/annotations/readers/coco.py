"""Reading COCO's files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import yaml

from yolact_kit.annotations.entries import entry_id, picture_name
from yolact_kit.annotations.json_files import read_json
from yolact_kit.annotations.options import ReadOptions
from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.coco_file.areas import AreaOfObject, check_areas, stated_area
from yolact_kit.annotations.readers.coco_file.categories import Categories, note_differences, read_categories
from yolact_kit.annotations.readers.coco_file.segmentation import segmentation_parts
from yolact_kit.annotations.readers.coco_file.tasks import leave_out_other_tasks
from yolact_kit.annotations.readers.contract import FolderSign, Jobs, LabelFormat, ReadContext
from yolact_kit.annotations.readers.foreign import foreign_format
from yolact_kit.annotations.readers.jobs import Pending, match_job, splits_by_name
from yolact_kit.annotations.readers.picture_folders import PictureFolders
from yolact_kit.annotations.readers.yolo_sets import describes_set
from yolact_kit.annotations.source import LabelFiles, RawObject, RawPart, RawPicture
from yolact_kit.annotations.source_folder import SourceFolder
from yolact_kit.errors import UserError
from yolact_kit.shapes.rings import GeometryError, rectangle_ring, to_points
from yolact_kit.words import counted

_DESCRIPTION = "dataset.yaml"
"""The file that describes a folder that ``convert`` wrote."""


class CocoFormat(LabelFormat):
    """COCO's JSON, one file for all pictures or for those of a split; and the folders that ``convert`` writes."""

    name = "coco"
    title = "COCO"
    suffixes = (".json",)
    sign = "JSON files with 'images' and 'annotations'"
    lists_pictures = True

    def recognises(self, text: str) -> bool:
        """See `LabelFormat.recognises`."""
        lists = re.findall(r'"(images|annotations)"\s*:\s*\[', text)
        return "images" in lists or (bool(lists) and foreign_format(text) is None)

    def folder_sign(self, folder: SourceFolder) -> FolderSign:
        """See `LabelFormat.folder_sign`."""
        is_ours = folder.has(_DESCRIPTION) and not describes_set(folder.root / _DESCRIPTION)
        return FolderSign.DESCRIPTION if is_ours else FolderSign.NONE

    def label_files(self, folder: SourceFolder, kinds: Mapping[Path, str]) -> LabelFiles:
        """See `LabelFormat.label_files`."""
        labels = super().label_files(folder, kinds)
        if folder.has(_DESCRIPTION):
            labels.why = _DESCRIPTION
        return labels

    def jobs(self, context: ReadContext) -> Jobs:
        """See `LabelFormat.jobs`."""
        if leave_out_other_tasks(context):
            context.labels.why = self.evidence(context.labels.files)
        splits, order = _own_splits(context)
        documents: list[tuple[CocoFile, str]] = []
        for path in context.labels.files if splits is None else list(splits):
            problems = Problems(context.folder.name(path))
            document = read_coco(path, context.options, problems)
            context.problems.found += problems.found
            if document is not None:
                documents.append((document, splits[path] if splits else ""))
        files = [document for document, _ in documents]
        note_differences([(context.folder.name(file.path), file.categories) for file in files], context.problems)
        items: list[Pending] = []
        folders = PictureFolders(context)
        for document, split in documents:
            folders.resolve(document.path, [raw for raw, _ in document.pictures])
            for raw, problems in document.pictures:
                raw.split = split
                items.append((raw, problems))
        classes = [*order, *_other_classes(files, order, context.problems)]
        return Jobs(partial(match_job, index=context.index, options=context.options), items, classes)


FORMAT = CocoFormat()


def _own_splits(context: ReadContext) -> tuple[dict[Path, str] | None, list[str]]:
    """The split of each file, from ``dataset.yaml`` or from the file names, and the classes in their order."""
    description = context.folder.root / _DESCRIPTION
    if description.is_file():
        return _described_splits(description)
    return splits_by_name(context), []


def _described_splits(description: Path) -> tuple[dict[Path, str], list[str]]:
    """The splits and the classes that ``dataset.yaml`` names."""
    try:
        document = yaml.safe_load(description.read_text(encoding="utf-8"))
        splits = {description.parent / split["annotations"]: str(name) for name, split in document["splits"].items()}
        return splits, [str(name) for name in document["classes"]]
    except (yaml.YAMLError, KeyError, TypeError, AttributeError, UnicodeDecodeError) as error:
        raise UserError(f"'{description}' is damaged: {error}.", "Convert the labels again.") from error


def _other_classes(documents: list[CocoFile], order: list[str], problems: Problems) -> list[str]:
    """The classes that ``order`` lacks, alphabetically, without those that are a group in every file with them."""
    classes = []
    listed = [document.categories for document in documents]
    for name in sorted({name for categories in listed for name in categories.classes}):
        if all(name in categories.groups for categories in listed if name in categories.classes):
            problems.add("category-group", f"The category '{name}' only names a group of others: it has no object.")
        elif name not in order:
            classes.append(name)
    return classes


@dataclass(slots=True)
class CocoFile:
    """What one COCO file says.

    Attributes:
        path: The file.
        pictures: Its pictures, each with the problems that were found in it so far.
        categories: Its categories.
    """

    path: Path
    pictures: list[tuple[RawPicture, Problems]]
    categories: Categories


def read_coco(path: Path, options: ReadOptions, problems: Problems) -> CocoFile | None:
    """Reads a COCO file.

    Args:
        path: The file.
        options: How labels are read.
        problems: Where problems of the file as a whole are added.

    Returns:
        Its pictures; None with a problem if it cannot be read or is not COCO's.
    """
    document = read_json(path, problems)
    if document is None:
        return None
    if not isinstance(document, dict) or not ({"images", "annotations"} & document.keys()):
        problems.add("file-not-annotation", "It is JSON, but has no 'images' and 'annotations', so it is not COCO.")
        return None
    if not _has_objects(document.get("annotations"), "categories" in document):
        problems.add(
            "file-not-annotation",
            "Its annotations are not objects but, for example, captions or panoptic segments. COCO's panopticapi turns "
            "the latter into objects (panoptic2detection_coco_format.py); if all are of one class, --masks DIR "
            "--classes NAME reads the folder of their PNG files.",
        )
        return None
    for key in ("images", "annotations", "categories"):
        if not isinstance(document.get(key), list):
            problems.add("file-malformed", f"It has no list '{key}'.")
            return None
    reader = _Reader(path, options, problems, document)
    return reader.read()


def _has_objects(annotations: Any, categories: bool) -> bool:
    """Whether annotations describe objects; also true if there are no annotations."""
    entries = [item for item in annotations if isinstance(item, dict)] if isinstance(annotations, list) else []
    if categories:
        return not entries or not all(item.keys() & {"caption", "segments_info"} for item in entries)
    return not entries or any("category_id" in item for item in entries)


class _Reader:
    """Reads one document: first categories and pictures, then the objects, which refer to both by id."""

    def __init__(self, path: Path, options: ReadOptions, problems: Problems, document: dict[str, Any]) -> None:
        self.path, self.options, self.problems, self.document = path, options, problems, document
        self.by_id: dict[str, tuple[RawPicture, Problems]] = {}
        self.categories = Categories({})
        self.by_reference: dict[str, tuple[RawPicture, Problems]] = {}
        self.by_name = self.by_picture_name = self.by_other_key = 0
        self.areas: list[AreaOfObject] = []
        self.cvat = _is_cvat(document)

    def read(self) -> CocoFile | None:
        """Reads everything; None with a problem if the categories are unusable."""
        self.categories = read_categories(self.document["categories"], self.document["annotations"], self.problems)
        if self.problems.failed:
            return None
        self._images()
        ids: Counter[str] = Counter()
        for number, annotation in enumerate(self.document["annotations"], start=1):
            ids[entry_id(annotation.get("id")) if isinstance(annotation, dict) else ""] += 1
            self._annotation(number, annotation)
        check_areas(self.areas, self.problems)
        repeated = sum(count - 1 for count in ids.values())
        if repeated:
            self.problems.add(
                "annotation-ids", f"{repeated} annotation ids are missing or repeated; all are renumbered."
            )
        self._report_counts()
        return CocoFile(self.path, list(self.by_id.values()), self.categories)

    def _report_counts(self) -> None:
        """Reports what is the same for many pictures or objects of the file once, with their number."""
        for code, (count, noun, what) in {
            "category-by-name": (self.by_name, "annotation", "with the name of a category in place of its id"),
            "image-by-name": (self.by_picture_name, "annotation", "with the name of a picture in place of its id"),
            "picture-by-other-key": (self.by_other_key, "picture", "without file_name, named by a path or an address"),
        }.items():
            if count:
                self.problems.add(code, f"There {'is' if count == 1 else 'are'} {counted(count, noun)} {what}.")

    def _images(self) -> None:
        """Reads the pictures by id."""
        # An id that comes again with the same content is a copy, which is ignored. With other content it is unclear
        # which picture the annotations of that id belong to: the picture is left out.
        copies: Counter[str] = Counter()
        conflicts: dict[str, None] = {}
        for number, image in enumerate(self.document["images"], start=1):
            subject = f"image {number}"
            reference = picture_name(image) if isinstance(image, dict) else ""
            if not reference or image.get("id") is None:
                self.problems.add("file-malformed", "It has no id or no file_name.", subject)
                continue
            self.by_other_key += not image.get("file_name")
            key, picture = entry_id(image["id"]), self._picture(image, reference)
            if key not in self.by_id:
                self.by_id[key] = (picture, Problems(self.problems.file))
            elif picture == self.by_id[key][0]:
                copies[key] += 1
            else:
                conflicts[key] = None
        self.by_reference = {entry[0].reference: entry for entry in self.by_id.values()}
        for key in conflicts:
            picture, problems = self.by_id[key]
            problems.add(
                "image-id-repeated", f"The id {key} of '{picture.reference}' belongs to another picture as well."
            )
        for key in (key for key in copies if key not in conflicts):
            picture, problems = self.by_id[key]
            count = copies[key] + 1
            problems.add("image-repeated", f"'{picture.reference}' is listed {count} times with the id {key}.")

    def _picture(self, image: dict[str, Any], reference: str) -> RawPicture:
        """One entry of the list of pictures, without its objects."""
        width, height = _side(image.get("width")), _side(image.get("height"))
        return RawPicture(
            source=self.path,
            reference=reference,
            stem=PurePosixPath(reference.replace("\\", "/")).stem,
            size=(width, height) if width and height else None,
            upright=self.cvat,
            extra=image["labelme"] if isinstance(image.get("labelme"), dict) else {},
        )

    def _entry(self, image: Any) -> tuple[RawPicture, Problems] | None:
        """The picture with an id; some programs write its name instead of the id."""
        entry = self.by_id.get(entry_id(image))
        if entry is None and isinstance(image, str):
            entry = self.by_reference.get(image)
            self.by_picture_name += entry is not None
        return entry

    def _annotation(self, number: int, annotation: Any) -> None:
        """Adds one annotation to its picture, or a problem to the picture or the file."""
        subject = f"annotation {number}"
        if not isinstance(annotation, dict):
            self.problems.add("file-malformed", "It is not an annotation.", subject)
            return
        if annotation.get("id") is not None:
            subject = f"annotation {annotation['id']}"
        entry = self._entry(annotation.get("image_id"))
        if entry is None:
            self.problems.add("image-unknown", f"Its image_id {annotation.get('image_id')} is not listed.", subject)
            return
        picture, problems = entry
        label, is_name = self.categories.name_of(annotation)
        self.by_name += is_name
        if label is None:
            problems.add("category-unknown", f"Its category_id {annotation.get('category_id')} is not listed.", subject)
            return
        subject = f"{subject} ({label})"
        try:
            raw = self._object(subject, label, annotation, picture, problems)
        except GeometryError as error:
            problems.add(error.code, str(error), subject)
            return
        if raw is not None:
            picture.objects.append(raw)
            if not raw.crowd:
                self.areas.append(AreaOfObject(raw, picture.size, id(picture), problems))

    def _object(
        self, name: str, label: str, annotation: dict[str, Any], picture: RawPicture, problems: Problems
    ) -> RawObject | None:
        """One annotation as an object; None with a problem if it has no usable mask."""
        segmentation = annotation.get("segmentation")
        crowd = str(annotation.get("iscrowd", 0)) in ("1", "True")
        earlier, box = len(problems.found), _box(annotation.get("bbox"))
        parts = segmentation_parts(name, segmentation, picture.size, problems, box)
        if isinstance(segmentation, dict) and crowd and self.cvat:
            problems.add("crowd-as-object", "It is marked as a crowd, as CVAT marks every brush mask.", name)
            crowd = False
        if not parts:
            if len(problems.found) > earlier:
                return None
            if not (self.options.box_as_mask and box):
                problems.add("segmentation-missing", "It has no mask.", name)
                return None
            parts = [RawPart(name, ring=rectangle_ring(to_points(list(box)).reshape(2, 2)))]
        _check_box(name, annotation.get("bbox"), box, parts, problems)
        extra = annotation["labelme"] if isinstance(annotation.get("labelme"), dict) else {}
        return RawObject(name, label, parts, crowd, box, extra, stated_area(annotation.get("area")))


def _side(value: Any) -> int | None:
    try:
        side = int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
    return side if side > 0 else None


def _is_cvat(document: dict[str, Any]) -> bool:
    """Whether CVAT wrote the file: it leaves this empty licence in each."""
    return document.get("licenses") == [{"name": "", "id": 0, "url": ""}]


def _box(values: Any) -> tuple[float, float, float, float] | None:
    """COCO's x y width height as corners; None if it is missing or invalid."""
    try:
        (x, y), (width, height) = to_points(values)
    except (GeometryError, ValueError):
        return None
    return (float(x), float(y), float(x + width), float(y + height)) if width > 0 and height > 0 else None


def _check_box(
    name: str, value: Any, box: tuple[float, float, float, float] | None, parts: list[RawPart], problems: Problems
) -> None:
    """Reports an invalid box, or one that does not fit the polygons; boxes are always recomputed from the masks."""
    rings = [part.ring for part in parts if part.ring is not None and len(part.ring)]
    if value in (None, []) or not rings:
        return
    points = np.concatenate(rings)
    # A box may differ by 2 px, or by 5 % of the object's extent: programs round, and count pixels from 0 or from 1.
    if box is None:
        problems.add("box-recomputed", f"Its box {_box_text(value)} is not a box.", name)
    elif np.abs(np.concatenate([points.min(axis=0), points.max(axis=0)]) - box).max() > 2 + 0.05 * np.ptp(points):
        problems.add("box-recomputed", f"Its box {_box_text(value)} does not fit its mask.", name)


def _box_text(box: Any) -> str:
    """A box as text: four rounded numbers, or the beginning of whatever is there instead."""
    plain = isinstance(box, list) and len(box) == 4 and all(isinstance(side, int | float) for side in box)
    return f"[{', '.join(f'{side:.6g}' for side in box)}]" if plain else str(box)[:60]
