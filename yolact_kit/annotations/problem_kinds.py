"""Every kind of problem that reading labels or checking a data set can find: its code, its severity, and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field

from yolact_kit.annotations.problems import Problem, Severity


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem.

    Attributes:
        severity: How grave it is.
        title: What it is, in the plural, for a line that counts such problems.
        advice: What to do about it.
        dataset_advice: What to do about it in a data set folder, if that differs: ``convert`` has no options to try
            there.
    """

    severity: Severity
    title: str
    advice: str = ""
    dataset_advice: str = ""


_REMOVE = "Label the picture again, or remove the file."
_REDRAW = "Draw the object again."
_CONVERT_AGAIN = "Write the data set again with `yolact-kit convert`, or mend the file by hand."
_OBJECT_LEFT_OUT = f"The object is left out. {_CONVERT_AGAIN}"
_ONE_SPLIT = (
    "Scores on pictures that training has seen mean nothing. Convert again and keep such pictures in one split "
    "(`--split group --group-by`), or delete one of them."
)
_LABEL_MORE = "Convert again with `--split stratified`, or label more."
_MORE_ANCHORS = "Train at a larger `model.input_size`, or add scales and ratios to `model.anchors`."
_ONE_CLASS = "Keep the right one: an object that is two classes at once teaches neither."

