"""Every kind of problem that reading labels can find: its code, its severity, and what the user can do about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from yolact_kit.annotations.problems import Problem, Severity


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem.

    Attributes:
        severity: How grave it is.
        title: What it is, for a line that counts such problems.
        advice: What to do about it.
    """

    severity: Severity
    title: str
    advice: str = ""


_REMOVE = "Label the picture again, or remove the file."
_REDRAW = "Draw the object again."

KINDS: dict[str, Kind] = {
    # Files and encoding
    "file-empty": Kind("E", "empty annotation files", _REMOVE),
    "file-unreadable": Kind("E", "annotation files that cannot be read", _REMOVE),
    "file-encoding-unknown": Kind("E", "annotation files of an unknown encoding", "Save the file as UTF-8."),
    "file-not-utf8": Kind("F", "annotation files that are not plain UTF-8, read anyway", "Save them as UTF-8."),
    "file-not-annotation": Kind("S", "files that are not annotations"),
    "xml-forbidden": Kind("E", "XML files with entities, which could do harm", "Remove the <!DOCTYPE> of the file."),
    "file-malformed": Kind("E", "annotation files that lack something necessary",
                           "Mend the file, or export the labels again."),
    # Pictures
    "picture-missing": Kind("E", "pictures that are missing", "Put the picture beside its labels, give its folder with "
                            "--pictures, or leave such pictures out with --skip-missing."),
    "picture-skipped": Kind("S", "labels left out because their picture is missing"),
    "picture-ambiguous": Kind("E", "labels that fit several pictures", "Give the right folder with --pictures."),
    "picture-labelled-twice": Kind("E", "pictures with two annotation files", "Keep one of the files."),
    "picture-undecodable": Kind("E", "pictures that are damaged", "Copy the picture again from its source."),
    "picture-too-large": Kind("E", "pictures with too many pixels", "Make it smaller, or raise --max-pixels."),
    "picture-by-stem": Kind("F", "labels that name a picture other than the one with their own name, which is used"),
    "picture-name-differs": Kind("F", "pictures whose name differs in case or extension from what the labels say"),
    "picture-embedded": Kind("F", "pictures taken from inside their labels because their own file is missing"),
    "picture-embedded-bad": Kind("E", "labels whose embedded picture cannot be decoded", _REMOVE),
    "picture-embedded-differs": Kind("W", "labels whose embedded picture differs from the file", "Check that the "
                                     "labels fit the picture file: that one is used."),
    "picture-suffix": Kind("F", "pictures whose extension is not that of their content", "Rename them."),
    "picture-mode": Kind("F", "pictures that were turned into 8-bit RGB"),
    "picture-16-bit": Kind("W", "pictures with 16 bits per channel, scaled to 8", "Check that they are bright enough."),
    "picture-rotated": Kind("F", "pictures that were turned upright as their EXIF says"),
    "picture-as-stored": Kind("W", "pictures whose EXIF orientation the labels ignore; used as stored", "Look at "
                              "them with `yolact-kit preview`."),
    "picture-orientation": Kind("E", "pictures whose size does not fit the labels in any orientation", "Label it "
                                "again, or scale the labels with --rescale."),
    "picture-size": Kind("E", "pictures of another size than their labels say", "Use the picture that was labelled, "
                         "or scale the labels with --rescale."),
    "picture-rescaled": Kind("F", "pictures whose labels were scaled to their size"),
    "leakage": Kind("W", "pictures that are the same, or nearly, in two splits", "Keep them in one split with --split "
                    "group --group-by REGEX, or remove one."),
    # Shapes and labels
    "shape-malformed": Kind("E", "objects that are malformed", _REDRAW),
    "shape-type-skipped": Kind("S", "shapes that enclose no area, or are of an unknown type", "Draw lines and points "
                               "as areas with --line-width."),
    "circle-zero": Kind("S", "circles without a radius"),
    "mask-bad": Kind("E", "mask shapes that cannot be decoded", _REDRAW),
    "group-labels-differ": Kind("W", "groups of shapes with different labels, treated as separate objects",
                                "Give the shapes of one object the same label."),
    "label-empty": Kind("S", "shapes without a label, or with one that says 'no object'"),
    "label-undecodable": Kind("E", "labels with broken characters", "Type the label again."),
    "label-not-in-classes": Kind("S", "objects whose label is not among the given classes",
                                 "Add the class, or merge it into another with --map."),
    "map-unused": Kind("W", "labels in the file of --map that no object has", "Check their spelling."),
    "label-dropped": Kind("S", "objects whose label --map drops"),
    "labels-alike": Kind("W", "labels that differ only by case, space or Unicode form",
                         "Merge them with --map FILE."),
    "labels-numbered": Kind("W", "labels that look like numbered objects of one class",
                            "Merge them with --map FILE; objects need no numbers."),
    # Geometry
    "points-too-few": Kind("S", "polygons with fewer than 3 points"),
    "area-zero": Kind("S", "objects without an area"),
    "coordinates-not-finite": Kind("E", "objects with coordinates that are not numbers", _REDRAW),
    "coordinates-odd": Kind("E", "objects with an odd number of coordinates", _REDRAW),
    "coordinates-normalised": Kind("E", "objects with all coordinates between 0 and 1, probably shares of the size",
                                   "Export the labels in pixels."),
    "clipped": Kind("F", "objects that were clipped to the picture"),
    "outside": Kind("S", "objects wholly outside of the picture"),
    "self-intersecting": Kind("W", "polygons whose outline crosses itself", "Draw them again, or mend them with "
                              "--repair."),
    "repaired": Kind("F", "polygons whose outline crossed itself, mended"),
    "duplicate": Kind("F", "objects that were labelled twice"),
    # COCO
    "image-unknown": Kind("E", "annotations of a picture that is not listed", "Remove them, or list the picture."),
    "image-id-repeated": Kind("E", "picture ids that belong to several pictures", "Give each picture its own id."),
    "image-listed-twice": Kind("W", "pictures that are listed twice; their objects are combined"),
    "category-unknown": Kind("E", "annotations of a category that is not listed", "Add the category, or remove them."),
    "annotation-ids": Kind("F", "annotation ids that were repeated or missing, now renumbered"),
    "segmentation-missing": Kind("S", "annotations without a mask", "Use their boxes as masks with --box-as-mask."),
    "segmentation-flat": Kind("F", "polygons that were not in a list of polygons"),
    "rle-malformed": Kind("E", "masks whose run lengths are broken, or of another size than the picture",
                          "Export the labels again."),
    "box-recomputed": Kind("F", "boxes that were wrong, recomputed from the mask"),
    "crowd-as-object": Kind("F", "brush masks that CVAT marks as crowds, treated as objects"),
    "name-of-class-repeated": Kind("W", "categories of the same name, treated as one"),
    "category-group": Kind("F", "categories that are groups of others, left out", "To keep them as classes, list all "
                           "classes with --classes."),
    # VOC
    "box-reversed": Kind("F", "boxes with their corners reversed"),
    "mask-missing": Kind("E", "objects without a mask", "Draw it, or use boxes as masks with --box-as-mask."),
    "mask-without-box": Kind("W", "regions of a mask picture that no object of the XML file claims, left out"),
    "mask-size": Kind("E", "mask pictures of another size than the picture", "Export the masks again."),
    "mask-colour-unknown": Kind("E", "colours in a mask picture that stand for no class",
                                "Name every colour with --colors FILE."),
    "mask-touching": Kind("W", "objects of one class that touch in a mask picture, told apart by their boxes"),
    "difficult-dropped": Kind("S", "objects marked as difficult"),
    # CVAT
    "track-outside": Kind("S", "tracks whose object is out of the picture in some frames, left out there"),
    # YOLO
    "shares-too-large": Kind("E", "rows whose coordinates are not shares of the picture, probably pixels",
                             "Divide x by the width and y by the height of the picture."),
    "split-missing": Kind("W", "splits whose folder or list of pictures is missing", "Mend the paths in data.yaml."),
    "split-repeated": Kind("W", "splits that name the folder of another one; its pictures stay in that other one",
                           "Give each split pictures of its own in data.yaml."),
    "split-partial": Kind("W", "pictures that are in none of the source's splits; they were divided among the splits"),
    # Writing
    "crowd-not-written": Kind("W", "pictures with crowds, which the format cannot store; the crowds were left out"),
    "holes-not-written": Kind("W", "objects with holes, which the format cannot store; the holes were filled"),
    "mask-picture-full": Kind("W", "pictures with more objects than mask pictures can tell apart; the others are in "
                              "the XML only"),
    "picture-renamed": Kind("F", "pictures that were renamed, because another picture has their name"),
    # The whole set
    "no-objects": Kind("W", "sets without any object: there is nothing to learn", "See above what was skipped and why, "
                       "or label some objects."),
    "class-without-training": Kind("W", "classes without an object in the training split",
                                   "Label more pictures of the class, or convert with another --seed."),
    "split-too-small": Kind("W", "splits that stay empty, because there are too few pictures"),
    "keep-impossible": Kind("W", "pictures that were copied although --images keep was given",
                            "They lie in one folder, which the labels fit."),
}  # fmt: skip
"""Every kind of problem by its code."""


@dataclass(slots=True)
class Problems:
    """Collects problems; each is made from its kind.

    Attributes:
        file: The file that problems are added for, as the user would name it.
        found: The problems.

    Example:
        >>> problems = Problems("a.json")
        >>> problems.add("clipped", "It reaches 3 px beyond the picture.", "shape 1 (nut)")
        >>> problems.found[0].severity
        'F'
    """

    file: str = ""
    found: list[Problem] = field(default_factory=list)

    def add(self, code: str, message: str, subject: str = "") -> None:
        """Adds a problem.

        Args:
            code: A key of `KINDS`.
            message: What is wrong: one sentence.
            subject: The object that it is about; empty for the whole file.
        """
        kind = KINDS[code]
        self.found.append(
            Problem(
                severity=kind.severity, code=code, file=self.file, object=subject, message=message, advice=kind.advice
            )
        )

    @property
    def failed(self) -> bool:
        """Whether one of the problems is an error."""
        return any(problem.severity == "E" for problem in self.found)
