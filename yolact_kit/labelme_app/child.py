"""The program that `program` starts, in labelme's own interpreter; yolact-kit itself never imports it.

opencv-python points Qt at its own plugins while it is imported, which labelme does before it opens its window. Qt then
loads plugins of another build and aborts. So labelme's modules are loaded first, Qt is pointed at the plugins of
labelme's own Qt, and only then labelme starts. Only the standard library is at hand here, of Python 3.8 at the least.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

QT_VARIABLES = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_PLUGIN_PATH", "QT_QPA_FONTDIR")
_BINDINGS = ("PyQt5", "PyQt6", "PySide6", "PySide2")


def plugin_folder() -> Path | None:
    """The plugins of the Qt that labelme has loaded.

    Returns:
        Their folder; None where it is not in the Python package (conda, Debian), whose Qt finds it by itself.
    """
    loaded = [name for name in _BINDINGS if name in sys.modules]
    for name in loaded or _BINDINGS:
        spec = find_spec(name)
        for package in (spec.submodule_search_locations if spec else None) or ():
            for inner in ("Qt5/plugins", "Qt6/plugins", "Qt/plugins", "plugins"):
                if (Path(package) / inner / "platforms").is_dir():
                    return Path(package) / inner
    return None


def options_of(version: str) -> list[str]:
    """The options, besides the folder and the labels, that set up a version of labelme for a data set.

    Up to labelme 5, saving automatically and leaving the picture out of the JSON must be asked for; from 6 on both are
    the default, and asking for them is deprecated.

    Args:
        version: labelme's version, such as ``"6.3.1"``.

    Returns:
        Words for the command line.

    Example:
        >>> options_of("6.3.1")
        ['--validate-label', 'exact']
    """
    major = version.split(".")[0]
    if major.isdigit() and int(major) < 6:
        return ["--autosave", "--nodata", "--validatelabel", "exact"]
    return ["--validate-label", "exact"]


def main() -> None:
    """Starts labelme; the command line is labelme's, without the options that differ between its versions."""
    # The script's own folder would hide labelme behind yolact-kit's module of that name.
    folder = str(Path(__file__).resolve().parent)
    sys.path[:] = [path for path in sys.path if str(Path(path or ".").resolve()) != folder]
    before = {name: os.environ.get(name) for name in QT_VARIABLES}
    program = import_module("labelme.__main__")
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    plugins = plugin_folder()
    if plugins is not None:
        os.environ["QT_PLUGIN_PATH"] = str(plugins)
        os.environ["QT_QPA_PLATFORM_PLUGIN_PATH"] = str(plugins / "platforms")
    sys.argv[:] = ["labelme", *sys.argv[1:], *options_of(import_module("labelme").__version__)]
    program.main()


if __name__ == "__main__":
    main()