PROBLEM_KINDS: dict[str, ProblemKind] = {
    # Files and encoding
    "file-empty": ProblemKind("E", "empty annotation files", _REMOVE),
    "file-unreadable": ProblemKind("E", "annotation files that cannot be read",
        _REMOVE, dataset_advice="Write the data set again with `yolact-kit convert`."),
    "file-encoding-unknown": ProblemKind("E", "annotation files of an unknown encoding", "Save the file as UTF-8."),
    "file-not-utf8": ProblemKind("F", "annotation files that are not plain UTF-8, read anyway", "Save them as UTF-8."),
    "folder-unreadable": ProblemKind("E", "folders that cannot be read",
        "Give yourself the right to read them, or take them out of the source."),
    "link-lost": ProblemKind("W", "links that lead nowhere", "Copy what they led to, or remove them."),
    "file-not-annotation": ProblemKind("S", "files that are not annotations"),
    "xml-forbidden": ProblemKind("E", "XML files with entities, which could do harm",
        "Remove the <!DOCTYPE> of the file."),
    "file-malformed": ProblemKind("E", "annotation files that lack something necessary",
        "Mend the file, or export the labels again.", dataset_advice=f"The picture is left out. {_CONVERT_AGAIN}"),
    # Pictures
    "picture-missing": ProblemKind("E", "pictures that are missing",
        "Put the picture beside its labels, give its folder with --pictures, or leave such pictures out with "
        "--skip-missing. A picture of that name in another folder is used if nothing speaks against it.",
        dataset_advice="Put the picture back, or convert again without it."),
    "picture-skipped": ProblemKind("S", "labels left out because their picture is missing"),
    "picture-ambiguous": ProblemKind("E", "labels that fit several pictures", "Give the right folder with --pictures."),
    "picture-of-several": ProblemKind("W", "labels that fit several pictures of the same name",
        "If the other one was labelled, some program wrote one file for both: export the labels again."),
    "picture-labelled-twice": ProblemKind("E", "pictures with two annotation files", "Keep one of the files."),
    "picture-undecodable": ProblemKind("E", "pictures that are damaged",
        "Copy the picture again from its source.",
        dataset_advice="Replace the picture by a good copy, or remove it and its labels."),
    "picture-too-large": ProblemKind("E", "pictures with too many pixels", "Make it smaller, or raise --max-pixels."),
    "picture-by-stem": ProblemKind(
        "F", "labels that name a picture other than the one with their own name, which is used"),
    "picture-name-differs": ProblemKind(
        "F", "pictures whose name differs in case, extension or encoding from what the labels say"),
    "picture-elsewhere": ProblemKind("F", "pictures that are not where their labels say, and were found by their names",
        "Check that they are the right ones. Where --pictures names their folder, nothing is searched."),
    "picture-embedded": ProblemKind("F", "pictures taken from inside their labels because their own file is missing"),
    "picture-embedded-bad": ProblemKind("E", "labels whose embedded picture cannot be decoded", _REMOVE),
    "picture-embedded-differs": ProblemKind("W", "labels whose embedded picture differs from the file",
        "Check that the labels fit the picture file: that one is used."),
    "picture-unread-format": ProblemKind("E", "labelled pictures of formats that are not read",
        "Save them as JPEG or PNG in the same size, with the same names otherwise."),
    "picture-unread": ProblemKind("W", "files passed over, of formats that hold pictures but are not read",
        "If you need them, save them as JPEG or PNG."),
    "video-passed-over": ProblemKind("W", "videos passed over", "Take pictures out of them, for example with ffmpeg."),
    "picture-frames": ProblemKind("W", "pictures with several pages or frames, of which the first is used",
        "Save those that are labelled as files of their own."),
    "picture-suffix": ProblemKind("F", "pictures whose extension is not that of their content", "Rename them."),
    "picture-mode": ProblemKind("F", "pictures that were turned into 8-bit RGB"),
    "picture-16-bit": ProblemKind("W", "pictures with more than 8 bits a channel, scaled to 8 by one range of values",
        "Look at them with `yolact-kit preview`. --depth-range LOW,HIGH sets another range; `predict` uses the same."),
    "depth-few-greys": ProblemKind("W", "ranges of values in which some pictures are nearly of one grey",
        "Convert pictures of unlike cameras separately, or give --depth-range LOW,HIGH."),
    "depth-mixed": ProblemKind("W", "sets in which only some pictures have more than 8 bits a channel",
        "Look with `yolact-kit preview` whether both kinds look alike; --depth-range LOW,HIGH changes the deep ones."),
    "depth-differs": ProblemKind("W", "data sets that were scaled to 8 bits by different ranges of values",
        "Equal greys mean different values in them. Convert the original pictures together instead."),
    "picture-rotated": ProblemKind("F", "pictures that were turned upright as their EXIF says"),
    "picture-as-stored": ProblemKind("W", "pictures whose EXIF orientation the labels ignore; used as stored",
        "Look at them with `yolact-kit preview`."),
    "picture-orientation": ProblemKind("E", "pictures whose size does not fit the labels in any orientation",
        "Label it again, or scale the labels with --rescale."),
    "picture-size": ProblemKind("E", "pictures of another size than their labels say",
        "Use the picture that was labelled, or scale the labels with --rescale.",
        dataset_advice="The labels belong to a picture of another size. Restore the right one."),
    "picture-rescaled": ProblemKind("F", "pictures whose labels were scaled to their size"),
    "leakage": ProblemKind("W", "pictures that are the same, or nearly, in two splits",
        "Keep them in one split with --split group --group-by REGEX, or remove one.", dataset_advice=_ONE_SPLIT),
    # Shapes and labels
    "shape-malformed": ProblemKind("E", "objects that are malformed", _REDRAW, dataset_advice=_OBJECT_LEFT_OUT),
    "shape-type-skipped": ProblemKind("S", "shapes that enclose no area, or are of an unknown type",
        "Draw lines and points as areas with --line-width."),
    "circle-zero": ProblemKind("S", "circles without a radius"),
    "mask-bad": ProblemKind("E", "mask shapes that cannot be decoded", _REDRAW),
    "group-labels-differ": ProblemKind("W", "groups of shapes with different labels, treated as separate objects",
        "Give the shapes of one object the same label."),
    "group-everywhere": ProblemKind("W", "sets in which every shape of every picture is in one group",
        "If each shape is an object of its own, set the group ids in the files to null.",
        dataset_advice="If each shape is an object of its own, set the group ids in the label files to null, and "
        "convert again."),
    "label-empty": ProblemKind("S", "shapes without a label, or with one that says 'no object'"),
    "label-undecodable": ProblemKind("E", "labels with broken characters", "Type the label again."),
    "label-not-in-classes": ProblemKind("S", "objects whose label is not among the given classes",
        "Add the class, or merge it into another with --map."),
    "map-unused": ProblemKind("W", "labels in the file of --map that no object has", "Check their spelling."),
    "label-dropped": ProblemKind("S", "objects whose label --map drops"),
    "labels-alike": ProblemKind("W", "labels that differ only by case, space or Unicode form",
        "Merge them with --map FILE.",
        dataset_advice="If they mean the same, merge them: `convert --map FILE` with a line `OTHER: LABEL` each."),
    "labels-numbered": ProblemKind("W", "names with numbers behind them, which may count objects",
        "Convert with --merge-numbered, or edit the suggested map that `convert` writes beside its output, and give it "
        "with --map FILE.",
        dataset_advice="If the numbers count objects, merge the labels: `convert --merge-numbered`."),
    "labels-merged": ProblemKind("F", "names with numbers behind them that are one class now",
        "To leave some as they are, name them with --keep-numbered, or edit the map beside the output and give it with "
        "--map FILE."),
    "labels-left": ProblemKind("W", "names with numbers behind them that stay separate classes",
        "To merge them all the same, edit the map beside the output, and give it with --map FILE."),
    "number-repeated": ProblemKind("W", "pictures in which several shapes have one number",
        "If they are parts of one object, give them the same group id."),
    "keep-unused": ProblemKind("W", "labels of --keep-numbered that no object has", "Check their spelling."),
    "classes-single": ProblemKind("W", "sets in which many classes have a single object",
        "Nothing can be learnt from one object: merge such classes with `convert --map FILE`, or with `convert "
        "--merge-numbered` if they differ by a number only, or label more."),
    # Geometry
    "points-too-few": ProblemKind("S", "polygons with fewer than 3 points",
        dataset_advice=f"It is left out, and so is its object if it has no other polygon. {_CONVERT_AGAIN}"),
    "area-zero": ProblemKind("S", "objects without an area", dataset_advice="Delete the object, or draw it again."),
    "coordinates-not-finite": ProblemKind("E", "objects with coordinates that are not numbers",
        _REDRAW, dataset_advice=_OBJECT_LEFT_OUT),
    "coordinates-odd": ProblemKind("E", "objects with an odd number of coordinates",
        _REDRAW, dataset_advice=_OBJECT_LEFT_OUT),
    "coordinates-normalised": ProblemKind(
        "E", "objects with all coordinates between 0 and 1, probably shares of the size",
        "Export the labels in pixels.",
        dataset_advice="They are probably shares of the picture's size: convert from the original."),
    "clipped": ProblemKind("F", "objects that were clipped to the picture"),
    "outside": ProblemKind("S", "objects wholly outside of the picture",
        dataset_advice="Correct the label: no pixel of the object is in the picture."),
    "self-intersecting": ProblemKind("W", "polygons whose outline crosses itself",
        "Draw them again, or mend them with --repair.",
        dataset_advice="Its mask may have unwanted holes. Draw its outline again."),
    "repaired": ProblemKind("F", "polygons whose outline crossed itself, mended"),
    "duplicate": ProblemKind("F", "objects that were labelled twice", dataset_advice="Delete one of the two."),
    # COCO
    "image-unknown": ProblemKind("E", "annotations of a picture that is not listed",
        "Remove them, or list the picture.", dataset_advice=_OBJECT_LEFT_OUT),
    "image-id-repeated": ProblemKind("E", "picture ids that belong to several pictures",
        "Give each picture its own id.", dataset_advice=f"The second picture is left out. {_CONVERT_AGAIN}"),
    "image-repeated": ProblemKind("F", "pictures that are listed twice with the same id, read once"),
    "image-listed-twice": ProblemKind("W", "pictures that are listed twice; their objects are combined"),
    "image-in-two-splits": ProblemKind("E", "pictures that two splits list with different objects",
        "If they are two pictures with one name, as the first frames of two videos, give each its own name or folder."),
    "class-lists-differ": ProblemKind("W", "files that list different classes, which are put together by name",
        "If one of the files belongs to another set, take it out of the folder."),
    "category-contradicts": ProblemKind("E", "category ids of two names, or names of two ids",
        "Give each category one id and one name of its own."),
    "category-repeated": ProblemKind("F", "categories that are listed twice with the same id, read once"),
    "category-by-name": ProblemKind("F", "annotations that name their category instead of its id"),
    "image-by-name": ProblemKind("F", "annotations that name their picture instead of its id"),
    "picture-by-other-key": ProblemKind("F", "pictures without a file_name, found by their path or address"),
    "file-other-task": ProblemKind("S", "COCO's files of other tasks than instances"),
    "category-unknown": ProblemKind("E", "annotations of a category that is not listed",
        "Add the category, or remove them.", dataset_advice=_OBJECT_LEFT_OUT),
    "annotation-ids": ProblemKind("F", "annotation ids that were repeated or missing, now renumbered",
        dataset_advice=f"Ids must be unique for COCO's own tools. {_CONVERT_AGAIN}"),
    "segmentation-missing": ProblemKind("S", "annotations without a mask",
        "Use their boxes as masks with --box-as-mask.", dataset_advice=_OBJECT_LEFT_OUT),
    "segmentation-flat": ProblemKind("F", "polygons that were not in a list of polygons"),
    "segmentation-nested": ProblemKind("F", "masks with more lists around them or in them than COCO's have"),
    "segmentation-dialect": ProblemKind("F", "masks that are text or dictionaries instead of lists of numbers"),
    "rle-bytes-text": ProblemKind("F", "masks whose run lengths are written as Python shows bytes"),
    "rle-malformed": ProblemKind("E", "masks whose run lengths are broken, or of another size than the picture",
        "Export the labels again.", dataset_advice=_OBJECT_LEFT_OUT),
    "box-recomputed": ProblemKind("F", "boxes that were wrong, recomputed from the mask"),
    "hole-filled": ProblemKind("W", "objects with an outline within another one, which was filled",
        "If it is a hole, save the object as a mask: run lengths (RLE) in COCO, a mask shape in labelme."),
    "area-differs": ProblemKind("W", "objects whose mask has another area than their file says",
        "Look at them with `yolact-kit preview`: an outline may be missing, or be that of another object."),
    "crowd-as-object": ProblemKind("F", "brush masks that CVAT marks as crowds, treated as objects"),
    "name-of-class-repeated": ProblemKind("W", "categories of the same name, treated as one"),
    "category-group": ProblemKind("F", "categories that are groups of others, left out",
        "To keep them as classes, list all classes with --classes."),
    # VOC
    "box-reversed": ProblemKind("F", "boxes with their corners reversed"),
    "mask-missing": ProblemKind("E", "objects without a mask", "Draw it, or use boxes as masks with --box-as-mask."),
    "mask-without-box": ProblemKind("W", "regions of a mask picture that no object of the XML file claims, left out"),
    "mask-picture-bad": ProblemKind("E", "mask pictures that cannot be read",
        "Export them again as PNG, with a whole number for each object."),
    "mask-size": ProblemKind("E", "mask pictures of another size than the picture", "Export the masks again."),
    "mask-colour-unknown": ProblemKind("E", "colours in a mask picture that stand for no class",
        "Name every colour with --colors FILE."),
    "mask-touching": ProblemKind("W", "objects of one class that touch in a mask picture, told apart by their boxes"),
    "mask-parts": ProblemKind("W", "sets whose objects are the connected parts of their mask pictures",
        "Objects of a class that touch are one object. Look at them with `yolact-kit preview`."),
    "mask-numbers-same": ProblemKind("W", "sets whose mask pictures all have the same colours",
        "If the colours are classes, name them with --colors FILE."),
    "mask-number-unnamed": ProblemKind("S", "regions of mask pictures whose class has no name",
        "To keep them, name their class in the file of --colors."),
    "difficult-dropped": ProblemKind("S", "objects marked as difficult"),
    # CVAT
    "track-outside": ProblemKind("S", "tracks whose object is out of the picture in some frames, left out there"),
    # YOLO
    "shares-too-large": ProblemKind("E", "rows whose coordinates are not shares of the picture, probably pixels",
        "Divide x by the width and y by the height of the picture."),
    "columns-dropped": ProblemKind("F", "files whose rows hold more than outlines, left out"),
    "rows-of-four": ProblemKind("W", "sets in which every row has four points, as oriented boxes have",
        "If they are boxes, export outlines instead: the model would learn rectangles."),
    "split-missing": ProblemKind("W", "splits whose folder or list of pictures is missing",
        "Mend the paths in data.yaml."),
    "split-repeated": ProblemKind(
        "W", "splits that name the folder of another one; its pictures stay in that other one",
        "Give each split pictures of its own in data.yaml."),
    "split-partial": ProblemKind(
        "W", "pictures that are in none of the source's splits; they were divided among the splits"),
    # Writing
    "crowd-not-written": ProblemKind(
        "W", "pictures with crowds, which the format cannot store; the crowds were left out"),
    "holes-not-written": ProblemKind("W", "objects with holes, which the format cannot store; the holes were filled"),
    "mask-picture-full": ProblemKind(
        "W", "pictures with more objects than a mask picture can hold; the rest are in the XML only"),
    "picture-renamed": ProblemKind("F", "pictures that were renamed, because another picture has their name"),
    # The whole set
    "no-objects": ProblemKind("W", "sets without any object: there is nothing to learn",
        "See above what was skipped and why. If nothing was, the export may leave out polygons and brush masks: "
        "choose another format of the program that you labelled with, such as COCO, or CVAT for images."),
    "class-without-training": ProblemKind("W", "classes without an object in the training split",
        "Label more pictures of the class, or convert with another --seed.",
        dataset_advice=f"It is not learnt. {_LABEL_MORE}"),
    "split-too-small": ProblemKind("W", "splits that stay empty, because there are too few pictures"),
    "keep-impossible": ProblemKind("W", "pictures that were copied although --images keep was given",
        "They lie in one folder, which the labels fit."),
    # Checks of a data set: its annotation files
    "classes-differ": ProblemKind("E", "annotation files whose classes are not those of dataset.yaml",
        f"Every split must have the same classes in the same order. {_CONVERT_AGAIN}"),
    "category-ids": ProblemKind("W", "annotation files whose category ids are not 1 to N in the order of the classes",
        f"Programs expect 1, 2, 3 in the order of the classes. {_CONVERT_AGAIN}"),
    "picture-unlisted": ProblemKind("W", "pictures in the picture folder that no annotation file mentions",
        "It is not used. Label it and convert again, or delete it."),
    # Its pictures, compared with each other
    "picture-twice": ProblemKind("W", "pictures that are there twice in one split",
        "Keep one of them: a picture that appears twice counts twice."),
    "picture-near-twice": ProblemKind(
        "W", "pictures that are nearly the same as others of their split, such as frames of one video",
        "Keep the best of them; of a video every tenth frame will do. Keep the others in the same split (`--split "
        "group --group-by`)."),
    "leakage-copies": ProblemKind("W", "copies of one photo, altered or cut out of it, that are in two splits",
        "Scores on copies of training pictures mean nothing. Convert with `--split random`, which puts the copies of a "
        "photo into one split, or export the set without augmentation: training augments by itself."),
    "leakage-near": ProblemKind("W", "pictures that are nearly the same as one of another split", _ONE_SPLIT),
    # Its classes and splits
    "class-unused": ProblemKind("W", "classes without any object",
        "Leave the class out (`convert --classes`), or label some objects of it."),
    "class-without-validation": ProblemKind("W", "classes that are trained on but have no object to validate with",
        f"It is not measured. {_LABEL_MORE}"),
    "class-imbalance": ProblemKind("W", "classes with far fewer objects than the most frequent one",
        "Rare classes are learnt late: label more of them."),
    "class-twice": ProblemKind("E", "classes that are listed twice", "Each class must be listed once: convert again."),
    "train-empty": ProblemKind("E", "training splits without pictures or without objects",
        "Convert again with smaller shares for `--val` and `--test`, or label pictures."),
    "val-empty": ProblemKind("W", "validation splits without pictures or without objects",
        "The best weights cannot be chosen: convert again with `--val 0.2`."),
    # Its objects
    "partly-outside": ProblemKind("W", "objects that reach over the edge of their picture",
        "`yolact-kit convert` clips such objects at the picture's edge."),
    "tiny": ProblemKind("W", "objects with a side below 4 pixels once their picture has the training size",
        "Such objects are too small to learn and are left out of training. Train at a larger `model.input_size`, or "
        "cut the pictures into parts."),
    "two-labels": ProblemKind("W", "shapes that are there twice in a picture, with different labels", _ONE_CLASS),
    "labels-disagree": ProblemKind("W", "objects of different classes with nearly the same mask", _ONE_CLASS),
    "duplicate-near": ProblemKind("W", "objects of one class with nearly the same mask",
        "Delete the worse one of the two, if they are one object."),
    "mask-is-box": ProblemKind("W", "masks that are nearly upright rectangles, unlike the others of their class",
        "Look at it: if it was drawn as a box, draw its outline; if it is a rectangle, leave it."),
    # What a model can learn from it
    "objects-are-boxes": ProblemKind("W", "classes whose masks are nearly all upright rectangles",
        "YOLACT learns to draw what the labels show: boxes. Draw outlines for real masks."),
    "objects-are-crowds": ProblemKind("W", "classes with crowds only, which training ignores",
        "Training ignores crowds. Set `iscrowd` of single objects to 0 and convert again."),
    "objects-overlap": ProblemKind("W", "data sets in which many objects overlap another strongly",
        "Non-maximum suppression would drop one of each two: raise `detect.nms_iou` above 0.5."),
    "objects-small": ProblemKind("W", "classes whose objects mostly have a side below 8 pixels at the training size",
        "Train at a larger `model.input_size`, or cut the pictures into parts."),
    "picture-crowded": ProblemKind("W", "pictures with more objects than training and detection take by default",
        "Cut the picture into parts, or raise `loss.max_masks` and `detect.top_k` above 100."),
    "anchors-miss": ProblemKind("W", "classes of which many objects fit no anchor and are learnt slowly",
        _MORE_ANCHORS),
    "anchors-miss-size": ProblemKind("W", "sizes of which many objects fit no anchor and are learnt slowly",
        _MORE_ANCHORS),
}  # fmt: skip
"""Every kind of problem by its code."""


