"""Real trainings on the data that scikit-learn ships, each some tens of milliseconds."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from attrs import frozen
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from tests.bench_hpo.spaces import Parameter, Point, Space

_SCALERS: dict[str, Callable[[], Any]] = {"standard": StandardScaler, "minmax": MinMaxScaler, "none": lambda: None}


def _number(name: str, low: float, high: float, *, log: bool = False, **more: Any) -> Parameter:
    kind = "int" if isinstance(low, int) and isinstance(high, int) else "float"
    return Parameter(name=name, kind=kind, low=low, high=high, log=log, **more)


def _choice(name: str, *choices: str, **more: Any) -> Parameter:
    return Parameter(name=name, kind="choice", choices=choices, **more)


_NETWORK: Space = (
    _number("units", 4, 128, log=True),
    _choice("layers", "one", "two"),
    _number("learning_rate", 1e-4, 1e-1, log=True),
    _number("penalty", 1e-6, 10.0, log=True),
    _number("batch", 16, 256, log=True),
    _choice("activation", "relu", "tanh", "logistic"),
    _choice("solver", "adam", "sgd"),
    _number("more_units", 4, 128, log=True, parent="layers", parent_values=("two",)),
    _number("momentum", 0.0, 0.99, parent="solver", parent_values=("sgd",)),
)
_VECTORS: Space = (
    _choice("kernel", "rbf", "poly", "sigmoid", "linear"),
    _number("c", 1e-4, 1e4, log=True),
    _choice("scale", *_SCALERS),
    _number("gamma", 1e-6, 1e2, log=True, parent="kernel", parent_values=("rbf", "poly", "sigmoid")),
    _number("offset", -1.0, 1.0, parent="kernel", parent_values=("poly", "sigmoid")),
    _number("degree", 2, 5, parent="kernel", parent_values=("poly",)),
)
_BOOSTING: Space = (
    _number("trees", 5, 50, log=True),
    _number("learning_rate", 1e-3, 1.0, log=True),
    _number("depth", 1, 5),
    _number("rows", 0.2, 1.0),
    _number("columns", 0.1, 1.0),
    _number("leaf", 1, 50, log=True),
    _choice("loss", "squared_error", "absolute_error", "huber"),
    _number("quantile", 0.5, 0.99, parent="loss", parent_values=("huber",)),
)


def _network(point: Any) -> float:
    """A few epochs on three hundred handwritten digits; the error on six hundred others."""
    x, y = _shuffled(load_digits)
    hidden = (point["units"], point["more_units"]) if point["layers"] == "two" else (point["units"],)
    network = MLPClassifier(
        hidden,
        learning_rate_init=point["learning_rate"],
        alpha=point["penalty"],
        batch_size=point["batch"],
        activation=point["activation"],
        solver=point["solver"],
        momentum=point.get("momentum", 0.9),
        max_iter=4,
        random_state=0,
    )
    try:
        network.fit(x[:300] / 16, y[:300])
    except ValueError:  # weights that overflowed: as good as guessing
        return 0.9
    return 1.0 - float(network.score(x[300:900] / 16, y[300:900]))


def _vectors(point: Any) -> float:
    """The error of three-fold cross-validation on the tumours of Wisconsin."""
    x, y = _shuffled(load_breast_cancer)
    machine = SVC(
        kernel=point["kernel"],
        C=point["c"],
        gamma=point.get("gamma", 1.0),
        coef0=point.get("offset", 0.0),
        degree=point.get("degree", 3),
        max_iter=1000,
    )
    steps = [step for step in (_SCALERS[point["scale"]](), machine) if step is not None]
    try:
        return 1.0 - float(cross_val_score(make_pipeline(*steps), x, y, cv=3).mean())
    except ValueError:  # coefficients that overflowed: as good as guessing the more frequent of the two
        return 1.0 - float(np.mean(y))


def _boosting(point: Any) -> float:
    """The root mean square error on a third of the diabetes patients, in hundreds."""
    x, y = _shuffled(load_diabetes)
    held = np.arange(len(y)) % 3 == 0
    trees = GradientBoostingRegressor(
        n_estimators=point["trees"],
        learning_rate=point["learning_rate"],
        max_depth=point["depth"],
        subsample=point["rows"],
        max_features=point["columns"],
        min_samples_leaf=point["leaf"],
        loss=point["loss"],
        alpha=point.get("quantile", 0.9),
        random_state=0,
    )
    missed = trees.fit(x[~held], y[~held]).predict(x[held]) - y[held]
    return float(np.sqrt(np.mean(missed**2)) / 100)


TASKS: dict[str, tuple[Space, Callable[[Any], float]]] = {
    "digits-network": (_NETWORK, _network),
    "tumours-vectors": (_VECTORS, _vectors),
    "diabetes-boosting": (_BOOSTING, _boosting),
}


@frozen(kw_only=True)
class Task:
    """One of :data:`TASKS`."""

    name: str

    @property
    def space(self) -> Space:
        return TASKS[self.name][0]

    def values(self, points: Sequence[Point]) -> list[float]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a training may end before it has converged
            return [TASKS[self.name][1](point) for point in points]


@functools.cache
def _shuffled(load: Callable[..., Any]) -> tuple[Any, Any]:
    x, y = load(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return x[order], y[order]
