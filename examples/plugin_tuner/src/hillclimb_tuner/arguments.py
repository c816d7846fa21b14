"""The ``class_args`` of the tuner. The core checks a config against this class before anything starts: names, types,
defaults and validators. The ``#:`` comments are the documentation of each."""

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

    #: whether a small or a large final result is a good one
    optimize_mode: OptimizeMode = OptimizeMode.MINIMIZE
    #: start of all random numbers: the same seed and results give the same suggestions. When it is left out,
    #: the core draws one and keeps it with the experiment
    seed: int | None = None
    #: how many random parameter sets to try before the first climb, and before each later one
    start_trials: int = field(default=8, validator=ge(1))
    #: standard deviation of the first steps, as a share of each parameter's range
    first_step: float = field(default=0.2, validator=and_(gt(0.0), le(1.0)))
