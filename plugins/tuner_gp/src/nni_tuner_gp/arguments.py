"""The ``class_args`` of the tuners in this distribution, as the core checks them before anything starts.

Light on purpose: it is imported whenever plugins are listed, so it does not bring numpy.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any

from attrs import Attribute, field, frozen
from attrs.validators import ge, le, min_len, optional

from nni_core.api import TunedObjective

#: NNI's default
_COLD_START = 10
#: of the Matérn kernel: the one that is used, and NNI's default
_SMOOTHNESS = 2.5


class OptimizeMode(StrEnum):
    """Whether a small or a large final result is a good one."""

    MINIMIZE = "minimize"
    MAXIMIZE = "maximize"

    @property
    def sign(self) -> int:
        """What turns a result into a loss, and a loss back into a result."""
        return 1 if self is OptimizeMode.MINIMIZE else -1


class Utility(StrEnum):
    """What makes a point worth trying, by NNI's names."""

    #: expected improvement on the best result
    EI = "ei"
    #: the mean, and ``kappa`` standard deviations in its favour
    UCB = "ucb"
    #: probability of improvement
    POI = "poi"


def _only_matern_5_2(_instance: Any, attribute: Attribute[Any], value: float | None) -> None:
    if value is not None and value != _SMOOTHNESS:
        raise ValueError(f"{attribute.name} can be {_SMOOTHNESS} only, which is the smoothness here; leave it out")


def _finite(_instance: Any, attribute: Attribute[Any], value: float | None) -> None:
    if value is not None and not math.isfinite(value):
        raise ValueError(f"{attribute.name} must be a finite number, got {value!r}")


@frozen(kw_only=True)
class OutcomeConstraint:
    """A bound on a number in the results, which parameters have to keep to be of use."""

    metric: str = field(
        validator=min_len(1),
        metadata={"doc": "Key of the number in results; `default` for the first, or only, one."},
    )
    lower: float | None = field(
        default=None, validator=_finite, metadata={"doc": "Least value allowed; null for none."}
    )
    upper: float | None = field(
        default=None, validator=_finite, metadata={"doc": "Largest value allowed; null for none."}
    )

    def __attrs_post_init__(self) -> None:
        if self.lower is None and self.upper is None:
            raise ValueError(f"the outcome constraint on {self.metric!r} needs lower, upper or both")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"the outcome constraint on {self.metric!r} has a lower above its upper")


@frozen(kw_only=True)
class GpArguments:
    """``class_args`` of ``GP``."""

    #: NNI's default
    optimize_mode: OptimizeMode = field(
        default=OptimizeMode.MAXIMIZE,
        converter=OptimizeMode,
        metadata={"doc": "Whether a small or a large final result is a good one."},
    )
    #: drawn by the core, and kept with the experiment, when left out
    seed: int | None = field(
        default=None,
        validator=optional(ge(0)),
        metadata={"doc": "Seed of the random numbers; the same seed and results give the same suggestions."},
    )
    #: imported results count towards them
    cold_start_num: int = field(
        default=_COLD_START,
        validator=ge(1),
        metadata={"doc": "Trials that are spread over the space before the model is used."},
    )
    utility: Utility = field(
        default=Utility.EI,
        converter=Utility,
        metadata={"doc": "What is maximized: ei, ucb or poi. With several objectives, the volume that is gained."},
    )
    kappa: float = field(
        default=5.0,
        validator=[ge(0), le(1e6)],
        metadata={"doc": "Of ucb: how many standard deviations count in favour of a point."},
    )
    xi: float = field(
        default=0.0,
        validator=[ge(0), le(1e6)],
        metadata={"doc": "Of ei and poi: by how much to improve, in standard deviations of the results."},
    )
    #: more see more, and cost more
    max_points: int = field(
        default=250,
        validator=[ge(20), le(2000)],
        metadata={"doc": "Most results that the model is made of: the best ones, and the latest of the others."},
    )
    outcome_constraints: tuple[OutcomeConstraint, ...] = field(
        default=(), metadata={"doc": "Bounds on numbers in the results that good parameters have to keep."}
    )
    #: NNI's name and default, for configs that state it
    nu: float | None = field(
        default=None, validator=_only_matern_5_2, metadata={"doc": "Smoothness of the Matérn kernel: 2.5."}
    )
    #: NNI adds it to the diagonal
    alpha: float | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: the noise is learnt from the results."}
    )
    selection_num_warm_up: int | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: the search for the best point is another one."}
    )
    selection_num_starting_points: int | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: the search for the best point is another one."}
    )
    #: filled by the core when the config names several; then ``optimize_mode`` is theirs
    objectives: tuple[TunedObjective, ...] = field(
        default=(), metadata={"doc": "What to optimize together: filled in from the objectives of the config."}
    )


@frozen(kw_only=True)
class MetisArguments:
    """``class_args`` of ``Metis``."""

    #: NNI's default
    optimize_mode: OptimizeMode = field(
        default=OptimizeMode.MAXIMIZE,
        converter=OptimizeMode,
        metadata={"doc": "Whether a small or a large final result is a good one."},
    )
    #: drawn by the core, and kept with the experiment, when left out
    seed: int | None = field(
        default=None,
        validator=optional(ge(0)),
        metadata={"doc": "Seed of the random numbers; the same seed and results give the same suggestions."},
    )
    #: imported results count towards them
    cold_start_num: int = field(
        default=_COLD_START,
        validator=ge(1),
        metadata={"doc": "Trials that are spread over the space before the model is used."},
    )
    no_resampling: bool | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: nothing is tried twice while there is another."}
    )
    no_candidates: bool | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: one utility compares all candidates."}
    )
    selection_num_starting_points: int | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: the search for the best point is another one."}
    )
    exploration_probability: float | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: exploration is part of the utility."}
    )
    #: filled by the core when the config names several; then ``optimize_mode`` is theirs
    objectives: tuple[TunedObjective, ...] = field(
        default=(), metadata={"doc": "What to optimize together: filled in from the objectives of the config."}
    )
