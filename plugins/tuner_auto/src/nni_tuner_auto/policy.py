"""Which tuner suits which situation, and why: figures from ``docs/explanation/auto.md``."""

from __future__ import annotations

from attrs import frozen

#: parameters up to which a model of all results pays
MOST_PARAMETERS = 100
#: trials at a time up to which it does: with more, most suggestions rest on guesses of what the running ones will say
MOST_RUNNING = 50


@frozen(kw_only=True)
class Situation:
    """What a tuner is picked by."""

    #: of the search space, nested ones included
    parameters: int
    #: finished trials with a result, and imported ones
    results: int
    #: trials suggested and not over
    running: int
    #: trials that there will be; None when nobody knows
    planned: int | None = None
    #: results from which on there are many
    hand_over: int


@frozen(kw_only=True)
class Pick:
    """A decision with its reason."""

    few: bool
    reason: str


def pick(situation: Situation) -> Pick:
    """Whether the tuner for few results is the better one."""
    if situation.parameters > MOST_PARAMETERS:
        return Pick(few=False, reason=f"{situation.parameters} parameters, more than {MOST_PARAMETERS}")
    if situation.results >= situation.hand_over:
        return Pick(few=False, reason=f"the first {situation.hand_over} results are in")
    if situation.running >= MOST_RUNNING:
        return Pick(few=False, reason=f"{MOST_RUNNING} trials or more at a time")
    if situation.planned is not None and situation.planned <= situation.hand_over:
        return Pick(few=True, reason=f"{situation.planned} trials are few enough to model all results together")
    return Pick(few=True, reason=f"few results yet; another takes over from {situation.hand_over} on")
