"""Fills a configuration from a data set and a machine."""

from __future__ import annotations

from yolact_kit.planning.machine import Machine, this_machine
from yolact_kit.planning.plan import ConfigPlan, choose_model, plan

__all__ = ["ConfigPlan", "Machine", "choose_model", "plan", "this_machine"]
