"""How many more trials an experiment may create, and whether its time is over. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from nni_core.model import Json


@frozen(kw_only=True)
class Budget:
    """The limits of an experiment. None: no limit."""

    concurrency: int
    max_trials: int | None
    #: seconds of active running
    max_duration: float | None
    #: seconds a single trial may run
    max_trial_duration: float | None

    @classmethod
    def of(cls, config: Mapping[str, Json]) -> Budget:
        """Read the limits from a canonical config, where durations are seconds."""
        return cls(
            concurrency=config["trialConcurrency"],
            max_trials=config.get("maxTrialNumber"),
            max_duration=config.get("maxExperimentDuration"),
            max_trial_duration=config.get("maxTrialDuration"),
        )

    def room(self, *, created: int, live: int) -> int:
        """How many trials may be created now, when so many were created and so many of them are not over."""
        free = max(0, self.concurrency - live)
        return free if self.max_trials is None else max(0, min(free, self.max_trials - created))

    def is_spent(self, *, created: int, duration: float) -> bool:
        """Whether no further trial may ever be created under these limits."""
        return (self.max_trials is not None and created >= self.max_trials) or self.is_late(duration)

    def is_late(self, duration: float) -> bool:
        """Whether the experiment's time is over."""
        return self.max_duration is not None and duration >= self.max_duration
