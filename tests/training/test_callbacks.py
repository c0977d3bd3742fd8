"""When training validates, by a clock that the test sets."""

from __future__ import annotations

import lightning
import pytest

from tests.tiny_model import tiny_config, tiny_model
from yolact_kit.training.callbacks import NEVER, EndOfBudget
from yolact_kit.training.module import TrainingModule
from yolact_kit.training.schedule import Budget


@pytest.mark.parametrize(
    ("seconds_of_a_validation", "validated_at"),
    [(0.1, [10, 20, 30, 40, 50]), (1.0, [10, 30, 50]), (1.5, [10, 40]), (5.0, [10])],
)
def test_validations_are_rare_where_they_take_long(seconds_of_a_validation: float, validated_at: list[int]) -> None:
    """The one at the end comes besides; shortly before it there is none."""
    config = tiny_config()
    budget = Budget(seconds=60)
    module = TrainingModule(tiny_model(config), config, budget)
    trainer = lightning.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    end = EndOfBudget(budget, by_clock=True)
    seen = []
    for second in range(60):
        budget.agree(second)
        end.on_train_batch_end(trainer, module, None, None, second)
        if trainer.val_check_batch != NEVER:
            seen.append(second)
            budget.kept_back = seconds_of_a_validation
    assert seen == validated_at
    assert budget.validations(seconds_of_a_validation) == len(validated_at) + 1
