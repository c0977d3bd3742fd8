"""yolact-kit: from your own labelled pictures to a trained YOLACT and its predictions.

Importing the package loads neither torch nor OpenCV; what needs them is imported when it is first asked for.

Example:
    >>> import yolact_kit
    >>> yolact_kit.__version__
    '0.1.0'
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from yolact_kit.cores import prepare_openmp

prepare_openmp()
if sys.platform == "darwin":  # what Apple's GPUs cannot do, the processor does; torch asks when it is imported
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")

__version__ = "0.1.0"

if TYPE_CHECKING:
    from yolact_kit.annotations.dataset import Dataset, Instance, Picture
    from yolact_kit.annotations.dataset_folder import load_dataset
    from yolact_kit.api.export import export
    from yolact_kit.api.labels import Labels, read_labels
    from yolact_kit.api.model import YOLACT
    from yolact_kit.api.steps import plan, resume, train, validate
    from yolact_kit.config.files import load_config
    from yolact_kit.config.schema import Config
    from yolact_kit.inference.prediction import Prediction

_MODULES = {
    "Config": "yolact_kit.config.schema",
    "Dataset": "yolact_kit.annotations.dataset",
    "Instance": "yolact_kit.annotations.dataset",
    "Labels": "yolact_kit.api.labels",
    "Picture": "yolact_kit.annotations.dataset",
    "Prediction": "yolact_kit.inference.prediction",
    "YOLACT": "yolact_kit.api.model",
    "export": "yolact_kit.api.export",
    "load_config": "yolact_kit.config.files",
    "load_dataset": "yolact_kit.annotations.dataset_folder",
    "plan": "yolact_kit.api.steps",
    "read_labels": "yolact_kit.api.labels",
    "resume": "yolact_kit.api.steps",
    "train": "yolact_kit.api.steps",
    "validate": "yolact_kit.api.steps",
}
"""The module of each public name."""

__all__ = [
    "YOLACT",
    "Config",
    "Dataset",
    "Instance",
    "Labels",
    "Picture",
    "Prediction",
    "__version__",
    "export",
    "load_config",
    "load_dataset",
    "plan",
    "read_labels",
    "resume",
    "train",
    "validate",
]


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'yolact_kit' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
