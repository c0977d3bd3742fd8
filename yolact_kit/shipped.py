"""Paths of the files shipped with the package: templates, the bundled data set and a benchmark."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

_PACKAGE = Path(__file__).parent


def shipped(*parts: str) -> Path:
    """Path of a shipped file or folder, the same from a wheel, an editable install and a checkout.

    Args:
        parts: Path below the top level, such as ``"templates", "yolact_nano.yaml"`` or ``"examples", "parts"``.

    Returns:
        The path.

    Raises:
        FileNotFoundError: Nothing of that name is shipped.

    Example:
        >>> shipped("examples", "parts").name
        'parts'
    """
    for root in (_PACKAGE / "_shipped", _PACKAGE.parent):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(f"{'/'.join(parts)} is not shipped with this installation of yolact-kit")


def load_script(*parts: str) -> ModuleType:
    """A shipped script as a module, without running what it does when it is run by itself.

    Args:
        parts: Path below the top level, such as ``"benchmarks", "nms.py"``.

    Returns:
        The module.

    Raises:
        FileNotFoundError: Nothing of that name is shipped.

    Example:
        >>> load_script("benchmarks", "nms.py").NmsRow.__name__
        'NmsRow'
    """
    name = "yolact_kit_" + "_".join(parts).removesuffix(".py")
    spec = spec_from_file_location(name, shipped(*parts))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module
