"""SMAC3's facade for hyper-parameters, with its own defaults."""

from __future__ import annotations

import logging
import tempfile
from typing import Any

from ConfigSpace import Categorical, ConfigurationSpace, Float, InCondition, Integer
from smac import HyperparameterOptimizationFacade, Scenario
from smac.runhistory.dataclasses import TrialValue

logging.disable(logging.CRITICAL)


class Smac:
    def __init__(self, space: list[dict[str, Any]], seed: int, evaluations: int) -> None:
        configurations = ConfigurationSpace(seed=seed)
        made = {one["name"]: parameter(one) for one in space}
        configurations.add(list(made.values()))
        conditions = [
            InCondition(made[one["name"]], made[one["parent"]], list(one["parent_values"]))
            for one in space
            if one["parent"] is not None
        ]
        if conditions:
            configurations.add(conditions)
        folder = tempfile.mkdtemp()
        scenario = Scenario(
            configurations, deterministic=True, n_trials=evaluations, seed=seed, output_directory=folder
        )
        self._smac = HyperparameterOptimizationFacade(
            scenario, lambda config, seed=0: 0.0, overwrite=True, logging_level=False
        )
        self._open: dict[int, Any] = {}

    def ask(self, number: int) -> dict[str, Any]:
        info = self._open[number] = self._smac.ask()
        values = dict(info.config)
        return {"point": {name: getattr(value, "item", lambda v=value: v)() for name, value in values.items()}}

    def tell(self, number: int, value: float) -> None:
        self._smac.tell(self._open.pop(number), TrialValue(cost=value))


def parameter(one: dict[str, Any]) -> Any:
    """A parameter of ConfigSpace."""
    if one["kind"] == "choice":
        return Categorical(one["name"], one["choices"])
    if one["kind"] == "float":
        return Float(one["name"], (one["low"], one["high"]), log=one["log"])
    return Integer(one["name"], (int(one["low"]), int(one["high"])), log=one["log"])
