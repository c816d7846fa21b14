"""Tuners for programs that run their own trials: ask for parameters, tell what came of them. No process, no files."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from attrs import evolve, frozen

from nni.metric import checked
from nni_core.api import NoMoreTrialError
from nni_core.client.settings_tree import AlgorithmConfig
from nni_core.config.search import SearchConfig, load_search
from nni_core.errors import ConfigError, ConflictError, NotFoundError, Problem
from nni_core.experiment.initial_points import completed_points
from nni_core.experiment.objectives import optimize_mode
from nni_core.experiment.seeds import seeded
from nni_core.experiment.sieve import SearchRules
from nni_core.experiment.tuner_messages import AlgorithmRef
from nni_core.experiment.tuner_worker import built
from nni_core.experiment.worker import Worker
from nni_core.model import Duplicates, Json, Parameters, TrialState, default_number
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import discover_plugins

__all__ = ["Study", "StudyTrial", "Suggestion"]


@frozen(kw_only=True)
class Suggestion:
    """Parameters to try."""

    #: counts the suggestions of a study, from 0; a number may be passed over
    id: int
    parameters: Parameters
    #: id of the suggestion whose training this one goes on with; None: it begins anew. Only of a tuner that
    #: :attr:`gives budgets <Study.gives_budgets>`
    checkpoints_of: int | None = None


@frozen(kw_only=True)
class StudyTrial:
    """A suggestion, and what is known of it."""

    id: int
    parameters: Parameters
    #: ``RUNNING`` until its result is told, then ``SUCCEEDED`` or ``FAILED``
    state: TrialState = TrialState.RUNNING
    #: what was told: a number, or a dict with a number under ``default``
    value: Json = None

    @property
    def number(self) -> float | None:
        """The value that is optimized; None when there is no finite one."""
        return default_number(self.value)


class Study:
    """A tuner and its search space, worked by hand.

    .. code-block:: python

        space = {"x": {"_type": "uniform", "_value": [-5, 5]}}
        study = nni.Study(space, tuner="TPE", class_args={"optimize_mode": "minimize"}, seed=7)
        for _ in range(30):
            suggestion = study.ask()
            study.tell(suggestion, (suggestion.parameters["x"] - 2) ** 2)
        print(study.best.parameters, study.best.value)

    What a tuner suggests is checked as in an experiment: it lies in the search space, and on a finite space nothing is
    suggested twice. With the same seed and the same results a study suggests what an experiment does. Several
    suggestions may be open at the same time, and told in any order. Use one study from one thread at a time.
    """

    def __init__(
        self,
        search_space: Mapping[str, Json],
        tuner: str | Mapping[str, Json] | AlgorithmConfig = "TPE",
        *,
        class_args: Mapping[str, Json] | None = None,
        seed: int | None = None,
        constraints: Sequence[str] = (),
        initial_points: Sequence[Parameters] = (),
        duplicates: Literal["skip", "allow"] = "skip",
    ) -> None:
        """``tuner`` is the name of an installed one, or what a config says under ``tuner``; ``class_args`` are its
        arguments. ``seed``, ``constraints``, ``initial_points`` and ``duplicates`` mean what they mean in a config: the
        points are suggested first, and the seed is drawn when it is left out.

        :raises UserError: with everything that is wrong with the search space, the tuner and its arguments.
        """
        registry = discover_plugins()
        given = {
            "search_space": search_space,
            "tuner": _section(tuner, class_args),
            "seed": seed,
            "constraints": list(constraints),
            "initial_points": [dict(point) for point in initial_points],
            "duplicates": duplicates,
        }
        config = load_search(given, Path.cwd(), registry)
        if config.duplicates is Duplicates.REUSE:
            problem = "a study keeps no results to reuse: 'duplicates' must be skip or allow"
            raise ConfigError(Problem(code="NNI643", message=problem, key_path=("duplicates",)))
        #: what everything random is drawn from
        self.seed: int = secrets.randbelow(2**31) if config.seed is None else config.seed
        arguments = seeded(config.tuner.class_args, config.tuner.arguments, self.seed, "tuner")
        #: ``maximize`` or ``minimize``
        self.optimize_mode = optimize_mode({"tuner": {"classArgs": arguments}})
        rules = SearchRules(seed=self.seed, constraints=config.constraints, duplicates=config.duplicates)
        made = built(registry, PluginKind.TUNER, _reference(config, arguments).as_json(), rules)
        self._worker = Worker(tuner=made, assessor=None, search_space=config.search_space, rules=rules)
        self._trials: dict[int, StudyTrial] = {}
        #: initial points that were not suggested yet, and the ids of those that were
        self._points: deque[Parameters] = deque()
        if config.initial_points:  # of a space that only a tuner of the user's own can read there are none
            points = completed_points(config.initial_points, config.search_space, config.constraints, self.seed)
            self._points.extend(points)
        self._given: set[int] = set()
        self._next_id = 0

    def ask(self) -> Suggestion:
        """The next parameters to try.

        :raises nni.NoMoreTrialError: when the tuner has nothing left to suggest.
        """
        return self.ask_many(1)[0]

    def ask_many(self, count: int) -> list[Suggestion]:
        """Several parameters to try at once; fewer when no more are left.

        :raises nni.NoMoreTrialError: when none is left.
        """
        suggestions = [self._suggested(self._first_point()) for _ in range(min(count, len(self._points)))]
        if len(suggestions) == count:
            return suggestions
        answer = self._worker.ask(count - len(suggestions), self._next_id)
        # The tuner has seen the ids of what was refused, too.
        self._next_id = answer["next_id"]
        for number, parameters, _, checkpoints_of in answer["suggestions"]:
            made = Suggestion(id=number, parameters=parameters, checkpoints_of=checkpoints_of)
            suggestions.append(self._suggested(made))
        if not suggestions:
            raise NoMoreTrialError(answer["exhausted"])
        return suggestions

    def _first_point(self) -> Suggestion:
        point = Suggestion(id=self._next_id, parameters=self._points.popleft())
        self._next_id += 1
        self._given.add(point.id)
        self._worker.customized(point.id, point.parameters)
        return point

    def _suggested(self, suggestion: Suggestion) -> Suggestion:
        self._trials[suggestion.id] = StudyTrial(id=suggestion.id, parameters=suggestion.parameters)
        return suggestion

    def tell(self, suggestion: Suggestion | int, value: object = None, *, failed: bool = False) -> StudyTrial:
        """Say what came of a suggestion, or of its id: a value as for :func:`nni.report_final_result`, or ``failed``.

        A tuner learns nothing from a failure, nor from a NaN.

        :raises TypeError, ValueError: when ``value`` is no such value.
        :raises NotFoundError: when there is no such suggestion.
        :raises ConflictError: when it was told before.
        """
        if failed and value is not None:
            raise ValueError("tell either a value or failed=True")
        trial = self._open_trial(suggestion)
        result = None if failed else checked(value)
        state = TrialState.FAILED if failed else TrialState.SUCCEEDED
        self._worker.end(trial.id, trial.parameters, str(trial.id), result, not failed, trial.id in self._given)
        self._trials[trial.id] = evolve(trial, state=state, value=result)
        return self._trials[trial.id]

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Teach the tuner results from elsewhere: a list of ``{"parameter": {...}, "value": ...}``.

        :raises NotImplementedError: when the tuner cannot learn them.
        """
        self._worker.import_(data)

    @property
    def gives_budgets(self) -> bool:
        """Whether the tuner suggests the same parameters again, with another budget or other checkpoints."""
        return self._worker.tuner.repeats

    @property
    def trials(self) -> list[StudyTrial]:
        """Every suggestion, in the order in which they were asked for."""
        return list(self._trials.values())

    @property
    def best(self) -> StudyTrial | None:
        """The trial with the best finite value; None before there is one."""
        told = [(trial.number, trial) for trial in self._trials.values() if trial.number is not None]
        if not told:
            return None
        pick = max if self.optimize_mode == "maximize" else min
        return pick(told, key=lambda pair: pair[0])[1]

    def _open_trial(self, suggestion: Suggestion | int) -> StudyTrial:
        number = suggestion.id if isinstance(suggestion, Suggestion) else suggestion
        trial = self._trials.get(number)
        if trial is None:
            raise NotFoundError(Problem(code="NNI644", message=f"this study has made no suggestion {number!r}"))
        if trial.state is not TrialState.RUNNING:
            raise ConflictError(
                Problem(
                    code="NNI645", message=f"the result of suggestion {number} was told before: it is {trial.state}"
                )
            )
        return trial


def _section(
    tuner: str | Mapping[str, Json] | AlgorithmConfig, class_args: Mapping[str, Json] | None
) -> Mapping[str, Json]:
    """What a config would say under ``tuner``."""
    data = tuner.as_data() if isinstance(tuner, AlgorithmConfig) else tuner
    section: dict[str, Json] = {"name": data} if isinstance(data, str) else dict(data)
    return {**section, "class_args": {**(section.get("class_args") or {}), **(class_args or {})}}


def _reference(config: SearchConfig, arguments: Mapping[str, Json]) -> AlgorithmRef:
    directory = config.tuner.code_directory
    return AlgorithmRef(
        name=config.tuner.name,
        class_name=config.tuner.class_name,
        code_directory=None if directory is None else str(directory),
        class_args=arguments,
    )
