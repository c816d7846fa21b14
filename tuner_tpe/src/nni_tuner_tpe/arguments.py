"""The ``class_args`` of the tuners in this distribution, as the core checks them before anything starts.

Light on purpose: it is imported whenever plugins are listed, so it brings neither numpy nor hyperopt.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen
from attrs.validators import ge, gt, le, optional

#: above this a weight swallows every result; it also keeps infinity out
_HEAVIEST = 1e9


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
class TpeArguments:
    """``tpe_args``: the constants of the algorithm, by NNI's names and with its defaults."""

    #: NNI's default; with many trials at a time ``worst`` keeps suggestions further apart
    constant_liar_type: ConstantLiar | None = field(
        default=ConstantLiar.BEST,
        converter=_liar,
        metadata={"doc": "Result pretended for trials that still run: best, worst, mean, or null for none."},
    )
    #: a nested parameter counts its own results, and so starts up by itself
    n_startup_jobs: int = field(
        default=20,
        validator=ge(0),
        metadata={"doc": "A parameter is drawn at random until so many results of it are known."},
    )
    #: more of them search more greedily
    n_ei_candidates: int = field(
        default=24,
        validator=[ge(1), le(100_000)],
        metadata={"doc": "Candidates drawn for each parameter, of which the most promising is suggested."},
    )
    #: weights go by rank, as in NNI: the best of the other results weigh least
    linear_forgetting: int = field(
        default=25,
        validator=ge(1),
        metadata={"doc": "At most so many results count as good, and so many of the others count in full."},
    )
    #: a small one trusts few results early
    prior_weight: float = field(
        default=1.0,
        validator=[gt(0), le(_HEAVIEST)],
        metadata={"doc": "Weight of the search space's own distribution, as compared with one result."},
    )
    #: hyperopt's rule, under which the good ones grow with the square root of all
    gamma: float = field(
        default=0.25,
        validator=[gt(0), le(_HEAVIEST)],
        metadata={"doc": "Of n results, gamma times the square root of n count as good."},
    )

    @property
    def liar(self) -> ConstantLiar:
        """What is pretended for trials that still run."""
        return self.constant_liar_type or ConstantLiar.NONE


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
    tpe_args: TpeArguments | None = field(
        default=None, metadata={"doc": "Constants of the algorithm; the defaults are NNI's."}
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
