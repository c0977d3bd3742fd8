from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.training.test_checkpoints import make_config
from yolact_kit.errors import UserError
from yolact_kit.training.loggers import make_loggers, require_loggers, require_wandb_login
from yolact_kit.training.run import plan_run, train


@pytest.mark.parametrize("name", ["tensorboard", "mlflow", "wandb"])
def test_a_missing_package_is_told_with_the_command_that_installs_it(name: str) -> None:
    if find_spec(name):
        pytest.skip("it is installed here")
    with pytest.raises(UserError, match=f"'{name}', which is not installed") as caught:
        require_loggers(["csv", name])
    assert f'pip install "yolact-kit[{name}]"' in caught.value.advice


def test_the_file_is_always_written(tmp_path: Path) -> None:
    (logger,) = make_loggers([], tmp_path, "parts")
    assert Path(logger.log_dir) == tmp_path


def test_tensorboard_has_the_losses_of_each_step(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    config = make_config(tmp_path, epochs=1)
    config.train.loggers = ["csv", "tensorboard"]
    run = train(plan_run(config, device="cpu"), tmp_path / "run", "none").run
    events = accumulator.EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    assert len(events.Scalars("loss/total")) == 3 and (run / "metrics.csv").is_file()


def test_mlflow_has_the_run_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    config = make_config(tmp_path, epochs=1)
    config.train.loggers = ["mlflow"]
    run = train(plan_run(config, device="cpu"), tmp_path / "run", "none").run
    client = mlflow.MlflowClient(f"sqlite:///{(run / 'mlflow.db').as_posix()}")
    (experiment,) = [found for found in client.search_experiments() if found.name != "Default"]
    (kept,) = client.search_runs([experiment.experiment_id])
    assert (experiment.name, kept.info.run_name) == (plan_run(config, device="cpu").dataset.name, "run")
    assert len(client.get_metric_history(kept.info.run_id, "loss/total")) == 3


def test_without_a_login_wandb_is_told_to_work_offline_or_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nobody has logged in") as caught:
        require_wandb_login({}, tmp_path)
    assert "WANDB_MODE=offline" in caught.value.advice
    for environment in ({"WANDB_API_KEY": "x"}, {"WANDB_MODE": "offline"}, {"WANDB_MODE": "disabled"}):
        require_wandb_login(environment, tmp_path)
    (tmp_path / ".netrc").write_text("machine api.wandb.ai\n  login user\n  password x\n", encoding="utf-8")
    require_wandb_login({}, tmp_path)
