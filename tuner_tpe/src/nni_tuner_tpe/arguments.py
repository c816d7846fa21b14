"""The ``class_args`` of the tuners in this distribution, as the core checks them before anything starts.

Light on purpose: it is imported whenever plugins are listed, so it brings neither numpy nor hyperopt.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from attrs import Attribute, field, frozen
from attrs.validators import ge, gt


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


def _finite(_instance: Any, attribute: Attribute[Any], value: float) -> None:
    if not value < float("inf"):
        message = f"{attribute.name} must be a finite number, not {value}"
        raise ValueError(message)


def _seed() -> Any:
    doc = "seed of the random numbers; one is drawn, and kept with the experiment, when it is left out"
    return field(default=None, validator=_optional_seed, metadata={"doc": doc})


def _optional_seed(_instance: Any, _attribute: Attribute[Any], value: int | None) -> None:
    if value is not None and value < 0:
        message = f"seed must not be negative, not {value}"
        raise ValueError(message)


def _optimize_mode() -> Any:
    doc = "whether a small or a large final result is a good one"
    return field(default=OptimizeMode.MINIMIZE, converter=OptimizeMode, metadata={"doc": doc})


@frozen(kw_only=True)
class TpeArguments:
    """``tpe_args``: the constants of the algorithm, by NNI's names and with its defaults."""

    constant_liar_type: ConstantLiar | None = field(
        default=ConstantLiar.BEST,
        converter=_liar,
        metadata={"doc": "result pretended for trials that still run: best, worst, mean, or null for none"},
    )
    n_startup_jobs: int = field(
        default=20,
        validator=ge(0),
        metadata={"doc": "a parameter is drawn at random until this many results of it are known"},
    )
    n_ei_candidates: int = field(
        default=24, validator=ge(1), metadata={"doc": "candidates drawn for each parameter, of which the best is taken"}
    )
    linear_forgetting: int = field(
        default=25,
        validator=ge(1),
        metadata={"doc": "at most this many results count as good, and this many count in full"},
    )
    prior_weight: float = field(
        default=1.0,
        validator=[gt(0), _finite],
        metadata={"doc": "weight of the search space's own distribution beside that of one result"},
    )
    gamma: float = field(
        default=0.25,
        validator=[gt(0), _finite],
        metadata={"doc": "of n results, gamma times the square root of n count as good"},
    )

    @property
    def liar(self) -> ConstantLiar:
        """What is pretended for trials that still run."""
        return self.constant_liar_type or ConstantLiar.NONE


@frozen(kw_only=True)
class TpeTunerArguments:
    """``class_args`` of ``TPE``."""

    optimize_mode: OptimizeMode = _optimize_mode()
    seed: int | None = _seed()
    tpe_args: TpeArguments | None = field(
        default=None, metadata={"doc": "constants of the algorithm; null for the defaults, which are NNI's"}
    )


@frozen(kw_only=True)
class HyperoptArguments:
    """``class_args`` of ``TPE_legacy`` and ``Anneal``."""

    optimize_mode: OptimizeMode = _optimize_mode()
    seed: int | None = _seed()
    parallel_optimize: bool = field(
        default=False,
        metadata={"doc": "pretend a loss for trials that still run; otherwise hyperopt holds them for infinitely bad"},
    )
    constant_liar_type: LegacyLiar = field(
        default=LegacyLiar.MIN,
        converter=LegacyLiar,
        metadata={"doc": "loss pretended with parallel_optimize: min, max or mean of those received"},
    )
