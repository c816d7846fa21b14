"""The ``class_args`` of the tuners in this distribution. Light: it is imported whenever plugins are listed."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import and_, ge, gt, le, optional

from nni_core.api import TunedObjective
from nni_core.model import Direction

_MODE = {"doc": "Whether a small or a large final result is a good one."}
_MODE_FOR_NOTHING = {"doc": "Taken for NNI's sake; it makes no difference here."}
_SEED = {"doc": "Of the random numbers; drawn, and kept with the experiment, when left out."}


@frozen(kw_only=True)
class RandomArguments:
    """``class_args`` of ``Random``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE_FOR_NOTHING)
    seed: int | None = field(default=None, metadata=_SEED)


@frozen(kw_only=True)
class GridSearchArguments:
    """``class_args`` of ``GridSearch``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE_FOR_NOTHING)


@frozen(kw_only=True)
class BatchArguments:
    """``class_args`` of ``Batch``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE_FOR_NOTHING)


@frozen(kw_only=True)
class EvolutionArguments:
    """``class_args`` of ``Evolution``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    population_size: int = field(
        default=32,
        validator=ge(2),
        metadata={"doc": "Random trials at the beginning, whose descendants are all later ones."},
    )
    seed: int | None = field(default=None, metadata=_SEED)


@frozen(kw_only=True)
class Nsga2Arguments:
    """``class_args`` of ``NSGA2``."""

    optimize_mode: Direction = field(default=Direction.MINIMIZE, metadata=_MODE)
    population_size: int = field(
        default=24,
        validator=ge(2),
        metadata={"doc": "Random trials at the beginning, and how many of the best have children later."},
    )
    crossover_prob: float = field(
        default=0.9, validator=and_(ge(0), le(1)), metadata={"doc": "How likely a trial has two parents."}
    )
    mutation_prob: float | None = field(
        default=None,
        validator=optional(and_(ge(0), le(1))),
        metadata={"doc": "How likely each parameter changes beyond that; one of them, on average, when left out."},
    )
    seed: int | None = field(default=None, metadata=_SEED)
    objectives: tuple[TunedObjective, ...] = field(
        default=(), metadata={"doc": "What to optimize together: filled in from the objectives of the config."}
    )


@frozen(kw_only=True)
class QmcArguments:
    """``class_args`` of ``QMC``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE_FOR_NOTHING)
    seed: int | None = field(default=None, metadata=_SEED)


@frozen(kw_only=True)
class CmaesArguments:
    """``class_args`` of ``CMAES``."""

    optimize_mode: Direction = field(default=Direction.MINIMIZE, metadata=_MODE)
    population_size: int | None = field(
        default=None,
        validator=optional(ge(4)),
        metadata={"doc": "Trials of a generation; 4 + 3 ln(number of parameters) when left out."},
    )
    sigma: float = field(
        default=0.3,
        validator=gt(0),
        metadata={"doc": "Standard deviation of the first generation, as a share of each parameter's range."},
    )
    seed: int | None = field(default=None, metadata=_SEED)
