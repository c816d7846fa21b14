"""hyperopt's own algorithms as tuners: ``TPE_legacy`` and ``Anneal``.

Imported only in the process of a tuner that was chosen: hyperopt brings scipy and networkx.
"""

from __future__ import annotations

import logging
import warnings
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import fmean
from typing import Any

import numpy as np
from attrs import define

from nni_core.api import Tuner
from nni_core.model import Json, Parameters, default_number
from nni_core.space import SearchSpace
from nni_tuner_tpe.arguments import LegacyLiar, OptimizeMode

with warnings.catch_warnings():
    # What hyperopt's own dependencies deprecate is nothing that a user of ours could mend.
    warnings.simplefilter("ignore")
    from hyperopt import STATUS_NEW, STATUS_OK, Domain, Trials, anneal, tpe
    from hyperopt.base import JOB_STATE_DONE, JOB_STATE_ERROR

    from nni_tuner_tpe.hyperopt_space import HyperoptSpace

_log = logging.getLogger(__name__)

_LIES: dict[LegacyLiar, Callable[[list[float]], float]] = {
    LegacyLiar.MIN: min,
    LegacyLiar.MAX: max,
    LegacyLiar.MEAN: fmean,
}


@define(eq=False)
class _Trial:
    """Parameters, and the document that hyperopt keeps of them."""

    parameters: Parameters
    document: dict[str, Any]
    #: None while it runs
    loss: float | None = None


