"""The ``class_args`` of ``Optuna``. Light on purpose: it is imported whenever plugins are listed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import Attribute, field, frozen

from nni_core.api import TunedObjective
from nni_core.errors import nearest
from nni_core.model import Direction

#: samplers of Optuna that need nothing but optional arguments
SAMPLERS = (
    "TPESampler",
    "GPSampler",
    "CmaEsSampler",
    "NSGAIISampler",
    "NSGAIIISampler",
    "QMCSampler",
    "RandomSampler",
)


def _known(_instance: Any, attribute: Attribute[str], value: str) -> None:
    if value in SAMPLERS or all(part.strip() for part in value.partition(":")):
        return
    close = nearest(value, SAMPLERS)
    advice = f"did you mean {close!r}?" if close else f"known: {', '.join(SAMPLERS)}"
    raise ValueError(f"{attribute.name} is a sampler of Optuna, or module:Class of another one; {advice}")


@frozen(kw_only=True)
class OptunaArguments:
    """``class_args`` of ``Optuna``."""

    sampler: str = field(
        default="TPESampler",
        validator=_known,
        metadata={"doc": "A class of optuna.samplers, or `module:Class` of a sampler from elsewhere."},
    )
    sampler_args: Mapping[str, Any] = field(
        factory=dict, metadata={"doc": "Keyword arguments of the sampler, as its documentation has them."}
    )
    optimize_mode: Direction = field(
        default=Direction.MINIMIZE, metadata={"doc": "Whether a small or a large final result is a good one."}
    )
    #: drawn by the core, and kept with the experiment, when left out
    seed: int | None = field(
        default=None,
        metadata={"doc": "Of the sampler's random numbers, if it takes one; drawn when left out."},
    )
    objectives: tuple[TunedObjective, ...] = field(
        default=(), metadata={"doc": "What to optimize together: filled in from the objectives of the config."}
    )
