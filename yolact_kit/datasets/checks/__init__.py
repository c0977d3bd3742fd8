"""Checks of a data set: one small function a check, registered with id, severity and advice.

Importing the package registers every check.
"""

from __future__ import annotations

from yolact_kit.datasets.checks import classes, copies, documents, learning, noise, objects, pictures, splits
from yolact_kit.datasets.checks.registry import CHECKS, Check, Finding, check, run_checks
from yolact_kit.datasets.checks.subject import Subject
from yolact_kit.datasets.checks.validation import (
    SEVERITY_WORDS,
    Validation,
    errors_first,
    problem_title,
    validate_folder,
    validate_source,
)

__all__ = [
    "CHECKS", "SEVERITY_WORDS", "Check", "Finding", "Subject", "Validation", "check", "classes", "copies", "documents",
    "errors_first", "learning", "noise", "objects", "pictures", "problem_title", "run_checks", "splits",
    "validate_folder", "validate_source",
]  # fmt: skip
