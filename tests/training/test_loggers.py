from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.training.test_checkpoints import make_config
from yolact_kit.errors import UserError
from yolact_kit.training.loggers import make_loggers, require_loggers
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