def new_problem(code: str, message: str, file: str = "", subject: str = "", *, in_dataset: bool = False) -> Problem:
    """A problem, with the severity and the advice of its kind.

    Args:
        code: A key of `PROBLEM_KINDS`.
        message: What is wrong: one sentence.
        file: Its file; empty for the whole set.
        subject: The object that it is about; empty for the whole file.
        in_dataset: Whether it is in a data set folder, where other advice may help than with labels.

    Returns:
        The problem.

    Example:
        >>> new_problem("outside", "It lies wholly outside of the picture.", "a.json").severity
        'S'
    """
    kind = PROBLEM_KINDS[code]
    advice = kind.dataset_advice or kind.advice if in_dataset else kind.advice
    return Problem(severity=kind.severity, code=code, file=file, object=subject, message=message, advice=advice)


@dataclass(slots=True)
class Problems:
    """Collects problems of the kinds in `PROBLEM_KINDS`.

    Attributes:
        file: The file that problems are added for, as the user would name it.
        found: The problems so far.

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
            code: A key of `PROBLEM_KINDS`.
            message: What is wrong: one sentence.
            subject: The object that it is about; empty for the whole file.
        """
        self.found.append(new_problem(code, message, self.file, subject))

    @property
    def failed(self) -> bool:
        """Whether one of the problems is an error."""
        return any(problem.severity == "E" for problem in self.found)
