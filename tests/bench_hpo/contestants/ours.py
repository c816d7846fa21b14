"""Any installed tuner, found as a config finds it."""

from __future__ import annotations

from typing import Any

from nni_space import flat, search_space

import nni


class Ours:
    """``tuner`` is what a config says under ``tuner``."""

    def __init__(
        self,
        space: list[dict[str, Any]],
        seed: int,
        evaluations: int,
        tuner: dict[str, Any],
        budgets: dict[str, Any] | None = None,
    ) -> None:
        self._space = space
        self._study = nni.Study(search_space(space, whole_numbers="randint"), tuner, seed=seed)
        self._open: dict[int, nni.Suggestion] = {}

    def ask(self, number: int) -> dict[str, Any]:
        suggestion = self._open[number] = self._study.ask()
        parameters = dict(suggestion.parameters)
        budget = parameters.pop("TRIAL_BUDGET", None)
        point = flat(self._space, parameters)
        if budget is None:
            return {"point": point}
        return {"point": point, "epochs": round(budget), "follows": suggestion.checkpoints_of}

    def tell(self, number: int, value: float) -> None:
        self._study.tell(self._open.pop(number), value)
