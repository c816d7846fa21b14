"""The present state of an experiment, as the fold of its events. Pure: no clock, no I/O.

The engine, a viewer of a stopped experiment and a resume all build the same ledger from the same log.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import singledispatchmethod
from typing import Any

from nni_core.errors import NniError
from nni_core.experiment.control import Change, NoteView
from nni_core.experiment.evolving import evolve
from nni_core.experiment.failures import Streak
from nni_core.experiment.goals import Progress
from nni_core.experiment.objectives import objectives_of
from nni_core.experiment.terms import Terms
from nni_core.experiment.transitions import ACTIVE, experiment_may_become, trial_may_become
from nni_core.model import (
    ExperimentId,
    ExperimentState,
    FailureCause,
    Json,
    Metric,
    MetricKind,
    ParameterSource,
    Trial,
    TrialId,
    TrialState,
    untag_floats,
)
from nni_core.store import events as ev

#: how many changes a reader of the event stream may lag behind before it has to fetch everything anew
CHANGES_KEPT = 20_000
NOTES_KEPT = 200
#: settings whose change makes an experiment go on that has reached its goal
_MORE = frozenset({"maxTrialNumber", "maxExperimentDuration", "searchSpace"})
#: the setting that is the goal: another one is judged by all results that there are
_GOAL = "stopWhen"


class LedgerError(NniError):
    """An event contradicts those before it: a bug, or a log that was tampered with."""


class Ledger:
    """What every event so far adds up to."""

    def __init__(self) -> None:
        self.experiment_id = ExperimentId("")
        self.config: dict[str, Json] = {}
        self._terms: Terms | None = None
        self.version = ""
        self.state = ExperimentState.INITIALIZED
        self.reason = ""
        self.epoch = 0
        self.revision = 0
        self.created_at = 0
        self.ended_at: int | None = None
        #: seconds of active running at the last change of state
        self.duration = 0.0
        self._counted_at = self._seen_at = 0
        self.cursor = 0
        self.trials: dict[TrialId, Trial] = {}
        self.counts: Counter[TrialState] = Counter()
        #: trials that are not over, in order of creation
        self.live: dict[TrialId, None] = {}
        #: what somebody asked a live trial to end as
        self.cancels: dict[TrialId, ev.CancelRequested] = {}
        #: end of the last spool record known of each live trial
        self.spool_offsets: dict[TrialId, int] = {}
        self.next_parameter_id = 0
        #: how many of the config's initial points were gone through
        self.initial_points_begun = 0
        self.exhausted: str | None = None
        #: of how many trials, the first ones, the tuner was told the ends, where it is told them in order
        self.told_in_order = 0
        #: what the tuner says of itself
        self.tuner_remark = ""
        #: why live trials gave up, as they said
        self.errors: dict[TrialId, ev.TrialErrorReported] = {}
        #: how often each trial was run again, by what was wrong
        self.retries: dict[TrialId, Counter[FailureCause]] = {}
        #: live trials that a user wanted again
        self.wanted: set[TrialId] = set()
        self.streak = Streak()
        self.progress = Progress()
        #: what ``stop_when`` waited for and has come
        self.goal: str | None = None
        self.imported: list[Sequence[Mapping[str, Json]]] = []
        self.notes: deque[NoteView] = deque(maxlen=NOTES_KEPT)
        self.changes: deque[Change] = deque(maxlen=CHANGES_KEPT)
        #: the event after which changes are known
        self._changes_since = 0

    @property
    def terms(self) -> Terms:
        """What the config says to a running experiment."""
        if self._terms is None:
            self._terms = Terms.of(self.config)
        return self._terms

    @property
    def next_sequence_id(self) -> int:
        return len(self.trials)

    @property
    def duration_seen(self) -> float:
        """Seconds of active running up to the last event. A killed manager did not count its last stretch: the times of
        its events are what is left to count it by."""
        if self.state not in ACTIVE:
            return self.duration
        return self.duration + max(0, self._seen_at - self._counted_at) / 1000

    def trial_of(self, parameter_id: int | None) -> TrialId | None:
        """The trial of a parameter set; None when there is none."""
        if parameter_id is None:
            return None
        return next((one.id for one in reversed(self.trials.values()) if one.parameter_id == parameter_id), None)

    def changes_after(self, number: int) -> Sequence[Change] | None:
        """Changes after an event, or None when they are no longer kept."""
        oldest = self.changes[0].cursor - 1 if self.changes else self._changes_since
        if not oldest <= number <= self.cursor:
            return None
        fresh: list[Change] = []
        for change in reversed(self.changes):
            if change.cursor <= number:
                break
            fresh.append(change)
        fresh.reverse()
        return fresh

    def apply(self, event: ev.Event) -> None:
        """Take one more event.

        :raises LedgerError: when it cannot follow those before it.
        """
        trial_id, metric = self._take(event)
        self.changes.append(Change(cursor=event.number, trial_id=trial_id, metric=metric))

    def catch_up(self, outline: Iterable[tuple[ev.Event, int]]) -> None:
        """Take the outline of a log (:meth:`nni_core.store.base.Store.outline`): what applying all of its events comes
        to, except that changes before its end are not kept.

        :raises LedgerError: when an event cannot follow those before it.
        """
        for event, stands_for in outline:
            self._take(event)
            if stands_for > 1 and isinstance(event.body, ev.MetricReported):
                trial = self.trials[event.body.trial_id]
                self._put(evolve(trial, intermediate_count=trial.intermediate_count + stands_for - 1))
        self.changes.clear()
        self._changes_since = self.cursor

    def _take(self, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.cursor = event.number
        if not isinstance(event.body, ev.ManagerStarted):
            # Nothing ran between the last word of one manager and the first of the next.
            self._seen_at = event.timestamp
        handler = _HANDLERS.get(type(event.body), _HANDLERS[object])
        return handler(self, event.body, event)

    @singledispatchmethod
    def _apply(self, body: object, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        raise LedgerError(f"event {event.number} is of an unknown kind, {type(body).__name__}")

    @_apply.register
    def _(self, body: ev.ExperimentCreated, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.experiment_id = body.experiment_id
        self.config = dict(body.config)
        self._terms = None
        self.version = body.version
        self.created_at = event.timestamp
        self.progress = Progress(direction=objectives_of(body.config)[0].direction)
        return None, None

    @_apply.register
    def _(self, body: ev.ManagerStarted, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.epoch = body.epoch
        return None, None

    @_apply.register
    def _(self, body: ev.ExperimentStateChanged, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        if body.state is not self.state and not experiment_may_become(self.state, body.state):
            raise LedgerError(f"event {event.number}: an experiment cannot go from {self.state} to {body.state}")
        if body.state in ACTIVE and self.state not in ACTIVE:
            self.streak.forget()
        self.state = body.state
        self.reason = body.reason
        self.duration = body.duration
        self._counted_at = event.timestamp
        self.ended_at = event.timestamp if body.state.is_finished else None
        return None, None

    @_apply.register
    def _(self, body: ev.SettingsChanged, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.config.update(body.changes)
        self._terms = None
        self.revision += 1
        if "searchSpace" in body.changes:
            self.exhausted = None
        if self.state is ExperimentState.DONE and (_MORE | {_GOAL}) & body.changes.keys():
            # Whatever ended it, it may be so no more.
            self.reason = ""
        if _GOAL in body.changes:
            self.goal = None
            self.progress.target_set_aside = False
        elif self.goal is not None and _MORE & body.changes.keys():
            self.goal = None
            self.progress.begin_anew()
        return None, None

    @_apply.register
    def _(self, body: ev.TrialCreated, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        if body.trial_id in self.trials or body.sequence_id != len(self.trials):
            raise LedgerError(
                f"event {event.number}: trial {body.trial_id} or its number {body.sequence_id} is not new"
            )
        self._put(
            Trial(
                id=body.trial_id,
                sequence_id=body.sequence_id,
                parameter_id=body.parameter_id,
                parameters=body.parameters,
                source=body.source,
                attempt_id=body.attempt_id,
                created_at=event.timestamp,
                checkpoints_of=body.checkpoints_of,
                same_as=body.same_as,
            )
        )
        self.next_parameter_id = max(self.next_parameter_id, body.parameter_id + 1)
        if body.initial_point is not None:
            self.initial_points_begun = body.initial_point + 1
        if body.source is ParameterSource.ALGORITHM:
            self.exhausted = None
            self.told_in_order = max(self.told_in_order, body.told_in_order or 0)
        return body.trial_id, None

    @_apply.register
    def _(self, body: ev.TrialWaiting, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self._put(evolve(self.trials[body.trial_id], message=body.reason))
        return body.trial_id, None

    @_apply.register
    def _(self, body: ev.TrialRequeued, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self._forget_execution(body.trial_id)
        if body.cause is not None:
            self.retries.setdefault(body.trial_id, Counter())[body.cause] += 1
        elif body.asked:
            self.retries.pop(body.trial_id, None)
            self.wanted.add(body.trial_id)
        self._move(
            body.trial_id,
            TrialState.WAITING,
            event,
            attempt_id=body.attempt_id,
            attempt=body.attempt,
            message=body.reason,
            source=ParameterSource.CUSTOMIZED if body.asked else self.trials[body.trial_id].source,
            started_at=None,
            ended_at=None,
            final=None,
            latest=None,
            intermediate_count=0,
            exit_code=None,
            signal=None,
            penalty=None,
            same_as=None if body.asked else self.trials[body.trial_id].same_as,
        )
        return body.trial_id, None

    @_apply.register
    def _(self, body: ev.TrialBegan, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self._move(body.trial_id, TrialState.RUNNING, event, started_at=event.timestamp, message=None)
        return body.trial_id, None

    @_apply.register
    def _(self, body: ev.MetricReported, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        metric = Metric(
            trial_id=body.trial_id,
            parameter_id=body.parameter_id,
            kind=body.kind,
            sequence=body.sequence,
            value=untag_floats(body.value),
            timestamp=event.timestamp,
        )
        trial = self.trials[body.trial_id]
        self.spool_offsets[body.trial_id] = body.spool_offset
        if body.kind is MetricKind.FINAL:
            self._put(evolve(trial, final=metric))
        else:
            self._put(evolve(trial, latest=metric, intermediate_count=trial.intermediate_count + 1))
        return body.trial_id, metric

    @_apply.register
    def _(self, body: ev.TrialErrorReported, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.errors[body.trial_id] = body
        self.spool_offsets[body.trial_id] = max(body.spool_offset, self.spool_offsets.get(body.trial_id, 0))
        return body.trial_id, None

    @_apply.register
    def _(self, body: ev.CancelRequested, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.cancels[body.trial_id] = body
        self._put(evolve(self.trials[body.trial_id], message=body.reason))
        return body.trial_id, None

    @_apply.register
    def _(self, body: ev.TrialFinished, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self._forget_execution(body.trial_id)
        if body.state is not TrialState.SYS_CANCELED:
            self.retries.pop(body.trial_id, None)
            self.wanted.discard(body.trial_id)
        self._move(
            body.trial_id,
            body.state,
            event,
            ended_at=event.timestamp,
            exit_code=body.exit_code,
            signal=body.signal,
            message=body.message,
            penalty=body.penalty,
        )
        trial = self.trials[body.trial_id]
        self.streak.ended(trial)
        self.progress.ended(trial)
        if body.state is not TrialState.SYS_CANCELED and (trial.state is not TrialState.SUCCEEDED or not trial.final):
            self._let_run(trial)
        return body.trial_id, None

    @_apply.register
    def _(self, body: ev.DataImported, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.imported.append(body.data)
        return None, None

    @_apply.register
    def _(self, body: ev.TunerExhausted, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.exhausted = body.reason
        self.told_in_order = max(self.told_in_order, body.told_in_order or 0)
        self.next_parameter_id = max(self.next_parameter_id, body.next_parameter_id)
        return None, None

    @_apply.register
    def _(self, body: ev.GoalReached, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.goal = body.reason
        return None, None

    @_apply.register
    def _(self, body: ev.TunerRestarted, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        message = f"the tuner was restarted: {body.reason}"
        self.notes.append(NoteView(timestamp=event.timestamp, level="warning", message=message, trial_id=None))
        return None, None

    @_apply.register
    def _(self, body: ev.TunerRemarked, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.tuner_remark = body.remark
        return None, None

    @_apply.register
    def _(self, body: ev.Note, event: ev.Event) -> tuple[TrialId | None, Metric | None]:
        self.notes.append(
            NoteView(timestamp=event.timestamp, level=body.level, message=body.message, trial_id=body.trial_id)
        )
        return body.trial_id, None

    def _let_run(self, source: Trial) -> None:
        """Trials that wait for a result that does not come have to run themselves."""
        followers = [one for one in self.live if self.trials[one].same_as == source.id]
        for trial_id in followers:
            self._put(evolve(self.trials[trial_id], same_as=None))

    def _forget_execution(self, trial_id: TrialId) -> None:
        """An execution is over, and what was known of it only."""
        self.spool_offsets.pop(trial_id, None)
        self.cancels.pop(trial_id, None)
        self.errors.pop(trial_id, None)

    def _move(self, trial_id: TrialId, state: TrialState, event: ev.Event, **changes: Any) -> None:
        """A trial goes to another state, and changes with it."""
        trial = self.trials[trial_id]
        if not trial_may_become(trial.state, state):
            raise LedgerError(f"event {event.number}: trial {trial_id} cannot go from {trial.state} to {state}")
        self._put(evolve(trial, state=state, **changes))

    def _put(self, trial: Trial) -> None:
        before = self.trials.get(trial.id)
        if before is None or before.state is not trial.state:
            if before is not None:
                self.counts[before.state] -= 1
            self.counts[trial.state] += 1
            if trial.state.is_terminal:
                self.live.pop(trial.id, None)
            else:
                self.live[trial.id] = None
        self.trials[trial.id] = trial


#: what takes events of each kind, looked up here because asking the dispatcher takes longer than the taking
_HANDLERS: Mapping[type, Callable[[Ledger, Any, ev.Event], tuple[TrialId | None, Metric | None]]] = dict(
    vars(Ledger)["_apply"].dispatcher.registry
)
