"""Optuna's samplers by ask and tell, and its pruners."""

from __future__ import annotations

from typing import Any

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)


class Sampler:
    """``sampler`` is the name of a class of ``optuna.samplers``, ``options`` are its arguments."""

    def __init__(
        self,
        space: list[dict[str, Any]],
        seed: int,
        evaluations: int,
        sampler: str = "TPESampler",
        options: dict[str, Any] | None = None,
    ) -> None:
        if sampler == "GPSampler":
            import torch

            torch.set_num_threads(1)
        self._space = space
        made = getattr(optuna.samplers, sampler)(seed=seed, **(options or {}))
        self._study = optuna.create_study(sampler=made)
        self._open: dict[int, optuna.Trial] = {}

    def ask(self, number: int) -> dict[str, Any]:
        trial = self._open[number] = self._study.ask()
        return {"point": suggested(trial, self._space)}

    def tell(self, number: int, value: float) -> None:
        self._study.tell(self._open.pop(number), value)


class Pruner:
    """Asks the pruner after every epoch, as Optuna's documentation has it."""

    def __init__(
        self, space: list[dict[str, Any]], seed: int, evaluations: int, budgets: dict[str, Any], pruner: str
    ) -> None:
        lowest, self._highest, eta = budgets["lowest"], budgets["highest"], budgets["eta"]
        made = {
            "HyperbandPruner": lambda: optuna.pruners.HyperbandPruner(lowest, self._highest, eta),
            "SuccessiveHalvingPruner": lambda: optuna.pruners.SuccessiveHalvingPruner(lowest, eta),
            "MedianPruner": optuna.pruners.MedianPruner,
            "NopPruner": optuna.pruners.NopPruner,
        }[pruner]()
        self._space = space
        self._study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), pruner=made)
        self._trial: optuna.Trial | None = None
        self._point: dict[str, Any] = {}
        self._epoch = 0

    def ask(self, number: int) -> dict[str, Any]:
        if self._trial is None:
            self._trial, self._epoch = self._study.ask(), 0
            self._point = suggested(self._trial, self._space)
        self._epoch += 1
        follows = number - 1 if self._epoch > 1 else None
        return {"point": self._point, "epochs": self._epoch, "follows": follows}

    def tell(self, number: int, value: float) -> None:
        assert self._trial is not None
        if self._epoch == self._highest:
            self._study.tell(self._trial, value)
            self._trial = None
            return
        self._trial.report(value, self._epoch)
        if self._trial.should_prune():
            self._study.tell(self._trial, state=optuna.trial.TrialState.PRUNED)
            self._trial = None


def suggested(trial: optuna.Trial, space: list[dict[str, Any]]) -> dict[str, Any]:
    """What ``trial`` is given, parents first."""
    point: dict[str, Any] = {}
    for one in space:
        if one["parent"] is not None and point.get(one["parent"]) not in one["parent_values"]:
            continue
        name = one["name"]
        if one["kind"] == "choice":
            point[name] = trial.suggest_categorical(name, one["choices"])
        elif one["kind"] == "float":
            point[name] = trial.suggest_float(name, one["low"], one["high"], log=one["log"])
        else:
            point[name] = trial.suggest_int(name, int(one["low"]), int(one["high"]), log=one["log"])
    return point
