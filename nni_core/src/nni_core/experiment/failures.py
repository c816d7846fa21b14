"""What becomes of a trial that fails: ``on_failure``. Pure: the rules of a config, and the circuit breaker."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
from attrs import define, field, frozen

from nni_core.model import FailureCause, Json, Trial, TrialState

#: seconds beyond which a backoff is not doubled any more
LONGEST_BACKOFF = 3600.0
#: where the rule for each cause stands in a canonical config
_KEYS: Mapping[str, FailureCause] = {
    "exitCode": FailureCause.EXIT_CODE,
    "signal": FailureCause.SIGNAL,
    "timeout": FailureCause.TIMEOUT,
    "lost": FailureCause.LOST,
    "noResult": FailureCause.NO_RESULT,
    "trialError": FailureCause.TRIAL_ERROR,
}
#: ends that are no failures, unless a rule for them says so
_NO_FAILURES = frozenset({FailureCause.TIMEOUT, FailureCause.NO_RESULT})


@frozen(kw_only=True)
class FailureRule:
    """What to do about one kind of failure."""

    #: how often the trial is run again
    retry: int = 0
    #: seconds before the first retry; doubled for each further one
    backoff: float = 0.0
    #: once it has failed for good, the tuner is taught a bad result
    penalises: bool = False
    #: that result; None: the worst one so far
    value: float | None = None

    @classmethod
    def read(cls, written: Json) -> FailureRule:
        """A rule in a canonical config: a mapping, or one of its short forms."""
        if isinstance(written, str):
            written = {"retry": 1} if written == "retry" else {"then": written}
        return cls(
            retry=written.get("retry", 0),
            backoff=written.get("backoff", 0.0),
            penalises=written.get("then") == "penalise",
            value=written.get("value"),
        )

    def delay(self, retried: int) -> float:
        """Seconds to wait before one more retry, after so many of them."""
        return min(self.backoff * 2.0 ** min(retried, 60), max(self.backoff, LONGEST_BACKOFF))


@frozen(kw_only=True)
class FailurePolicy:
    """All of a config's rules."""

    default: FailureRule = FailureRule()
    rules: Mapping[FailureCause, FailureRule] = field(factory=dict)
    #: trials that may fail one after the other before the experiment ends; None: as many as like
    max_consecutive: int | None = None

    @classmethod
    def of(cls, config: Mapping[str, Json]) -> FailurePolicy:
        """The rules in a canonical config."""
        written = config.get("onFailure") or {}
        if isinstance(written, str):
            written = {"default": written}
        return cls(
            default=FailureRule.read(written.get("default", "skip")),
            rules={cause: FailureRule.read(written[key]) for key, cause in _KEYS.items() if key in written},
            max_consecutive=written.get("maxConsecutiveFailures"),
        )

    def rule(self, cause: FailureCause) -> FailureRule | None:
        """What to do about a failure; None when the config does not take it for one."""
        if cause in self.rules or cause in _NO_FAILURES:
            return self.rules.get(cause)
        if cause is FailureCause.LOST:
            # Not the trial's fault: it has one more chance in any case.
            return attrs.evolve(self.default, retry=max(1, self.default.retry))
        return self.default


@define(kw_only=True)
class Streak:
    """Trials that failed one after the other, in the order of their ends. A fold: tell it of every trial that ends."""

    length: int = 0
    #: what was wrong with the first of them
    first: str = ""

    def ended(self, trial: Trial) -> None:
        """One more trial is over."""
        if trial.state in {TrialState.SUCCEEDED, TrialState.EARLY_STOPPED}:
            self.forget()
        elif trial.state is TrialState.FAILED:
            self.first = self.first or f"trial {trial.sequence_id}: {trial.message}"
            self.length += 1

    def forget(self) -> None:
        """Begin to count anew."""
        self.length, self.first = 0, ""

    def breaks(self, policy: FailurePolicy) -> str | None:
        """Why the experiment ends; None when it goes on."""
        if policy.max_consecutive is None or self.length < policy.max_consecutive:
            return None
        return f"{self.length} trials failed one after the other (max_consecutive_failures); the first, {self.first}"
