"""The ``class_args`` of the assessors."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, gt, le, lt

from nni_core.model import Direction

_MODE = {"doc": "Which way is better; follows from the config's objectives where it has any."}
_METRIC = {"doc": "Which number of intermediate results that are dicts counts."}


@frozen(kw_only=True)
class MedianstopArguments:
    """``class_args`` of ``Medianstop``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    start_step: int = field(
        default=0, validator=ge(0), metadata={"doc": "Trials with fewer intermediate results than this run on."}
    )
    metric: str = field(default="default", metadata=_METRIC)


@frozen(kw_only=True)
class PercentileArguments:
    """``class_args`` of ``Percentile``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    percentile: float = field(
        default=50.0,
        validator=[gt(0), lt(100)],
        metadata={"doc": "How many of a hundred finished trials a trial may be as bad as, counted from the best."},
    )
    start_step: int = field(
        default=0, validator=ge(0), metadata={"doc": "Trials with fewer intermediate results than this run on."}
    )
    min_trials: int = field(
        default=1, validator=ge(1), metadata={"doc": "Finished trials that are needed to compare with."}
    )
    metric: str = field(default="default", metadata=_METRIC)


@frozen(kw_only=True)
class PatienceArguments:
    """``class_args`` of ``Patience``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    patience: int = field(
        default=10, validator=ge(1), metadata={"doc": "Intermediate results that may pass without a better one."}
    )
    min_delta: float = field(
        default=0.0, validator=ge(0), metadata={"doc": "By how much a result has to be better to count as better."}
    )
    start_step: int = field(
        default=0, validator=ge(0), metadata={"doc": "Trials with fewer intermediate results than this run on."}
    )
    metric: str = field(default="default", metadata=_METRIC)


@frozen(kw_only=True)
class AshaArguments:
    """``class_args`` of ``ASHA``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    min_steps: int = field(
        default=1,
        validator=ge(1),
        metadata={"doc": "Intermediate results at the first rung, where trials are first compared."},
    )
    eta: int = field(
        default=3,
        validator=ge(2),
        metadata={"doc": "Of so many trials at a rung one goes on; the next rung has so many times the steps."},
    )
    metric: str = field(default="default", metadata=_METRIC)


@frozen(kw_only=True)
class CurvefittingArguments:
    """``class_args`` of ``Curvefitting``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    epoch_num: int = field(
        default=20,
        validator=ge(1),
        metadata={"doc": "Intermediate results of a whole trial: what is predicted is the last."},
    )
    start_step: int = field(
        default=6, validator=ge(4), metadata={"doc": "Intermediate results that are needed for a prediction."}
    )
    threshold: float = field(
        default=0.95,
        validator=[gt(0), le(1)],
        metadata={"doc": "A trial ends when its prediction is no better than this share of the best trial's result."},
    )
    gap: int = field(default=1, validator=ge(1), metadata={"doc": "Intermediate results between two predictions."})
    metric: str = field(default="default", metadata=_METRIC)
