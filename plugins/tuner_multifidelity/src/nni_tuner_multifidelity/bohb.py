"""BOHB: Hyperband whose parameter sets come from a model.

S. Falkner, A. Klein, F. Hutter: BOHB: Robust and Efficient Hyperparameter Optimization at Scale, ICML 2018.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from nni_core.api import NoMoreTrialError, Tuner
from nni_core.model import Direction, Json, Parameters
from nni_tuner_multifidelity.arguments import ExecMode
from nni_tuner_multifidelity.hyperband import BracketTuner
from nni_tuner_multifidelity.jobs import Job, ladder, level_of
from nni_tuner_multifidelity.proposer import Proposer

_log = logging.getLogger(__name__)


class BohbTuner(BracketTuner):
    """The brackets of Hyperband; of new parameter sets some are random, and the others come from a tuner that learns
    the results of the largest budget that has enough of them. The paper's model is a Parzen estimator over all
    parameters together, which is what ``TPE`` is."""

    def __init__(
        self,
        proposer: Tuner,
        optimize_mode: Direction | str = Direction.MAXIMIZE,
        min_budget: float = 1,
        max_budget: float = 3,
        eta: int = 3,
        min_points_in_model: int | None = None,
        random_fraction: float = 1 / 3,
        seed: int | None = None,
        **of_nni: float | None,
    ) -> None:
        """Arguments as in :class:`~nni_tuner_multifidelity.arguments.BohbArguments`, the proposer built."""
        if given := [name for name, value in of_nni.items() if value is not None]:
            _log.warning("without effect in this tuner: %s", ", ".join(given))
        super().__init__(optimize_mode, ladder(min_budget, max_budget, eta), eta, ExecMode.PARALLELISM, seed)
        self._random_fraction = random_fraction
        self._proposer = Proposer(proposer, min_points_in_model, distinct=False)

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space."""
        super().update_search_space(search_space)
        self._proposer.update_search_space(search_space)

    def new_parameters(self, parameter_id: int, level: int) -> Parameters:
        """Random, or from the proposer while that has one."""
        if self._random.random() < self._random_fraction:
            return super().new_parameters(parameter_id, level)
        try:
            return self._proposer.propose(parameter_id)
        except NoMoreTrialError:
            return super().new_parameters(parameter_id, level)

    def job_ended(self, job: Job) -> None:
        """The proposer learns it, too."""
        super().job_ended(job)
        self._proposer.learn(job)

    def job_refused(self, job: Job) -> None:
        """The proposer hears of it, too."""
        super().job_refused(job)
        self._proposer.forget(job)

    def learn_from_elsewhere(self, parameters: Parameters, budget: Json, value: Json) -> bool:
        """A result for the proposer; the largest budget where none is told, as in NNI."""
        return self._proposer.learn_from_elsewhere(parameters, level_of(budget, self._budgets), value)
