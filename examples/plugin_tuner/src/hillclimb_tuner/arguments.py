"""The ``class_args`` of the tuner. The core checks a config against this class before anything starts: names, types,
defaults and validators. The ``doc`` of each field is what documentation shows."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen
from attrs.validators import and_, ge, gt, le


class OptimizeMode(StrEnum):
    """Whether a small or a large final result is a good one."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"


@frozen(kw_only=True)
class HillClimbArguments:
    """What a user can set under ``class_args``."""

    optimize_mode: OptimizeMode = field(
        default=OptimizeMode.MINIMIZE, metadata={"doc": "whether a small or a large final result is a good one"}
    )
    seed: int | None = field(
        default=None, metadata={"doc": "start of all random numbers; left out, the core draws one and keeps it"}
    )
    start_trials: int = field(
        default=8,
        validator=ge(1),
        metadata={"doc": "random parameter sets to try before the first climb and each later one"},
    )
    first_step: float = field(
        default=0.2,
        validator=and_(gt(0.0), le(1.0)),
        metadata={"doc": "standard deviation of the first steps, as a share of each parameter's range"},
    )
