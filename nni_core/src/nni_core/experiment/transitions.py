"""What may follow what: one pure table for trials and one for experiments, and how an end is named."""

from __future__ import annotations

import signal as signals
from collections.abc import Mapping

from nni_core.api import TrialExited
from nni_core.model import ExperimentState as E
from nni_core.model import TrialState as T

TRIAL_TRANSITIONS: Mapping[T, frozenset[T]] = {
    T.WAITING: frozenset(
        {T.RUNNING, T.UNKNOWN, T.FAILED, T.SUCCEEDED, T.USER_CANCELED, T.SYS_CANCELED, T.EARLY_STOPPED}
    ),
    # back to WAITING: its execution was lost and it is tried again
    T.RUNNING: frozenset(
        {T.UNKNOWN, T.WAITING, T.SUCCEEDED, T.FAILED, T.USER_CANCELED, T.SYS_CANCELED, T.EARLY_STOPPED}
    ),
    T.UNKNOWN: frozenset(
        {T.RUNNING, T.WAITING, T.SUCCEEDED, T.FAILED, T.USER_CANCELED, T.SYS_CANCELED, T.EARLY_STOPPED}
    ),
    T.SUCCEEDED: frozenset(),
    # a user wants it again
    T.FAILED: frozenset({T.WAITING}),
    T.USER_CANCELED: frozenset({T.WAITING}),
    T.EARLY_STOPPED: frozenset({T.WAITING}),
    # a stop of the experiment ended it, and the experiment was resumed
    T.SYS_CANCELED: frozenset({T.WAITING}),
}

#: time counts towards the experiment's duration
ACTIVE = frozenset({E.RUNNING, E.NO_MORE_TRIAL, E.TUNER_NO_MORE_TRIAL})
_ENDINGS = frozenset({E.STOPPING, E.STOPPED, E.ERROR})

EXPERIMENT_TRANSITIONS: Mapping[E, frozenset[E]] = {
    E.INITIALIZED: frozenset({E.RUNNING}) | _ENDINGS,
    E.RUNNING: frozenset({E.NO_MORE_TRIAL, E.TUNER_NO_MORE_TRIAL, E.DONE}) | _ENDINGS,
    E.NO_MORE_TRIAL: frozenset({E.RUNNING, E.TUNER_NO_MORE_TRIAL, E.DONE}) | _ENDINGS,
    E.TUNER_NO_MORE_TRIAL: frozenset({E.RUNNING, E.NO_MORE_TRIAL, E.DONE}) | _ENDINGS,
    # limits were raised, the search space grew, or a trial is tried again
    E.DONE: frozenset({E.RUNNING, E.NO_MORE_TRIAL, E.TUNER_NO_MORE_TRIAL}) | _ENDINGS,
    # a resume starts over
    E.ERROR: frozenset({E.RUNNING, E.STOPPING, E.STOPPED}),
    E.STOPPING: frozenset({E.STOPPED, E.RUNNING}),
    E.STOPPED: frozenset({E.RUNNING}),
    E.VIEWED: frozenset(),
}


def trial_may_become(old: T, new: T) -> bool:
    """Whether a trial in one state may go to another."""
    return new in TRIAL_TRANSITIONS[old]


def experiment_may_become(old: E, new: E) -> bool:
    """Whether an experiment in one state may go to another."""
    return new in EXPERIMENT_TRANSITIONS[old]


def end_of(exited: TrialExited, cancel: T | None) -> tuple[T, str | None]:
    """The terminal state of a trial whose command is over, and what to tell the user about it.

    :param cancel: the state that somebody asked it to end in, if anybody did; it then wins over the exit code.
    """
    if cancel is not None:
        return cancel, exited.message or None
    if exited.timed_out:
        return T.EARLY_STOPPED, exited.message or "max_trial_duration is over"
    if exited.exit_code == 0:
        return T.SUCCEEDED, exited.message or None
    return T.FAILED, "; ".join(filter(None, [_how(exited), exited.message]))


def _how(exited: TrialExited) -> str:
    """How a command failed; empty when it never ran."""
    if exited.signal is not None:
        return f"killed by {signal_name(exited.signal)}"
    return "" if exited.exit_code is None else f"the command exited with code {exited.exit_code}"


def signal_name(number: int) -> str:
    """``SIGSEGV`` for 11."""
    try:
        return signals.Signals(number).name
    except ValueError:
        return f"signal {number}"
