"""Batches are divided until they fit, by a trial of real training steps under a real limit."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.tiny_model import tiny_config
from tests.training.test_checkpoints import make_config
from yolact_kit.config.schema import Config
from yolact_kit.errors import UserError
from yolact_kit.training import batch_fit
from yolact_kit.training.batch_fit import fit_batch, steps_fit
from yolact_kit.training.estimate import Estimate
from yolact_kit.training.plan import TrainingPlan, plan_run

CPU = torch.device("cpu")
MEASURED = Estimate(seconds=0.1, activations=1 << 30, weights=1 << 20, side=64)


class Limited(TorchDispatchMode):
    """An allocator with an end: adds up the storages that are alive and raises what CUDA's raises."""

    def __init__(self, limit: float = float("inf")) -> None:
        super().__init__()
        self.limit, self.held, self.peak = limit, 0, 0
        self._seen: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return made

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen:
            return
        self._seen.add(key)
        self.held += size
        self.peak = max(self.peak, self.held)
        weakref.finalize(storage, self._forget, key, size)
        if self.held > self.limit:
            raise torch.OutOfMemoryError(f"{self.held} bytes")

    def _forget(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self.held -= size


def light(config: Config) -> Config:
    """Few copies of the weights, and pictures large enough to weigh beside them."""
    config.train = config.train.model_copy(update={"optimizer": "sgd", "ema_decay": 0.0})
    config.model.input_size = 128
    return config


def peak(config: Config, batch: int) -> int:
    with Limited() as limited:
        assert steps_fit(config, CPU, "32-true", batch)
    return limited.peak


def make_plan(tmp_path: Path, **changes: Any) -> TrainingPlan:
    config = make_config(tmp_path, epochs=1)
    made = plan_run(config, device="cpu")
    made.config.train = made.config.train.model_copy(update=changes)
    return made


def test_a_trial_of_real_steps_ends_at_the_limit_and_draws_nothing() -> None:
    config = light(tiny_config())
    state = torch.get_rng_state()
    one, six = peak(config, 1), peak(config, 6)
    assert six > 1.2 * one
    for limit, batch, expected in ((six, 6, True), (six * 0.95, 6, False), (six * 0.95, 1, True), (one / 2, 1, False)):
        with Limited(limit):
            assert steps_fit(config, CPU, "32-true", batch) is expected
    assert torch.equal(torch.get_rng_state(), state)


def test_a_plan_is_divided_by_such_trials(tmp_path: Path) -> None:
    made = make_plan(tmp_path, batch_size=4, accumulate=3)
    light(made.config)
    room = (peak(made.config, 2) + peak(made.config, 4)) // 2

    def fits(batch: int) -> bool:
        with Limited(room):
            return steps_fit(made.config, CPU, "32-true", batch)

    before = made.pictures_a_step
    fit_batch(made, MEASURED, fits)
    assert (made.config.train.batch_size, made.config.train.accumulate) == (2, 6)
    assert made.pictures_a_step == before
    assert "4 pictures at once do not fit" in made.notes[-1]


@pytest.mark.parametrize(("free", "expected"), [(None, (8, 1)), (1 << 40, (8, 1)), (9 << 30, (4, 2)), (1, (1, 8))])
def test_on_a_cpu_the_estimate_decides(
    free: int | None, expected: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_fit, "available_memory", lambda: free)
    made = make_plan(tmp_path, batch_size=8, accumulate=1)
    notes = len(made.notes)
    fit_batch(made, MEASURED)
    assert (made.config.train.batch_size, made.config.train.accumulate) == expected
    assert len(made.notes) - notes == {1: 0, 2: 1, 8: 2}[expected[1]]


@pytest.mark.parametrize("changes", [{"fit_memory": False}, {"devices": 2, "nodes": 2}, {"devices": 2}])
def test_it_can_be_switched_off_and_those_who_cannot_be_told_are_left_alone(
    changes: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_plan(tmp_path, batch_size=4, **changes)
    if changes == {"devices": 2}:
        monkeypatch.setenv("LOCAL_RANK", "0")  # as torchrun starts them
    fit_batch(made, MEASURED, lambda _batch: False)
    assert made.config.train.batch_size == 4
    assert ("memory is not tested" in made.notes[-1]) == ("devices" in changes)


@pytest.mark.parametrize(("free", "expected"), [(13 << 30, (6, 1)), (9 << 30, (3, 2)), (6 << 30, (2, 3)), (1, (2, 3))])
def test_processes_share_what_fits_and_each_has_a_picture(
    free: int, expected: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches of 6, 3 and 2 pictures take 12.1, 8.6 and 5.1 GiB in two processes."""
    monkeypatch.setattr(batch_fit, "available_memory", lambda: free)
    made = make_plan(tmp_path, batch_size=6, accumulate=1, devices=2)
    fit_batch(made, MEASURED)
    assert (made.config.train.batch_size, made.config.train.accumulate) == expected


def test_a_gpu_without_room_for_one_picture_is_refused(tmp_path: Path) -> None:
    made = make_plan(tmp_path, batch_size=2)
    made.device = torch.device("cuda")
    with pytest.raises(UserError, match="Not even one picture"):
        fit_batch(made, MEASURED, lambda _batch: False)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_what_is_tried_out_is_what_fits() -> None:
    config = tiny_config()
    device = torch.device("cuda")
    assert batch_fit.fits_on_gpu(config, device, "32-true", 1)
    assert not batch_fit.fits_on_gpu(config, device, "32-true", 1 << 20)
    assert batch_fit.fits_on_gpu(config, device, "32-true", 1)  # what the other took is given back
