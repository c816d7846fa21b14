"""NNI 3.0's TPE, called as its dispatcher calls it."""

from __future__ import annotations

import logging
from typing import Any

from nni_space import flat, search_space

logging.disable(logging.CRITICAL)

from nni.algorithms.hpo.tpe_tuner import TpeTuner  # noqa: E402


class Tpe:
    """With its own defaults."""

    def __init__(self, space: list[dict[str, Any]], seed: int, evaluations: int) -> None:
        self._space = space
        self._tuner = TpeTuner("minimize", seed=seed)
        self._tuner.update_search_space(search_space(space, whole_numbers="quniform"))

    def ask(self, number: int) -> dict[str, Any]:
        return {"point": flat(self._space, self._tuner.generate_parameters(number))}

    def tell(self, number: int, value: float) -> None:
        self._tuner.receive_trial_result(number, None, value)
        self._tuner.trial_end(number, True)
