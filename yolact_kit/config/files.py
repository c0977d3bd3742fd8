"""Configurations on disk: templates, ``config.yaml`` files, and single keys set on the command line."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path, PureWindowsPath
from typing import Any, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from yolact_kit.config.changes import add_checksum
from yolact_kit.config.keys import field_of, key_names, nearest, sections_of
from yolact_kit.config.problems import explain
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.files import atomic_write_text
from yolact_kit.shipped import shipped

__all__ = ["find_template", "load_config", "override", "render_config", "save_config", "template", "template_names"]


class _Loader(yaml.SafeLoader):
    """The safe loader, which also refuses a key that is given twice; YAML's own silently takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                problem = f"the key '{key.value}' is there twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def load_config(path: Path | str) -> Config:
    """Reads a configuration file.

    Keys that the file leaves out take the schema's defaults. A relative ``dataset`` is resolved against the folder
    that the file lies in, so that the file means the same from wherever it is read.

    Args:
        path: The YAML file.

    Returns:
        The configuration, ``dataset`` absolute where there is one.

    Raises:
        UserError: The file is missing or no YAML, or a key in it is unknown or has a value that is not allowed;
            every such key is named at once.

    Example:
        >>> load_config(shipped("templates", "yolact_nano.yaml")).model.name
        'yolact_nano'
    """
    path = Path(path)
    config = _validated(_read(path), f"'{path}'")
    if config.dataset:
        config.dataset = _resolved(config.dataset, path.parent)
    return config


def _resolved(dataset: str, folder: Path) -> str:
    """The path of a data set that a file in ``folder`` names, which may have been written on Windows."""
    if os.sep == "/" and "\\" in dataset and not (folder / dataset).exists():
        if PureWindowsPath(dataset).is_absolute():
            return dataset
        dataset = dataset.replace("\\", "/")
    return os.path.abspath(folder / dataset)  # noqa: PTH100 - keeps links as they are


def template_names() -> list[str]:
    """Names of the configurations that are shipped, in alphabetical order.

    Example:
        >>> "yolact_nano" in template_names()
        True
    """
    return sorted(file.stem for file in shipped("templates").glob("*.yaml"))


def find_template(name: str) -> Path:
    """The file of a shipped configuration.

    Args:
        name: Its name, such as ``"yolact_nano"``.

    Returns:
        The YAML file.

    Raises:
        UserError: There is none of that name; the message names the nearest one.
    """
    names = template_names()
    if name not in names:
        close = nearest(name, names)
        hint = f"Did you mean '{close}'? " if close else ""
        raise UserError(f"There is no model '{name}'.", f"{hint}The models are: {', '.join(names)}.")
    return shipped("templates", f"{name}.yaml")


def template(name: str) -> Config:
    """A shipped configuration, without a data set.

    Args:
        name: Its name, such as ``"yolact_nano"``.

    Returns:
        The configuration; ``dataset`` and ``classes`` are empty.

    Raises:
        UserError: There is none of that name; the message names the nearest one.

    Example:
        >>> template("yolact_base").model.backbone
        'resnet101'
    """
    return load_config(find_template(name))


def override(config: Config, assignments: Iterable[str]) -> Config:
    """Sets single keys, as ``--set key=value`` does.

    Values are read as YAML; a list may be written without its brackets. A relative ``dataset`` counts from the
    current folder, as paths on the command line do.

    Args:
        config: The configuration, which is left as it is.
        assignments: Such as ``["train.epochs=3", "model.anchors.aspect_ratios=1,0.5"]``.

    Returns:
        A new configuration.

    Raises:
        UserError: A key is unknown, a section, or its value is not allowed.

    Example:
        >>> override(Config(), ["train.epochs=3"]).train.epochs
        3
    """
    values = config.model_dump()
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        key = key.strip()
        if not equals or not key:
            raise UserError(f"'{assignment}' is not of the form KEY=VALUE.", "For example: --set train.epochs=3")
        _check_settable(key)
        section = values
        *parents, last = key.split(".")
        for parent in parents:
            section = section[parent]
        section[last] = _parse_value(key, text.strip())
    return _validated(values, "--set")


