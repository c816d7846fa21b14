"""``on_failure``: what becomes of a trial that fails, by what went wrong."""

from __future__ import annotations

from enum import StrEnum

from attrs import field, frozen
from attrs.validators import ge, optional

from nni_core.config.durations import Duration
from nni_core.config.metadata import described


class AfterFailure(StrEnum):
    """What the tuner hears of a trial that has failed for good."""

    SKIP = "skip"
    PENALISE = "penalise"


class ShortRule(StrEnum):
    """A rule in one word."""

    RETRY = "retry"
    SKIP = "skip"
    PENALISE = "penalise"


@frozen(kw_only=True)
class FailureRule:
    """What to do about one kind of failure."""

    retry: int = field(
        default=0,
        validator=ge(0),
        metadata=described(
            "How often the trial is run again, with the same parameters and the same checkpoint directory. It does not "
            "count as another trial.",
            unit="retries",
            example="2",
        ),
    )
    backoff: Duration | None = field(
        default=None,
        metadata=described(
            "How long to wait before the first retry; twice as long before each further one, up to an hour. Other "
            "trials run meanwhile. Left out: no time.",
            unit="seconds",
            example="30s",
        ),
    )
    then: AfterFailure = field(
        default=AfterFailure.SKIP,
        metadata=described(
            "What comes after the last retry: the trial is `FAILED`, and the tuner is told that it failed (`skip`), or "
            "taught a bad result for its parameters (`penalise`)."
        ),
    )
    value: float | None = field(
        default=None,
        metadata=described(
            "The bad result, for `penalise`. Left out: the worst result so far; nothing is taught while there is none.",
            example="100.0",
        ),
    )


#: a rule, or the word for one: ``retry`` is one retry
Rule = ShortRule | FailureRule


@frozen(kw_only=True)
class OnFailure:
    """Rules by what went wrong, and for the experiment as a whole. A word stands for a rule: `retry` for one retry."""

    default: Rule | None = field(
        default=None,
        metadata=described(
            "For every failure that has no rule of its own, except `timeout` and `no_result`. Left out: `skip`.",
            example="{retry: 1, then: penalise}",
        ),
    )
    exit_code: Rule | None = field(
        default=None, metadata=described("For a command that exits with a code other than 0.", example="retry")
    )
    signal: Rule | None = field(
        default=None,
        metadata=described(
            "For a command that is killed by a signal: out of memory, a fault of the interpreter.", example="penalise"
        ),
    )
    timeout: Rule | None = field(
        default=None,
        metadata=described(
            "For a trial whose `max_trial_duration` is over. Left out: that is no failure; it is `EARLY_STOPPED`, and "
            "the tuner learns its latest result.",
            example="penalise",
        ),
    )
    lost: Rule | None = field(
        default=None,
        metadata=described(
            "For an execution that is gone without a trace: its host went down. Left out: as `default`, but retried "
            "once at least, because it is not the trial's fault.",
            example="{retry: 3, backoff: 1m}",
        ),
    )
    no_result: Rule | None = field(
        default=None,
        metadata=described(
            "For a command that exits with code 0 and has reported no final result. Left out: that is no failure; it "
            "is `SUCCEEDED`, and the tuner learns nothing.",
            example="penalise",
        ),
    )
    trial_error: Rule | None = field(
        default=None,
        metadata=described(
            "For a trial that raises `nni.TrialError`. One that says `retryable=False` is not retried.",
            example="penalise",
        ),
    )
    max_consecutive_failures: int | None = field(
        default=None,
        validator=optional(ge(1)),
        metadata=described(
            "How many trials may fail one after the other before the experiment ends in `ERROR`: the mistake is in the "
            "code or on the machine then, and more trials only cost time. Left out: as many as like.",
            unit="trials",
            example="5",
        ),
    )
