"""Checks of what a config says of failures and goals that need several of its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from nni_core.config.codes import ConfigCode
from nni_core.config.failures import AfterFailure, FailureRule, OnFailure, ShortRule
from nni_core.config.goals import ObjectiveConfig, StopWhen
from nni_core.config.wording import ordinal, quoted
from nni_core.errors import Problem

#: the key of results under which the first objective stands, whatever it is called
_DEFAULT = "default"


def goal_problems(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems of the fields of a config that are right each for itself; others are absent."""
    yield from _objectives(values.get("objectives", ()), values.get("tuner"))
    if (goal := values.get("stop_when")) is not None:
        yield from _goal(goal, values.get("max_trial_number"))
    if isinstance(rules := values.get("on_failure"), OnFailure):
        yield from _rules(rules)
        yield from _timeouts(rules, values)


def _objectives(objectives: Sequence[ObjectiveConfig], tuner: Any) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, objective in enumerate(objectives):
        if objective.name in seen:
            yield Problem(
                code=ConfigCode.REPEATED_OBJECTIVE,
                message=f"there are two objectives {quoted(objective.name)}",
                help="each is one key of the results: keep one of them, or name the other key",
                key_path=("objectives", place, "name"),
            )
        elif place and objective.name == _DEFAULT:
            yield Problem(
                code=ConfigCode.DEFAULT_BEHIND,
                message=f"'default' is the first objective, {quoted(objectives[0].name)}, and cannot be the "
                f"{ordinal(place + 1)}",
                help="put it first, or report that number under another key",
                key_path=("objectives", place, "name"),
            )
        seen.add(objective.name)
    if len(seen) > 1 and tuner is not None and tuner.class_name is None and not hasattr(tuner.arguments, "objectives"):
        others = ", ".join(repr(one.name) for one in objectives[1:])
        yield Problem(
            code=ConfigCode.FIRST_OBJECTIVE_ONLY,
            message=f"tuner {tuner.name} learns the first objective only, {objectives[0].name!r}, and not {others}",
            help="take a tuner that learns all, such as TPE, or put first what the search is to follow; "
            "nnictl experiment show tells the Pareto set of all of them",
            key_path=("objectives",),
            fatal=False,
        )


def _goal(goal: StopWhen, trials: int | None) -> Iterator[Problem]:
    if goal.target is None and goal.no_improvement is None:
        yield Problem(
            code=ConfigCode.NO_CONDITION,
            message="'stop_when' has no condition: neither 'target' nor 'no_improvement' is given",
            help="write `stop_when: {target: 0.95}`, or `stop_when: {no_improvement: 20}`",
            key_path=("stop_when",),
        )
    for key in ("min_trials", "no_improvement"):
        number = getattr(goal, key)
        if trials is not None and number is not None and number >= trials:
            yield Problem(
                code=ConfigCode.NEVER_REACHED,
                message=f"{key!r} is {number}, and there are only {trials} trials: 'stop_when' ends none of them early",
                help="lower it, or raise max_trial_number",
                key_path=("stop_when", key),
                fatal=False,
            )


def _rules(rules: OnFailure) -> Iterator[Problem]:
    for field in attrs.fields(OnFailure):
        rule = getattr(rules, field.name)
        if not isinstance(rule, FailureRule):
            continue
        path = ("on_failure", field.name)
        if rule.value is not None and rule.then is not AfterFailure.PENALISE:
            yield Problem(
                code=ConfigCode.IDLE_KEY,
                message="'value' is what the tuner is taught by 'penalise', and this rule does not say so",
                help="add `then: penalise`, or delete the value",
                key_path=(*path, "value"),
                at_key=True,
            )
        if rule.backoff is not None and not rule.retry:
            yield Problem(
                code=ConfigCode.IDLE_KEY,
                message="'backoff' is the time before a retry, and this rule has none",
                help="add `retry: 1`, or delete the backoff",
                key_path=(*path, "backoff"),
                at_key=True,
            )


def _timeouts(rules: OnFailure, values: Mapping[str, Any]) -> Iterator[Problem]:
    if rules.timeout in {None, ShortRule.SKIP} or values.get("max_trial_duration") is not None:
        return
    yield Problem(
        code=ConfigCode.NO_TIMEOUT,
        message="'timeout' has no effect: no trial ever runs out of time without max_trial_duration",
        help="set max_trial_duration, or delete the rule",
        key_path=("on_failure", "timeout"),
        fatal=False,
    )
