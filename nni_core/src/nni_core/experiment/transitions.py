"""What may follow what: one pure table for trials and one for experiments, and how an end is named."""

from __future__ import annotations

import signal as signals
from collections.abc import Mapping

from nni_core.api import TrialExited
from nni_core.model import ExperimentState as E
from nni_core.model import FailureCause
from nni_core.model import TrialState as T

TRIAL_TRANSITIONS: Mapping[T, frozenset[T]] = {
    # WAITING again: its execution was lost before it began, or no process could be made of it
    T.WAITING: frozenset(
        {T.WAITING, T.RUNNING, T.UNKNOWN, T.FAILED, T.SUCCEEDED, T.USER_CANCELED, T.SYS_CANCELED, T.EARLY_STOPPED}
    ),
    # back to WAITING: its execution failed or was lost, and it is tried again
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


def cause_of(exited: TrialExited, *, gave_up: bool, has_result: bool) -> FailureCause | None:
    """What went wrong with an execution that nobody asked to end; None when nothing did.

    :param gave_up: the trial said why it gives up.
    :param has_result: it reported its final result.
    """
    if exited.timed_out:
        return FailureCause.TIMEOUT
    if gave_up and not (exited.exit_code == 0 and has_result):
        return FailureCause.TRIAL_ERROR
    if exited.signal is not None or _signal_in(exited.exit_code):
        return FailureCause.SIGNAL
    if exited.exit_code is None:
        return FailureCause.NOT_STARTED
    if exited.exit_code != 0:
        return FailureCause.EXIT_CODE
    return None if has_result else FailureCause.NO_RESULT


def _how(exited: TrialExited) -> str:
    """How a command failed; empty when it never ran."""
    if exited.signal is not None:
        return f"killed by {signal_name(exited.signal)}"
    if exited.exit_code is None:
        return ""
    inner = _signal_in(exited.exit_code)
    return f"the command exited with code {exited.exit_code}{f' ({signal_name(inner)})' if inner else ''}"


def _signal_in(exit_code: int | None) -> int | None:
    """The signal that a shell speaks of when it exits with 128 and its number: what it ran was killed by it."""
    number = (exit_code or 0) - 128
    return number if number in set(signals.Signals) else None


def signal_name(number: int) -> str:
    """``SIGSEGV`` for 11."""
    try:
        return signals.Signals(number).name
    except ValueError:
        return f"signal {number}"
