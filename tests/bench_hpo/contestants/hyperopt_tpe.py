"""hyperopt's TPE, one suggestion at a time."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hyperopt import Domain, Trials, hp, space_eval, tpe
from hyperopt.base import JOB_STATE_DONE, STATUS_OK


class Tpe:
    """Trials that run are kept among the trials without a result, as hyperopt's own workers have them."""

    def __init__(self, space: list[dict[str, Any]], seed: int, evaluations: int) -> None:
        self._by_name = {one["name"]: one for one in space}
        self._space = self._hyperopt_space(space)
        self._domain = Domain(lambda _: 0.0, self._space)
        self._trials = Trials()
        self._random = np.random.default_rng(seed)
        self._open: dict[int, dict[str, Any]] = {}

    def _hyperopt_space(self, space: list[dict[str, Any]]) -> dict[str, Any]:
        """Nested choices; a parameter of several branches is one node that they share."""
        nodes: dict[str, Any] = {}

        def node(one: dict[str, Any]) -> Any:
            if one["name"] not in nodes:
                nodes[one["name"]] = made(one)
            return nodes[one["name"]]

        def made(one: dict[str, Any]) -> Any:
            name = one["name"]
            if one["kind"] == "choice":
                children = [child for child in space if child["parent"] == name]
                if not children:
                    return hp.choice(name, list(one["choices"]))
                options = [
                    {name: value, **{c["name"]: node(c) for c in children if value in c["parent_values"]}}
                    for value in one["choices"]
                ]
                return hp.choice(name, options)
            if one["kind"] == "int" and not one["log"]:
                return hp.uniformint(name, one["low"], one["high"])
            if not one["log"]:
                return hp.uniform(name, one["low"], one["high"])
            bounds = math.log(one["low"]), math.log(one["high"])
            return hp.loguniform(name, *bounds) if one["kind"] == "float" else hp.qloguniform(name, *bounds, 1)

        return {one["name"]: node(one) for one in space if one["parent"] is None}

    def ask(self, number: int) -> dict[str, Any]:
        ids = self._trials.new_trial_ids(1)
        self._trials.refresh()
        documents = tpe.suggest(ids, self._domain, self._trials, int(self._random.integers(2**31 - 1)))
        self._trials.insert_trial_docs(documents)
        self._trials.refresh()
        document = self._open[number] = self._trials._dynamic_trials[-1]
        drawn = {name: values[0] for name, values in document["misc"]["vals"].items() if values}
        point: dict[str, Any] = {}
        for name, value in space_eval(self._space, drawn).items():
            point.update(value if isinstance(value, dict) else {name: value})
        return {"point": {name: self._plain(name, value) for name, value in point.items()}}

    def _plain(self, name: str, value: Any) -> Any:
        one = self._by_name[name]
        if one["kind"] == "choice":
            return value
        inside = min(max(value, one["low"]), one["high"])
        return round(inside) if one["kind"] == "int" else float(inside)

    def tell(self, number: int, value: float) -> None:
        document = self._open.pop(number)
        document["result"] = {"loss": value, "status": STATUS_OK}
        document["state"] = JOB_STATE_DONE
        self._trials.refresh()
