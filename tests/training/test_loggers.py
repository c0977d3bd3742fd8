from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from yolact_kit.errors import UserError
from yolact_kit.training.loggers import make_loggers, require_loggers


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
