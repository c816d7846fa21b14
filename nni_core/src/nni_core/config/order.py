"""``deterministic``: results that reach the tuner in the order of trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nni_core.config.codes import ConfigCode
from nni_core.config.wording import ordinal
from nni_core.errors import Problem

#: what ``true`` stands for: as many workers as most machines have for trials, few enough to learn nearly as fast
USUAL_LAG = 8


def lag_of(written: bool | int) -> int:
    """By how many trials results lag behind suggestions; 0 where they come as they come."""
    return USUAL_LAG if written is True else int(written)


def order_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """What does not go with ``deterministic``; fields that are wrong themselves are absent."""
    lag = lag_of(values.get("deterministic", 0))
    if not lag:
        return
    concurrency = values.get("trial_concurrency", 1)
    if concurrency > lag:
        yield Problem(
            code=ConfigCode.BEYOND_LAG,
            message=f"{concurrency} trials never run at the same time: with 'deterministic' a trial begins when the "
            f"{ordinal(lag)} before it, and all before that one, have ended",
            help=f"write `deterministic: {concurrency}`, or lower trial_concurrency to {lag}",
            key_path=("trial_concurrency",),
        )
    if values.get("assessor") is not None:
        yield Problem(
            code=ConfigCode.TIMED_ASSESSOR,
            message="an assessor decides by what other trials have reported so far, which is another thing in every "
            "run: 'deterministic' cannot hold with it",
            help="delete the assessor, or take a tuner that gives budgets, such as ASHA",
            key_path=("assessor",),
            at_key=True,
        )
