"""TPE, as it is chosen by name: the multivariate estimator, or NNI's."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nni_core.api import TunedObjective, Tuner
from nni_core.model import Json, Parameters
from nni_tuner_tpe.arguments import OptimizeMode, TpeArguments
from nni_tuner_tpe.losses import Objectives
from nni_tuner_tpe.multivariate import MultivariateTpe
from nni_tuner_tpe.nni_tpe import NniTpe

_log = logging.getLogger(__name__)


class TpeTuner(Tuner):
    """Suggests what is likelier among good results than among the others."""

    def __init__(
        self,
        optimize_mode: OptimizeMode | str = OptimizeMode.MINIMIZE,
        seed: int | None = None,
        tpe_args: TpeArguments | Mapping[str, Any] | None = None,
        objectives: Sequence[TunedObjective] = (),
    ) -> None:
        """Arguments as in :class:`~nni_tuner_tpe.arguments.TpeTunerArguments`."""
        sign = OptimizeMode(optimize_mode).sign
        arguments = tpe_args if isinstance(tpe_args, TpeArguments) else TpeArguments(**(tpe_args or {}))
        if seed is None:
            seed = int(np.random.default_rng().integers(2**31))
            _log.info("using random seed %d", seed)
        self._search: Tuner
        if arguments.multivariate:
            self._search = MultivariateTpe(Objectives(sign, objectives), seed, arguments.settled)
        else:
            if objectives:
                _log.warning("without multivariate the first objective is learnt only, %r", objectives[0].name)
            self._search = NniTpe(sign, seed, arguments.settled)

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take a search space; of a former one's results, keep each value that the new one has too."""
        self._search.update_search_space(search_space)

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """Suggest one set of parameters. Never runs out."""
        suggested: Parameters = self._search.generate_parameters(parameter_id, **kwargs)  # type: ignore[assignment]
        return suggested

    def receive_trial_result(self, parameter_id: int, parameters: Parameters, value: Json, **kwargs: Any) -> None:
        """Learn a result; one that holds no finite number teaches nothing."""
        self._search.receive_trial_result(parameter_id, parameters, value, **kwargs)

    def trial_end(self, parameter_id: int, success: bool, **kwargs: Any) -> None:
        """Forget a trial that ended without a result."""
        self._search.trial_end(parameter_id, success, **kwargs)

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Learn results from elsewhere, each parameter by itself as far as the search space has its value."""
        self._search.import_data(data)
