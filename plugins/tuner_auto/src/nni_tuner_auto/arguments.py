"""The ``class_args`` of ``Auto``."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, optional

from nni_core.api import TunedObjective, TunerChoice
from nni_core.model import Direction

#: what was best on average where it was measured: docs/explanation/auto.md
HAND_OVER = 2000


@frozen(kw_only=True)
class AutoArguments:
    """``class_args`` of ``Auto``."""

    optimize_mode: Direction = field(
        default=Direction.MINIMIZE, metadata={"doc": "Whether a small or a large final result is a good one."}
    )
    few: TunerChoice = field(
        factory=lambda: TunerChoice(name="GP"),
        metadata={"doc": "Tuner that makes the most of few results."},
    )
    many: TunerChoice = field(
        factory=lambda: TunerChoice(name="TPE"),
        metadata={"doc": "Tuner for many results, many parameters and many trials at a time."},
    )
    hand_over: int = field(
        default=HAND_OVER, validator=ge(0), metadata={"doc": "Results from which on `many` is asked."}
    )
    objectives: tuple[TunedObjective, ...] = field(
        default=(), metadata={"doc": "What to optimize together: filled in from the objectives of the config."}
    )
    max_trial_number: int | None = field(
        default=None,
        validator=optional(ge(1)),
        metadata={"doc": "How many trials there will be; the config's, if that has a limit."},
    )
