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
from typing import Any

from yolact_kit.cores import prepare_openmp

prepare_openmp()
if sys.platform == "darwin":  # what Apple's GPUs cannot do, the processor does; torch asks when it is imported
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")

__version__ = "0.1.0"

_LAZY = {
    "Dataset": "yolact_kit.annotations.dataset",
    "Instance": "yolact_kit.annotations.dataset",
    "Picture": "yolact_kit.annotations.dataset",
    "load_dataset": "yolact_kit.annotations.dataset_folder",
    "Config": "yolact_kit.config.schema",
    "load_config": "yolact_kit.config.files",
    "Prediction": "yolact_kit.inference.prediction",
    "Predictor": "yolact_kit.inference.predictor",
    "YOLACT": "yolact_kit.inference.api",
}

__all__ = ["__version__", *_LAZY]


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used (PEP 562)."""
    if name not in _LAZY:
        raise AttributeError(f"module 'yolact_kit' has no attribute {name!r}")
    return getattr(import_module(_LAZY[name]), name)
