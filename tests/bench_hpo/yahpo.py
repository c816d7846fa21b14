"""Surrogates of YAHPO Gym (Pfisterer et al., AutoML 2022): networks that answer what a training would have scored.

Their files, the ``*.onnx`` models with their encodings and spaces, are those of github.com/slds-lmu/yahpo_data.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import field, frozen
from tests.bench_hpo.spaces import Parameter, Point, Space


@frozen(kw_only=True)
class _Scenario:
    #: the inputs of the network in their order, from the metadata of yahpo-gym 1.0.2
    numbers: tuple[str, ...]
    names: tuple[str, ...]
    #: the input that says which data set
    instance: str
    #: inputs that say how much is spent on a training, at their most
    fidelities: Mapping[str, float]
    #: the output that is looked at, and what makes 1 of it
    output: int
    whole: float


_SCENARIOS = {
    "lcbench": _Scenario(
        numbers=(
            *("epoch", "batch_size", "learning_rate", "momentum", "weight_decay"),
            *("num_layers", "max_units", "max_dropout"),
        ),
        names=("OpenML_task_id",),
        instance="OpenML_task_id",
        fidelities={"epoch": 52},
        output=1,  # accuracy on the validation data, in per cent
        whole=100.0,
    ),
    "rbv2_xgboost": _Scenario(
        numbers=(
            *("nrounds", "eta", "gamma", "lambda", "alpha", "subsample", "max_depth", "min_child_weight"),
            *("colsample_bytree", "colsample_bylevel", "rate_drop", "skip_drop", "trainsize", "repl"),
        ),
        names=("task_id", "booster", "num.impute.selected.cpo"),
        instance="task_id",
        fidelities={"trainsize": 1.0, "repl": 10},
        output=0,  # accuracy
        whole=1.0,
    ),
    "rbv2_rpart": _Scenario(
        numbers=("cp", "maxdepth", "minbucket", "minsplit", "trainsize", "repl"),
        names=("task_id", "num.impute.selected.cpo"),
        instance="task_id",
        fidelities={"trainsize": 1.0, "repl": 10},
        output=0,  # accuracy
        whole=1.0,
    ),
    "iaml_glmnet": _Scenario(
        numbers=("alpha", "s", "trainsize"),
        names=("task_id",),
        instance="task_id",
        fidelities={"trainsize": 1.0},
        output=2,  # area under the curve
        whole=1.0,
    ),
}


@frozen(kw_only=True)
class Surrogate:
    """One instance of one scenario; its value is the error, 1 - accuracy."""

    name: str
    space: Space
    _scenario: _Scenario
    _instance: str
    _encoding: Mapping[str, Mapping[str, int]]
    _session: Any = field(eq=False)

    @classmethod
    def load(cls, folder: Path, scenario: str, instance: str) -> Surrogate:
        """Of the files in ``folder``."""
        described = _SCENARIOS[scenario]
        space = json.loads((folder / scenario / "config_space.json").read_text())
        encoding = json.loads((folder / scenario / "encoding.json").read_text())
        if instance not in encoding[described.instance]:
            raise SystemExit(f"{scenario} has no instance {instance}")
        return cls(
            name=f"{scenario}:{instance}",
            space=_space(space, described),
            scenario=described,
            instance=instance,
            encoding=encoding,
            session=_session(folder / scenario / "model.onnx"),
        )

    def values(self, points: Sequence[Point]) -> npt.NDArray[np.float64]:
        """The errors of whole trainings."""
        return self._errors(points, [self._scenario.fidelities] * len(points))

    def curve(self, point: Point) -> npt.NDArray[np.float64]:
        """The error after each epoch; only of lcbench."""
        epochs = range(1, round(self._scenario.fidelities["epoch"]) + 1)
        return self._errors([point] * len(epochs), [{"epoch": epoch} for epoch in epochs])

    def _errors(self, points: Sequence[Point], fidelities: Sequence[Mapping[str, float]]) -> npt.NDArray[np.float64]:
        scenario = self._scenario
        given = [{**point, **spent} for point, spent in zip(points, fidelities, strict=True)]
        numbers = np.array([[one.get(name, 0) for name in scenario.numbers] for one in given], np.float32)
        codes = [
            [
                self._encoding[name][self._instance if name == scenario.instance else str(one.get(name, "#na#"))]
                for name in scenario.names
            ]
            for one in given
        ]
        outputs = self._session.run(None, {"x_cat": np.array(codes, np.int32), "x_cont": numbers})[0]
        return 1.0 - outputs[:, scenario.output].astype(float) / scenario.whole


@functools.cache
def _session(model: Path) -> Any:
    import onnxruntime  # only races on surrogates need it

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _space(described: Mapping[str, Any], scenario: _Scenario) -> Space:
    parents: dict[str, tuple[str, tuple[str, ...]]] = {}
    for condition in described["conditions"]:
        values = condition["values"] if condition["type"] == "IN" else [condition["value"]]
        parents[condition["child"]] = condition["parent"], tuple(values)
    space = []
    for one in described["hyperparameters"]:
        name = one["name"]
        if name == scenario.instance or name in scenario.fidelities:
            continue
        parent, parent_values = parents.get(name, (None, ()))
        place: dict[str, Any] = {"name": name, "parent": parent, "parent_values": parent_values}
        if one["type"] == "categorical":
            space.append(Parameter(kind="choice", choices=tuple(one["choices"]), **place))
        else:
            kind = "int" if one["type"] == "uniform_int" else "float"
            space.append(Parameter(kind=kind, low=one["lower"], high=one["upper"], log=one["log"], **place))
    return sorted(space, key=lambda parameter: parameter.parent is not None)
