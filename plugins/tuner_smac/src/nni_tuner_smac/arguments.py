"""The ``class_args`` of ``SMAC``. Light on purpose: it is imported whenever the tuner is named."""

from __future__ import annotations

from attrs import field, frozen
from attrs.validators import ge, optional

from nni_core.model import Direction


@frozen(kw_only=True)
class SmacArguments:
    """``class_args`` of ``SMAC``. Names and defaults are NNI's where NNI has them."""

    optimize_mode: Direction = field(
        default=Direction.MAXIMIZE, metadata={"doc": "Whether a small or a large final result is a good one."}
    )
    candidates: int = field(
        default=10_000,
        validator=ge(10),
        metadata={"doc": "Points that the model compares for each suggestion; fewer take less time."},
    )
    #: drawn by the core, and kept with the experiment, when left out
    seed: int | None = field(default=None, metadata={"doc": "Of everything random; drawn when left out."})
    max_trial_number: int | None = field(
        default=None,
        validator=optional(ge(1)),
        metadata={"doc": "How many trials there will be; the config's, if that has a limit, and else 100."},
    )
    config_dedup: bool = field(
        default=False, metadata={"doc": "Of NNI, without effect here: `duplicates` of the config decides."}
    )
