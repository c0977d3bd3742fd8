"""The choices of `convert`; this module loads nothing, so that ``--help`` can list them."""

from __future__ import annotations

from typing import Literal

TargetFormat = Literal["coco", "labelme", "voc", "yolo"]
"""The format to write: ``coco`` makes a folder to train on, the others are for other programs."""

SplitMethod = Literal["random", "stratified", "group"]
"""How pictures are divided into splits."""

PictureFiles = Literal["copy", "link", "keep"]
"""What happens to the picture files."""

DifficultChoice = Literal["keep", "crowd", "drop"]
"""What happens to objects that are marked as difficult."""
