"""HEBO, with its own defaults."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from hebo.design_space.design_space import DesignSpace
from hebo.optimizers.hebo import HEBO

torch.set_num_threads(1)
_KINDS = {("float", False): "num", ("float", True): "pow", ("int", False): "int", ("int", True): "pow_int"}


class Hebo:
    """HEBO sees a flat space; the values of what is not there are not looked at."""

    def __init__(self, space: list[dict[str, Any]], seed: int, evaluations: int) -> None:
        np.random.seed(seed)
        torch.manual_seed(seed)
        self._space = space
        self._hebo = HEBO(DesignSpace().parse([parameter(one) for one in space]), scramble_seed=seed)
        self._open: dict[int, Any] = {}

    def ask(self, number: int) -> dict[str, Any]:
        suggested = self._open[number] = self._hebo.suggest(n_suggestions=1)
        row = suggested.iloc[0].to_dict()
        point: dict[str, Any] = {}
        for one in self._space:
            if one["parent"] is None or point.get(one["parent"]) in one["parent_values"]:
                point[one["name"]] = {"choice": str, "int": int, "float": float}[one["kind"]](row[one["name"]])
        return {"point": point}

    def tell(self, number: int, value: float) -> None:
        self._hebo.observe(self._open.pop(number), np.array([[value]]))


def parameter(one: dict[str, Any]) -> dict[str, Any]:
    """A parameter of HEBO."""
    if one["kind"] == "choice":
        return {"name": one["name"], "type": "cat", "categories": list(one["choices"])}
    return {"name": one["name"], "type": _KINDS[one["kind"], one["log"]], "lb": one["low"], "ub": one["high"]}
