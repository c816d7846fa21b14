"""The ``class_args`` of the tuners in this distribution. Light: it is imported whenever plugins are listed."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen
from attrs.validators import ge, gt, le, optional

from nni_core.api import TunerChoice
from nni_core.model import Direction

_MODE = {"doc": "Whether a small or a large final result is a good one."}
_SEED = {"doc": "Of the random numbers; drawn, and kept with the experiment, when left out."}
_ETA = {"doc": "Of so many trials of one budget one goes on, with so many times the budget."}
_LEAST = {"doc": "Budget of the first trial of every parameter set, in units of your own: epochs, say."}
_MOST = {"doc": "Budget of a whole training."}
_MODEL = {"doc": "Tuner that suggests new parameter sets: a name, or name and `class_args`."}


class ExecMode(StrEnum):
    """When Hyperband opens a bracket."""

    #: whenever there is room for a trial
    PARALLELISM = "parallelism"
    #: when the one before is over
    SERIAL = "serial"


@frozen(kw_only=True)
class AshaArguments:
    """``class_args`` of ``ASHA``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    min_budget: float = field(default=1, validator=gt(0), metadata=_LEAST)
    max_budget: float = field(default=27, validator=gt(0), metadata=_MOST)
    eta: int = field(default=3, validator=ge(2), metadata=_ETA)
    proposer: TunerChoice = field(factory=lambda: TunerChoice(name="GP"), metadata=_MODEL)

    def __attrs_post_init__(self) -> None:
        _check_order(self.min_budget, self.max_budget)


@frozen(kw_only=True)
class HyperbandArguments:
    """``class_args`` of ``Hyperband``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    R: int = field(default=60, validator=ge(1), metadata=_MOST)
    eta: int = field(default=3, validator=ge(2), metadata=_ETA)
    exec_mode: ExecMode = field(
        default=ExecMode.PARALLELISM,
        metadata={"doc": "Whether a bracket begins when there is room for a trial, or when the one before is over."},
    )
    seed: int | None = field(default=None, metadata=_SEED)


@frozen(kw_only=True)
class BohbArguments:
    """``class_args`` of ``BOHB``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    min_budget: float = field(default=1, validator=gt(0), metadata=_LEAST)
    max_budget: float = field(default=3, validator=gt(0), metadata=_MOST)
    eta: int = field(default=3, validator=ge(2), metadata=_ETA)
    min_points_in_model: int | None = field(
        default=None,
        validator=optional(ge(1)),
        metadata={"doc": "Results of one budget that a model needs; two more than there are parameters when left out."},
    )
    random_fraction: float = field(
        default=1 / 3, validator=[ge(0), le(1)], metadata={"doc": "Share of new parameter sets that are random."}
    )
    proposer: TunerChoice = field(factory=lambda: TunerChoice(name="TPE"), metadata=_MODEL)
    seed: int | None = field(default=None, metadata=_SEED)
    top_n_percent: int | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: the proposer has settings of its own."}
    )
    num_samples: int | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: the proposer has settings of its own."}
    )
    bandwidth_factor: float | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: the proposer has settings of its own."}
    )
    min_bandwidth: float | None = field(
        default=None, metadata={"doc": "Of NNI, without effect here: the proposer has settings of its own."}
    )

    def __attrs_post_init__(self) -> None:
        _check_order(self.min_budget, self.max_budget)


@frozen(kw_only=True)
class DehbArguments:
    """``class_args`` of ``DEHB``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    min_budget: float = field(default=1, validator=gt(0), metadata=_LEAST)
    max_budget: float = field(default=27, validator=gt(0), metadata=_MOST)
    eta: int = field(default=3, validator=ge(2), metadata=_ETA)
    mutation_factor: float = field(
        default=0.5,
        validator=[gt(0), le(2)],
        metadata={"doc": "How much of the difference of two is added to a third."},
    )
    crossover_probability: float = field(
        default=0.5,
        validator=[ge(0), le(1)],
        metadata={"doc": "Share of the parameters that a child has from the mutant."},
    )
    seed: int | None = field(default=None, metadata=_SEED)

    def __attrs_post_init__(self) -> None:
        _check_order(self.min_budget, self.max_budget)


@frozen(kw_only=True)
class PbtArguments:
    """``class_args`` of ``PBT``."""

    optimize_mode: Direction = field(default=Direction.MAXIMIZE, metadata=_MODE)
    all_checkpoint_dir: str | None = field(
        default=None,
        metadata={
            "doc": "For scripts written for NNI: where `load_checkpoint_dir` and `save_checkpoint_dir` are; the folder"
            " `checkpoint` of the experiment. Others have `nni.get_checkpoint_directory()`."
        },
    )
    population_size: int = field(default=10, validator=ge(2), metadata={"doc": "Members trained side by side."})
    factor: float = field(
        default=0.2, validator=[gt(0), le(0.99)], metadata={"doc": "By what share a number is raised or lowered."}
    )
    resample_probability: float = field(
        default=0.25, validator=[ge(0), le(1)], metadata={"doc": "How often a parameter is drawn anew instead."}
    )
    fraction: float = field(
        default=0.2,
        validator=[gt(0), le(0.5)],
        metadata={"doc": "Share of the population that is replaced, and share of those that replace it."},
    )
    seed: int | None = field(default=None, metadata=_SEED)


def _check_order(least: float, most: float) -> None:
    if least > most:
        raise ValueError(f"min_budget {least:g} must not be more than max_budget {most:g}")
