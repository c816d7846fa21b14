"""What a config says to a running experiment, read once for each revision of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen

from nni_core.experiment.budget import Budget
from nni_core.experiment.failures import FailurePolicy
from nni_core.experiment.goals import StopWhen
from nni_core.experiment.objectives import Objective, objectives_of
from nni_core.model import Json


@frozen(kw_only=True)
class Terms:
    """The terms on which trials are run."""

    budget: Budget
    stop_when: StopWhen
    failures: FailurePolicy
    #: the first one is what the tuner learns
    objectives: Sequence[Objective]
    #: ``deterministic``: trial n is suggested by what is known of all up to trial n - lag, and of no others; None: by
    #: whatever is known
    lag: int | None

    @classmethod
    def of(cls, config: Mapping[str, Json]) -> Terms:
        """Read a canonical config."""
        return cls(
            budget=Budget.of(config),
            stop_when=StopWhen.of(config),
            failures=FailurePolicy.of(config),
            objectives=objectives_of(config),
            lag=config.get("deterministic") or None,
        )
