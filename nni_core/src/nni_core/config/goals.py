"""``objectives`` and ``stop_when``: what is looked for, and when it is found."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import attrs
from attrs import field, frozen
from attrs.validators import ge, optional

from nni_core.config.metadata import described
from nni_core.model import Direction


class RunningTrials(StrEnum):
    """What becomes of the trials that run when the goal is reached."""

    FINISH = "finish"
    CANCEL = "cancel"


def _check_name(_: object, attribute: attrs.Attribute[Any], value: str) -> None:
    if not value.strip() or not value.isprintable():
        raise ValueError(f"{attribute.name!r} must be printable text on one line, got {value[:60]!r}")


@frozen(kw_only=True)
class ObjectiveConfig:
    """One number to optimize."""

    name: str = field(
        default="default",
        validator=_check_name,
        metadata=described(
            "Key of the number in results that are dicts. A plain number counts as the first objective.",
            example="loss",
        ),
    )
    direction: Direction = field(metadata=described("Which way is better.", example="minimize"))


@frozen(kw_only=True)
class StopWhen:
    """When the experiment has what it was made for. One of `target` and `no_improvement` at least."""

    target: float | None = field(
        default=None,
        metadata=described(
            "A result that is good enough: reached by one that is equal or better, in the first objective.",
            example="0.95",
        ),
    )
    no_improvement: int | None = field(
        default=None,
        validator=optional(ge(1)),
        metadata=described(
            "How many trials may end without a better result than the best so far. Failed ones are not counted.",
            unit="trials",
            example="20",
        ),
    )
    min_trials: int = field(
        default=0,
        validator=ge(0),
        metadata=described("How many trials have to end with a result in any case.", unit="trials", example="10"),
    )
    running: RunningTrials = field(
        default=RunningTrials.FINISH,
        metadata=described("Whether the trials that run then finish, or are ended with the experiment (`cancel`)."),
    )