def save_config(config: Config, path: Path | str, comments: Mapping[str, str] | None = None) -> None:
    """Writes a complete configuration as YAML: every key on its own line under a comment that explains it.

    The file is written beside ``path`` and renamed into place; its last line tells whether it was changed since, see
    `config.changes`. ``dataset`` is written as it is.

    Args:
        config: The configuration.
        path: The file to write.
        comments: Why a key has its value, by dotted key, such as ``{"train.epochs": "14 pictures, 4 a step"}``.
    """
    atomic_write_text(path, add_checksum(render_config(config, comments)))


def render_config(config: Config, comments: Mapping[str, str] | None = None) -> str:
    """A complete configuration as commented YAML text.

    Args:
        config: The configuration.
        comments: As in `save_config`.

    Returns:
        The text.

    Example:
        >>> "  epochs: 100" in render_config(Config()).splitlines()
        True
    """
    return "\n".join(_render(config, "", comments or {})) + "\n"


def _render(section: BaseModel, prefix: str, comments: Mapping[str, str]) -> list[str]:
    """The lines of a section, whose keys begin with ``prefix``, and of the sections in it."""
    pad = "  " * prefix.count(".")
    lines: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, BaseModel) and not prefix:
            lines.append("")
        lines += textwrap.wrap(field.description or "", 118, initial_indent=f"{pad}# ", subsequent_indent=f"{pad}# ")
        reason = comments.get(prefix + name, "")
        lines += textwrap.wrap(reason, 118, initial_indent=f"{pad}# -> ", subsequent_indent=f"{pad}#    ")
        if isinstance(value, BaseModel):
            lines.append(f"{pad}{name}:")
            lines += _render(value, f"{prefix}{name}.", comments)
        else:
            plain = section.model_dump(mode="json", include={name})[name]
            lines.append(f"{pad}{name}: {_inline(plain)}")
    return lines


def _inline(value: Any) -> str:
    """A value as YAML on a single line."""
    # In a list, since YAML ends a document of a bare value with a line of dots.
    text = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=1 << 30).strip()
    return text[1:-1]


def _read(path: Path) -> dict[str, Any]:
    """The keys and values of a YAML file, unchecked."""
    if path.is_dir():
        raise UserError(f"'{path}' is a folder, not a configuration.", "Give the config.yaml itself.")
    if not path.is_file():
        raise UserError(f"'{path}' does not exist.", "Write one with `yolact-kit config DATASET`.")
    try:
        document = yaml.load(path.read_text(encoding="utf-8-sig"), _Loader)  # noqa: S506 - a subclass of SafeLoader
    except UnicodeDecodeError as error:
        raise UserError(f"'{path}' is not UTF-8 text.", "Save it as UTF-8.") from error
    except yaml.YAMLError as error:
        what = " ".join(str(error).split())
        raise UserError(f"'{path}' is not valid YAML: {what}", "Mind the indentation.") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise UserError(
            f"'{path}' is not a configuration: it has no keys.", "Write one with `yolact-kit config DATASET`."
        )
    return document


def _validated(values: dict[str, Any], source: str) -> Config:
    """The configuration of some values; errors name ``source``. A section without any key below it is None in YAML."""
    filled = dict(values)
    for section in sections_of(Config):
        if section in filled and filled[section] is None:
            filled[section] = {}
    try:
        return Config.model_validate(filled)
    except ValidationError as error:
        problems = explain(error, Config)
        listed = f" {problems[0]}" if len(problems) == 1 else "".join(f"\n  {problem}" for problem in problems)
        advice = "Each key is explained in the file that `yolact-kit config` writes."
        raise UserError(f"{source}:{listed}", advice) from error


def _check_settable(key: str) -> None:
    """Refuses a key that does not exist or is a section."""
    names = key_names(Config)
    if key in names:
        return
    inside = [name for name in names if name.startswith(f"{key}.")]
    if inside:
        raise UserError(f"--set: '{key}' is a section.", f"Set a key in it, such as {inside[0]}=VALUE.")
    close = nearest(key, names)
    advice = f"Did you mean '{close}'?" if close else "The keys are those of config.yaml."
    raise UserError(f"--set: unknown key '{key}'.", advice)


def _parse_value(key: str, text: str) -> Any:
    """The value of a key from the text after the equals sign."""
    annotation = field_of(Config, key).annotation
    if annotation is str:
        return str(Path(text).absolute()) if key == "dataset" and text else text
    if get_origin(annotation) is list and not text.startswith("["):
        text = f"[{text}]"
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"--set {key}: '{text}' cannot be read.", "Write lists as 1,2,3.") from error
