"""Where losses and metrics go: a CSV file always, and the trackers that the configuration names."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import CSVLogger, Logger, MLFlowLogger, TensorBoardLogger, WandbLogger

from yolact_kit.errors import UserError

_PACKAGES = {"tensorboard": ("tensorboard", "tensorboardX"), "mlflow": ("mlflow",), "wandb": ("wandb",)}


def require_loggers(names: Sequence[str]) -> None:
    """Checks before the training that the packages of the loggers are installed.

    Args:
        names: As ``train.loggers``.

    Raises:
        UserError: One is not installed.

    Example:
        >>> require_loggers(["csv"])
    """
    for name in names:
        if name != "csv" and not _is_installed(name):
            raise UserError(
                f"train.loggers names '{name}', which is not installed.",
                f'Install it with `pip install "yolact-kit[{name}]"`, or leave it out of train.loggers; metrics.csv '
                "is written in any case.",
            )
    if "wandb" in names:
        require_wandb_login(os.environ, Path.home())


def _is_installed(name: str) -> bool:
    """Whether a logger's packages are installed; mlflow-skinny lacks those for a database in the run folder."""
    if name == "mlflow" and not os.environ.get("MLFLOW_TRACKING_URI") and find_spec("sqlalchemy") is None:
        return False
    return any(find_spec(package) for package in _PACKAGES[name])


def require_wandb_login(environment: Mapping[str, str], home: Path) -> None:
    """Checks that W&B can send its runs, since it would otherwise ask for an account in the middle of the training.

    Args:
        environment: Environment variables.
        home: The home folder, where ``wandb login`` leaves a key.

    Raises:
        UserError: There is no key, and W&B is not set to work offline.

    Example:
        >>> require_wandb_login({"WANDB_MODE": "offline"}, Path("/nowhere"))
    """
    if environment.get("WANDB_API_KEY") or environment.get("WANDB_MODE", "online") != "online":
        return
    files = [home / name for name in (".netrc", "_netrc") if (home / name).is_file()]
    if not any("wandb" in file.read_text(encoding="utf-8", errors="replace") for file in files):
        raise UserError(
            "train.loggers names 'wandb', but nobody has logged in to W&B here.",
            "Run `wandb login`, or set WANDB_MODE=offline: the run is then kept in the run folder, and `wandb sync` "
            "sends it later.",
        )


class _Rows(CSVLogger):
    """Keeps rows in memory while the disk is full."""

    def save(self) -> None:
        """Writes the rows since the last time."""
        with suppress(OSError):
            super().save()


def make_loggers(
    names: Sequence[str], run: Path, experiment: str, settings: Mapping[str, Any] | None = None
) -> list[Logger]:
    """The loggers of a run.

    Args:
        names: As ``train.loggers``; ``csv`` comes first whether it is named or not.
        run: The run folder. TensorBoard writes to ``tensorboard`` in it, MLflow to ``MLFLOW_TRACKING_URI`` or to
            ``mlflow.db`` in it, W&B to ``wandb`` in it.
        experiment: Name of the experiment or project, for trackers that have them.
        settings: What a tracker stores with a run: the configuration as nested dictionaries.

    Returns:
        Lightning's loggers.
    """
    loggers: list[Logger] = [_Rows(run, name="", version="", flush_logs_every_n_steps=1)]
    if "tensorboard" in names:
        loggers.append(TensorBoardLogger(run, name="", version="tensorboard", default_hp_metric=False))
    if "mlflow" in names:
        loggers.append(MLFlowLogger(experiment, run.name, _mlflow_address(run)))
    if "wandb" in names:
        loggers.append(WandbLogger(name=run.name, project=experiment, save_dir=run))
    for tracker in loggers[1:]:
        tracker.log_hyperparams({**(settings or {})})
    return loggers


def _mlflow_address(run: Path) -> str:
    """Where MLflow keeps its runs: the address in the environment, or the run folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(run / 'mlflow.db').absolute().as_posix()}"
