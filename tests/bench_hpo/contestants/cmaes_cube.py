"""The CMA-ES of the package cmaes, on the unit cube."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from cmaes import CMA


class Cube:
    """A choice is a coordinate in as many bins; the coordinates of what is not there are not looked at."""

    def __init__(self, space: list[dict[str, Any]], seed: int, evaluations: int) -> None:
        self._space = space
        size = len(space)
        self._cma = CMA(mean=np.full(size, 0.5), sigma=0.3, bounds=np.array([[0.0, 1.0]] * size), seed=seed)
        self._open: dict[int, Any] = {}
        self._told: list[tuple[Any, float]] = []

    def ask(self, number: int) -> dict[str, Any]:
        coordinates = self._open[number] = self._cma.ask()
        point: dict[str, Any] = {}
        for one, at in zip(self._space, coordinates, strict=True):
            if one["parent"] is None or point.get(one["parent"]) in one["parent_values"]:
                point[one["name"]] = value_at(one, float(at))
        return {"point": point}

    def tell(self, number: int, value: float) -> None:
        self._told.append((self._open.pop(number), value))
        if len(self._told) == self._cma.population_size:
            self._cma.tell(self._told)
            self._told = []


def value_at(one: dict[str, Any], at: float) -> Any:
    """The value of a parameter at a place between 0 and 1."""
    if one["kind"] == "choice":
        return one["choices"][min(int(at * len(one["choices"])), len(one["choices"]) - 1)]
    edge = 0.5 if one["kind"] == "int" else 0.0
    low, high = one["low"] - edge, one["high"] + edge
    low, high = (math.log(low), math.log(high)) if one["log"] else (low, high)
    value = low + at * (high - low)
    value = math.exp(value) if one["log"] else value
    inside = min(max(value, one["low"]), one["high"])
    return round(inside) if one["kind"] == "int" else inside
