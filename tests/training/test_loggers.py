from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from tests.tiny_model import SMALL_BACKBONE
from tests.training.test_checkpoints import make_config
from yolact_kit.errors import UserError
from yolact_kit.training.loggers import make_loggers, require_loggers, require_wandb_login
from yolact_kit.training.plan import plan_run
from yolact_kit.training.trainer import train


@pytest.mark.parametrize(
    ("name", "package"),
    [("tensorboard", "tensorboard"), ("mlflow", "mlflow"), ("mlflow", "sqlalchemy"), ("wandb", "wandb")],
)
def test_a_missing_package_is_told_with_the_command_that_installs_it(
    name: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for module in (package, "tensorboardX") if name == "tensorboard" else (package,):
        monkeypatch.setitem(sys.modules, module, None)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=f"'{name}', which is not installed") as caught:
        require_loggers(["csv", name])
    assert f'pip install "yolact-kit[{name}]"' in caught.value.advice


def test_mlflow_on_a_server_needs_no_database_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)  # type: ignore[arg-type]
    require_loggers(["mlflow"])


def test_the_file_is_always_written(tmp_path: Path) -> None:
    (logger,) = make_loggers([], tmp_path, "parts")
    assert Path(logger.log_dir) == tmp_path


@pytest.mark.slow
def test_trackers_have_the_losses_and_metrics_of_each_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real run, read back with TensorBoard's and MLflow's own readers; ``dev`` has them."""
    from mlflow import MlflowClient
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    config = make_config(tmp_path, epochs=1)
    config.train.loggers = ["tensorboard", "mlflow"]
    plan = plan_run(config, device="cpu")
    run = train(plan, tmp_path / "run", "none").run
    with (run / "metrics.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    client = MlflowClient(f"sqlite:///{(run / 'mlflow.db').as_posix()}")
    (experiment,) = [found for found in client.search_experiments() if found.name != "Default"]
    (kept,) = client.search_runs([experiment.experiment_id])
    assert (experiment.name, kept.info.run_name, kept.info.status) == (plan.dataset.name, "run", "FINISHED")
    assert kept.data.params["train/epochs"] == "1" and kept.data.params["model/backbone"] == SMALL_BACKBONE
    for name in ("loss/total", "loss/mask", "val/mask_AP"):
        wanted = [(int(row["step"]), pytest.approx(float(row[name]))) for row in rows if row[name]]
        assert len(wanted) == 3
        assert [(point.step, point.value) for point in events.Scalars(name)] == wanted
        assert [(point.step, point.value) for point in client.get_metric_history(kept.info.run_id, name)] == wanted


def test_without_a_login_wandb_is_told_to_work_offline_or_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nobody has logged in") as caught:
        require_wandb_login({}, tmp_path)
    assert "WANDB_MODE=offline" in caught.value.advice
    for environment in ({"WANDB_API_KEY": "x"}, {"WANDB_MODE": "offline"}, {"WANDB_MODE": "disabled"}):
        require_wandb_login(environment, tmp_path)
    (tmp_path / ".netrc").write_text("machine api.wandb.ai\n  login user\n  password x\n", encoding="utf-8")
    require_wandb_login({}, tmp_path)
