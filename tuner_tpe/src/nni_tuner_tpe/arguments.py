"""The ``class_args`` of the tuners in this distribution, as the core checks them before anything starts.

Light on purpose: it is imported whenever plugins are listed, so it brings neither numpy nor hyperopt.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from attrs import field, frozen
from attrs.validators import and_, ge, gt, le, optional

from nni_core.api import TunedObjective

T = TypeVar("T")

#: above this a weight swallows every result; it also keeps infinity out
_HEAVIEST = 1e9
#: taken for a prior weight of 0: where there are no results, a density without any prior is 0
_LIGHTEST = 1e-6


class OptimizeMode(StrEnum):
    """Whether a small or a large final result is a good one."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"

    @property
    def sign(self) -> int:
        """What turns a result into a loss, and a loss back into a result."""
        return 1 if self is OptimizeMode.MINIMIZE else -1


class ConstantLiar(StrEnum):
    """The result that TPE pretends for trials that still run: the best, worst or mean one received so far."""

    #: the worst, and NNI's ``best`` without ``multivariate``
    AUTO = "auto"
    BEST = "best"
    WORST = "worst"
    MEAN = "mean"
    #: running trials are left out, as with ``null``
    NONE = "none"


class LegacyLiar(StrEnum):
    """The loss that the hyperopt tuners pretend for trials that still run, by NNI's names."""

    MIN = "min"
    MAX = "max"
    MEAN = "mean"


def _liar(value: ConstantLiar | str | None) -> ConstantLiar:
    return ConstantLiar.NONE if value is None else ConstantLiar(value)


@frozen(kw_only=True)
class Constants:
    """The constants that one of the two algorithms runs with. See :class:`TpeArguments`."""

    liar: ConstantLiar
    n_startup_jobs: int
    n_ei_candidates: int
    linear_forgetting: int
    prior_weight: float
    gamma: float


#: NNI's own
_NNI = Constants(
    liar=ConstantLiar.BEST, n_startup_jobs=20, n_ei_candidates=24, linear_forgetting=25, prior_weight=1.0, gamma=0.25
)
#: chosen on the development problems
_MULTIVARIATE = Constants(
    liar=ConstantLiar.WORST, n_startup_jobs=10, n_ei_candidates=24, linear_forgetting=25, prior_weight=1.0, gamma=0.1
)


@frozen(kw_only=True)
class TpeArguments:
    """``tpe_args``: the constants of the algorithm, by NNI's names. What is left out depends on ``multivariate``."""

    #: NNI's algorithm sees no interactions, and draws its candidates anew for each parameter
    multivariate: bool = field(
        default=True,
        metadata={"doc": "Model all parameters together; false for NNI's algorithm, number for number."},
    )
    #: NNI's ``best`` makes trials that run at a time huddle together
    constant_liar_type: ConstantLiar | None = field(
        default=ConstantLiar.AUTO,
        converter=_liar,
        metadata={
            "doc": "Result pretended for trials that still run: best, worst, mean, or null for none; auto is worst, or "
            "best without multivariate."
        },
    )
    #: without ``multivariate`` a nested parameter counts its own results, and so starts up by itself
    n_startup_jobs: int | None = field(
        default=None,
        validator=optional(ge(0)),
        metadata={
            "doc": "Trials, or results of a parameter, before the model is asked: 10, and 20 without multivariate."
        },
    )
    #: more of them search more greedily
    n_ei_candidates: int | None = field(
        default=None,
        validator=optional(and_(ge(1), le(100_000))),
        metadata={"doc": "Candidates drawn at a time, of which the most promising is suggested: 24."},
    )
    #: weights go by rank in NNI's algorithm: the best of the other results weigh least
    linear_forgetting: int | None = field(
        default=None,
        validator=optional(ge(1)),
        metadata={
            "doc": "At most so many results count as good and, without multivariate, so many of the others in full: 25."
        },
    )
    #: a small one trusts few results early
    prior_weight: float | None = field(
        default=None,
        validator=optional(and_(ge(0), le(_HEAVIEST))),
        metadata={"doc": "Weight of the search space's own distribution, as compared with one result: 1."},
    )
    #: hyperopt's rule is the square root
    gamma: float | None = field(
        default=None,
        validator=optional(and_(gt(0), le(_HEAVIEST))),
        metadata={
            "doc": "Share of the results that count as good: 0.1. Without multivariate, of n results, gamma times the "
            "square root of n: 0.25."
        },
    )

    @property
    def settled(self) -> Constants:
        """The constants, those that were left out included."""
        default = _MULTIVARIATE if self.multivariate else _NNI
        liar = self.constant_liar_type or ConstantLiar.NONE
        return Constants(
            liar=default.liar if liar is ConstantLiar.AUTO else liar,
            n_startup_jobs=_or(self.n_startup_jobs, default.n_startup_jobs),
            n_ei_candidates=_or(self.n_ei_candidates, default.n_ei_candidates),
            linear_forgetting=_or(self.linear_forgetting, default.linear_forgetting),
            prior_weight=max(_or(self.prior_weight, default.prior_weight), _LIGHTEST),
            gamma=_or(self.gamma, default.gamma),
        )


def _or(given: T | None, default: T) -> T:
    return default if given is None else given


@frozen(kw_only=True)
class TpeTunerArguments:
    """``class_args`` of ``TPE``."""

    #: NNI's default
    optimize_mode: OptimizeMode = field(
        default=OptimizeMode.MINIMIZE,
        converter=OptimizeMode,
        metadata={"doc": "Whether a small or a large final result is a good one."},
    )
    #: drawn by the core, and kept with the experiment, when left out
    seed: int | None = field(
        default=None,
        validator=optional(ge(0)),
        metadata={"doc": "Seed of the random numbers; the same seed and results give the same suggestions."},
    )
    #: null for the defaults
    tpe_args: TpeArguments | None = field(default=None, metadata={"doc": "Constants of the algorithm, by NNI's names."})
    #: filled by the core when the config names several; then ``optimize_mode`` is theirs
    objectives: tuple[TunedObjective, ...] = field(
        default=(), metadata={"doc": "What to optimize together: filled in from the objectives of the config."}
    )


@frozen(kw_only=True)
class HyperoptArguments:
    """``class_args`` of ``TPE_legacy`` and ``Anneal``."""

    #: NNI's default
    optimize_mode: OptimizeMode = field(
        default=OptimizeMode.MINIMIZE,
        converter=OptimizeMode,
        metadata={"doc": "Whether a small or a large final result is a good one."},
    )
    #: drawn by the core, and kept with the experiment, when left out
    seed: int | None = field(
        default=None,
        validator=optional(ge(0)),
        metadata={"doc": "Seed of the random numbers; the same seed and results give the same suggestions."},
    )
    #: hyperopt by itself holds trials that still run for infinitely bad, which keeps suggestions apart
    parallel_optimize: bool = field(
        default=False, metadata={"doc": "Pretend a loss for trials that still run, which constant_liar_type chooses."}
    )
    #: without effect unless ``parallel_optimize`` is set
    constant_liar_type: LegacyLiar = field(
        default=LegacyLiar.MIN,
        converter=LegacyLiar,
        metadata={"doc": "Loss pretended with parallel_optimize: min, max or mean of those received."},
    )