class HyperoptTuner(Tuner):
    """What the two tuners share: hyperopt's documents, kept in step with the trials."""

    def __init__(
        self,
        optimize_mode: OptimizeMode | str = OptimizeMode.MINIMIZE,
        seed: int | None = None,
        parallel_optimize: bool = False,
        constant_liar_type: LegacyLiar | str = LegacyLiar.MIN,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_tpe.arguments.HyperoptArguments`."""
        self._sign = OptimizeMode(optimize_mode).sign
        self._lies = parallel_optimize
        self._liar = LegacyLiar(constant_liar_type)
        if seed is None:
            seed = int(np.random.default_rng().integers(2**31))
            _log.info("using random seed %d", seed)
        self._rng = np.random.default_rng(seed)
        #: every trial that hyperopt knows, in the order it came to know them
        self._trials: list[_Trial] = []
        self._running: dict[int, _Trial] = {}

    @abstractmethod
    def suggest(self, ids: list[int], domain: Domain, trials: Trials, seed: int) -> list[dict[str, Any]]:
        """hyperopt's algorithm."""

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; of the trials in a former one, keep those that lie in the new one as well."""
        self._space = SearchSpace.parse(search_space)
        self._translation = HyperoptSpace(self._space)
        with _quiet():
            self._domain = Domain(_never_called, self._translation.expression)
        self._documents = Trials()
        former, self._trials = self._trials, []
        for trial in former:
            if self._space.contains(trial.parameters) is None:
                trial.document = self._document(trial.parameters)
                self._trials.append(trial)
                self._set_loss(trial, trial.loss)
        self._running = {key: trial for key, trial in self._running.items() if trial in self._trials}

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """Suggest one set of parameters. Never runs out."""
        del kwargs
        with self._pretending(), _quiet():
            ids = self._documents.new_trial_ids(1)
            seed = int(self._rng.integers(2**31 - 1))
            (suggested,) = self.suggest(ids, self._domain, self._documents, seed)
        values = {label: found[0] for label, found in suggested["misc"]["vals"].items() if len(found)}
        parameters = self._translation.external(values)
        self._running[parameter_id] = self._add(parameters)
        return parameters

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Learn a result; one that holds no finite number, or lies outside the search space, teaches nothing."""
        del kwargs
        trial = self._running.pop(parameter_id, None)
        # The core may have put other parameters in the place of a suggestion that was tried before.
        if trial is not None and trial.parameters != parameters:
            self._drop(trial)
            trial = None
        if not self._learn(trial, parameters, value):
            _log.warning(
                "result of parameters %d left out: no finite number, or outside the search space", parameter_id
            )

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """Forget a trial that ended without a result."""
        del success, kwargs
        trial = self._running.pop(parameter_id, None)
        if trial is not None:
            self._drop(trial)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Learn results from elsewhere, as far as they lie in the search space."""
        learnt = sum(self._learn(None, record["parameter"], record["value"]) for record in data)
        if learnt < len(data):
            _log.warning(
                "imported %d of %d results; the others hold no finite number, or lie outside the search space",
                learnt,
                len(data),
            )

    def _learn(self, trial: _Trial | None, parameters: Parameters, value: Json) -> bool:
        """Note the result of a trial, or of parameters that hyperopt does not know yet; False when there is none."""
        number = default_number(value)
        if number is None or self._space.contains(parameters) is not None:
            if trial is not None:
                self._drop(trial)
            return False
        self._set_loss(trial or self._add(parameters), self._sign * number)
        return True

    def _add(self, parameters: Parameters) -> _Trial:
        trial = _Trial(parameters, self._document(parameters))
        self._trials.append(trial)
        return trial

    def _drop(self, trial: _Trial) -> None:
        # hyperopt leaves out documents in this state when it refreshes.
        trial.document["state"] = JOB_STATE_ERROR
        self._trials = [kept for kept in self._trials if kept is not trial]
        self._documents.refresh()

    def _set_loss(self, trial: _Trial, loss: float | None) -> None:
        if loss is not None:
            trial.loss = loss
            trial.document["result"] = {"loss": loss, "status": STATUS_OK}
            trial.document["state"] = JOB_STATE_DONE

    def _document(self, parameters: Parameters) -> dict[str, Any]:
        """A document of parameters that will run, in hyperopt's keeping: as suggested, but with our rounding."""
        labelled = self._translation.labelled(parameters)
        (tid,) = self._documents.new_trial_ids(1)
        misc = {
            "tid": tid,
            "cmd": self._domain.cmd,
            "workdir": self._domain.workdir,
            "idxs": {label: [tid] if label in labelled else [] for label in self._translation.labels},
            "vals": {label: [labelled[label]] if label in labelled else [] for label in self._translation.labels},
        }
        self._documents.insert_trial_docs(
            self._documents.new_trial_docs([tid], [None], [self._domain.new_result()], [misc])
        )
        self._documents.refresh()
        kept: dict[str, Any] = self._documents.trials[-1]
        return kept

    @contextmanager
    def _pretending(self) -> Iterator[None]:
        """Give running trials a loss, if asked to; hyperopt by itself takes theirs for infinite."""
        losses = [trial.loss for trial in self._trials if trial.loss is not None]
        running = [trial for trial in self._trials if trial.loss is None] if self._lies and losses else []
        for trial in running:
            trial.document["result"] = {"loss": _LIES[self._liar](losses), "status": STATUS_OK}
        try:
            yield
        finally:
            for trial in running:
                trial.document["result"] = {"status": STATUS_NEW}


class HyperoptTpeTuner(HyperoptTuner):
    """``TPE_legacy``: hyperopt's tree-structured Parzen estimator."""

    def suggest(self, ids: list[int], domain: Domain, trials: Trials, seed: int) -> list[dict[str, Any]]:
        """:func:`hyperopt.tpe.suggest`."""
        suggested: list[dict[str, Any]] = tpe.suggest(ids, domain, trials, seed, verbose=False)
        return suggested


class HyperoptAnnealTuner(HyperoptTuner):
    """``Anneal``: hyperopt's annealing, which draws ever closer to the best trials."""

    def suggest(self, ids: list[int], domain: Domain, trials: Trials, seed: int) -> list[dict[str, Any]]:
        """:func:`hyperopt.anneal.suggest`."""
        suggested: list[dict[str, Any]] = anneal.suggest(ids, domain, trials, seed)
        return suggested


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep hyperopt's arithmetic at the edges (logarithms of zero, deprecated calls) from becoming our warnings."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def _never_called(_parameters: Any) -> float:
    # hyperopt wants an objective to build its graph; trials run elsewhere.
    raise NotImplementedError
