"""Any sampler of Optuna as a tuner.

T. Akiba, S. Sano, T. Yanase, T. Ohta, M. Koyama: Optuna: A Next-generation Hyperparameter Optimization Framework, KDD
2019. Imported only in the process of a tuner that was chosen.
"""

from __future__ import annotations

import importlib
import inspect
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState

from nni_core.api import TunedObjective, Tuner, objective_numbers
from nni_core.model import Direction, Json, Parameters
from nni_core.space import SearchSpace
from nni_tuner_optuna.translation import Translation

_log = logging.getLogger(__name__)
optuna.logging.set_verbosity(optuna.logging.WARNING)


class OptunaTuner(Tuner):
    """A study of Optuna's in memory, kept in step with the experiment: trials that run are running ones there, those
    that end without a result have failed, and those of others are added."""

    def __init__(
        self,
        sampler: str = "TPESampler",
        sampler_args: Mapping[str, Any] | None = None,
        optimize_mode: Direction | str = Direction.MINIMIZE,
        seed: int | None = None,
        objectives: Sequence[TunedObjective] = (),
    ) -> None:
        """Arguments as in :class:`~nni_tuner_optuna.arguments.OptunaArguments`.

        :raises ImportError, AttributeError: when there is no such sampler.
        :raises TypeError: when it does not take these arguments.
        """
        self._objectives = objectives
        directions = [one.direction for one in objectives] or [Direction(optimize_mode)]
        self._directions = [StudyDirection[direction.name] for direction in directions]
        self._sampler = _sampler(sampler, dict(sampler_args or {}), seed)
        self._running: dict[int, tuple[optuna.Trial, Parameters]] = {}
        #: every result, so that those that lie in a changed search space are kept
        self._learnt: list[tuple[Parameters, Sequence[float]]] = []

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; results of a former one that lie in it are kept, and trials that run are not."""
        self._space = SearchSpace.parse(search_space)
        self._translation = Translation(self._space)
        self._study = optuna.create_study(sampler=self._sampler, directions=self._directions)
        self._running.clear()
        former, self._learnt = self._learnt, []
        for parameters, numbers in former:
            self._add(parameters, numbers)

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """Ask the study."""
        del kwargs
        with _quiet():
            trial = self._study.ask()
            parameters = self._translation.suggested(trial)
        self._running[parameter_id] = trial, parameters
        return parameters

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Tell the study; a result without a finite number for every objective is that of a failed trial."""
        del kwargs
        trial, suggested = self._running.pop(parameter_id, (None, None))
        numbers = objective_numbers(value, self._objectives)
        # The core may have put other parameters in the place of a suggestion that was tried before.
        own = trial is not None and suggested == parameters
        if trial is not None:
            self._tell(trial, numbers if own else None)
        if numbers is None:
            _log.warning("result of parameters %d left out: it lacks a finite number for some objective", parameter_id)
        elif own:
            self._learnt.append((parameters, numbers))
        else:
            self._add(parameters, numbers)

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """A trial that ended without a result has failed."""
        del success, kwargs
        trial, _ = self._running.pop(parameter_id, (None, None))
        if trial is not None:
            self._tell(trial, None)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Add results from elsewhere, as far as they lie in the search space and have every objective."""
        for record in data:
            numbers = objective_numbers(record["value"], self._objectives)
            if numbers is not None:
                self._add(record["parameter"], numbers)

    def _add(self, parameters: Parameters, numbers: Sequence[float]) -> None:
        if self._space.contains(parameters) is not None:
            return
        values, distributions = self._translation.labelled(parameters)
        with _quiet():
            self._study.add_trial(
                optuna.trial.create_trial(params=values, distributions=distributions, values=list(numbers))
            )
        self._learnt.append((parameters, numbers))

    def _tell(self, trial: optuna.Trial, numbers: Sequence[float] | None) -> None:
        with _quiet():
            if numbers is None:
                self._study.tell(trial, state=TrialState.FAIL)
            else:
                self._study.tell(trial, list(numbers))


def _sampler(name: str, arguments: dict[str, Any], seed: int | None) -> optuna.samplers.BaseSampler:
    module, _, class_name = name.rpartition(":")
    cls = getattr(importlib.import_module(module or "optuna.samplers"), class_name)
    if seed is not None and "seed" in inspect.signature(cls).parameters:
        arguments = {"seed": seed, **arguments}
    with _quiet():
        built: optuna.samplers.BaseSampler = cls(**arguments)
    return built


@contextmanager
def _quiet() -> Iterator[None]:
    """Who chooses a sampler has read what Optuna says of its age."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
