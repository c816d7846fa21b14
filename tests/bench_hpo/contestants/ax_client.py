"""Ax's client, with its own choice of models."""

from __future__ import annotations

import logging
from typing import Any

import torch
from ax.api.client import Client
from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig

logging.disable(logging.CRITICAL)
torch.set_num_threads(1)


class Ax:
    """Ax sees a flat space; the values of what is not there are not looked at."""

    def __init__(self, space: list[dict[str, Any]], seed: int, evaluations: int) -> None:
        torch.manual_seed(seed)
        self._space = space
        self._client = Client(random_seed=seed)
        self._client.configure_experiment(parameters=[parameter(one) for one in space])
        self._client.configure_optimization(objective="-loss")
        self._open: dict[int, int] = {}

    def ask(self, number: int) -> dict[str, Any]:
        ((index, values),) = self._client.get_next_trials(max_trials=1).items()
        self._open[number] = index
        point: dict[str, Any] = {}
        for one in self._space:
            if one["parent"] is None or point.get(one["parent"]) in one["parent_values"]:
                point[one["name"]] = values[identifier(one["name"])]
        return {"point": point}

    def tell(self, number: int, value: float) -> None:
        self._client.complete_trial(self._open.pop(number), raw_data={"loss": value})


def identifier(name: str) -> str:
    """Ax takes no dots."""
    return name.replace(".", "_")


def parameter(one: dict[str, Any]) -> Any:
    """A parameter of Ax."""
    name = identifier(one["name"])
    if one["kind"] == "choice":
        return ChoiceParameterConfig(name=name, parameter_type="str", values=list(one["choices"]))
    scaling = "log" if one["log"] else "linear"
    bounds = (one["low"], one["high"])
    return RangeParameterConfig(name=name, parameter_type=one["kind"], bounds=bounds, scaling=scaling)
