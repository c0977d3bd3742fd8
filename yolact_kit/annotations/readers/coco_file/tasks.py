"""COCO's files of other tasks, which lie beside its instances: keypoints, captions, stuff, panoptic segments."""

from __future__ import annotations

import re
from pathlib import Path

from yolact_kit.annotations.problem_kinds import Problems
from yolact_kit.annotations.readers.contract import ReadContext

_INSTANCES = "instances"
_TASKS = {
    "captions": "captions",
    "image_info": "pictures without labels",
    "labels": "labels of whole pictures",
    "panoptic": "panoptic segments",
    "person_keypoints": "persons with keypoints",
    "stuff": "stuff such as sky and grass",
}
"""What the files of a task hold, by the word before the name of the split: ``captions_val2017.json``."""


def task_of(path: Path) -> str:
    """The task of a file by COCO's way to name files; empty if it is not named so.

    Example:
        >>> task_of(Path("annotations/person_keypoints_val2017.json")), task_of(Path("labels.json"))
        ('person_keypoints', '')
    """
    match = re.match(rf"({_INSTANCES}|{'|'.join(_TASKS)})_.", path.name, re.IGNORECASE)
    return match[1].lower() if match else ""


def leave_out_other_tasks(context: ReadContext) -> bool:
    """Leaves out the files of other tasks in folders that have files of instances, in place, and reports them.

    They list the same pictures. Keypoints and stuff have masks as well, but only of some classes: pictures that have
    nothing else would teach that the other classes are background.

    Args:
        context: The source.

    Returns:
        Whether there are such files.
    """
    instances: dict[Path, Path] = {}
    for path in context.labels.files:
        if task_of(path) == _INSTANCES:
            instances.setdefault(path.parent, path)
    files: list[Path] = []
    for path in context.labels.files:
        content = _TASKS.get(task_of(path))
        if content is None or path.parent not in instances:
            files.append(path)
            continue
        message = f"It holds {content}; the objects in '{instances[path.parent].name}' and the like are used."
        problems = Problems(context.folder.name(path))
        problems.add("file-other-task", message)
        context.problems.found += problems.found
    has_others = len(files) < len(context.labels.files)
    context.labels.files = files
    return has_others
