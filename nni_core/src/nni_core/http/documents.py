"""The portal's documents: one experiment, one trial, some metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from nni_core.experiment.control import ExperimentControl, NoteView
from nni_core.experiment.objectives import Objective, pareto_set
from nni_core.http.auth import Role
from nni_core.model import (
    ExperimentState,
    Json,
    Metric,
    ParameterSource,
    Trial,
    TrialState,
    named_number,
    tag_floats,
)

_NOTES_SHOWN = 50


@frozen(kw_only=True)
class LimitsDocument:
    """What bounds the experiment. ``max_experiment_duration`` is in seconds; null: no limit."""

    trial_concurrency: int | None
    max_trial_number: int | None
    max_experiment_duration: float | None


@frozen(kw_only=True)
class BestDocument:
    """The best trial so far."""

    trial_id: str
    sequence_id: int
    value: float


@frozen(kw_only=True)
class ObjectiveDocument:
    """What is optimized. The first one is what tuners learn; ``direction`` is minimize or maximize."""

    name: str
    direction: str


@frozen(kw_only=True)
class ChoiceDocument:
    """A trial of the Pareto set: no other is as good in every objective and better in one."""

    trial_id: str
    sequence_id: int
    values: Mapping[str, float]


@frozen(kw_only=True)
class NoteDocument:
    """A message to the user. ``timestamp`` is in milliseconds, ``level`` is warning or error."""

    timestamp: int
    level: str
    message: str
    trial_id: str | None


@frozen(kw_only=True)
class ExperimentDocument:
    """The experiment as it stands. ``duration`` is in seconds; times are milliseconds since the epoch."""

    id: str
    name: str | None
    state: ExperimentState
    reason: str
    optimize_mode: str
    duration: float
    started_at: int
    ended_at: int | None
    directory: str
    revision: int
    version: str
    #: what the tuner says it is doing, and why; empty when it says nothing
    tuner_remark: str
    epoch: str
    cursor: int
    config: Mapping[str, Json]
    limits: LimitsDocument
    counts: Mapping[str, int]
    best: BestDocument | None
    role: Role
    notes: Sequence[NoteDocument]
    objectives: Sequence[ObjectiveDocument]
    #: empty when there is one objective only
    pareto_set: Sequence[ChoiceDocument]


@frozen(kw_only=True)
class TrialDocument:
    """One trial. ``value`` and ``latest`` are the default numbers of the final and the latest intermediate report;
    ``final`` is the whole final value, non-finite numbers tagged; ``duration`` is in seconds, once it has ended."""

    id: str
    sequence_id: int
    parameter_id: int
    source: ParameterSource
    state: TrialState
    created_at: int
    started_at: int | None
    ended_at: int | None
    duration: float | None
    attempt: int
    attempt_id: str
    exit_code: int | None
    signal: int | None
    message: str | None
    value: float | None
    latest: float | None
    intermediate_count: int
    metrics: Mapping[str, float | None]
    parameters: Mapping[str, Json]
    final: Json
    directory: str


@frozen(kw_only=True)
class MetricColumns:
    """The intermediate reports of a trial, in columns of equal length. ``raw`` holds whole values, non-finite numbers
    tagged."""

    sequence: Sequence[int]
    value: Sequence[float | None]
    raw: Sequence[Json]
    timestamp: Sequence[int]


@frozen(kw_only=True)
class CreatedDocument:
    """A trial that was queued: a customised one, or one that is tried again."""

    id: str
    sequence_id: int


def experiment_document(control: ExperimentControl, role: Role) -> ExperimentDocument:
    """The experiment as a client with this role sees it."""
    profile = control.profile()
    trials = control.trials(reports=False)
    counts = Counter(trial.state for trial in trials)
    config = profile.config
    return ExperimentDocument(
        id=profile.id,
        name=profile.name,
        state=profile.state,
        reason=profile.reason,
        optimize_mode=profile.optimize_mode,
        duration=profile.duration,
        started_at=profile.started_at,
        ended_at=profile.ended_at,
        directory=str(profile.directory),
        revision=profile.revision,
        version=profile.version,
        tuner_remark=profile.tuner_remark,
        epoch=control.epoch,
        cursor=control.cursor,
        config=config,
        limits=LimitsDocument(
            trial_concurrency=config.get("trialConcurrency"),
            max_trial_number=config.get("maxTrialNumber"),
            max_experiment_duration=config.get("maxExperimentDuration"),
        ),
        counts={state.value: counts[state] for state in TrialState},
        best=_best(trials, maximize=profile.optimize_mode == "maximize"),
        role=role,
        notes=[_note(note) for note in control.notes()[-_NOTES_SHOWN:]],
        objectives=[ObjectiveDocument(name=one.name, direction=one.direction.value) for one in profile.objectives],
        pareto_set=_pareto_set(trials, profile.objectives),
    )


def trial_document(control: ExperimentControl, trial: Trial) -> TrialDocument:
    """Everything about one trial."""
    return TrialDocument(
        id=trial.id,
        sequence_id=trial.sequence_id,
        parameter_id=trial.parameter_id,
        source=trial.source,
        state=trial.state,
        created_at=trial.created_at,
        started_at=trial.started_at,
        ended_at=trial.ended_at,
        duration=duration_of(trial),
        attempt=trial.attempt,
        attempt_id=trial.attempt_id,
        exit_code=trial.exit_code,
        signal=trial.signal,
        message=trial.message,
        value=trial.final.number if trial.final else None,
        latest=trial.latest.number if trial.latest else None,
        intermediate_count=trial.intermediate_count,
        metrics=extra_metrics(trial),
        parameters=tag_floats(trial.parameters),
        final=tag_floats(trial.final.value) if trial.final else None,
        directory=control.trial_directory(trial.id),
    )


def metric_columns(metrics: Sequence[Metric]) -> MetricColumns:
    """Reports in columns."""
    return MetricColumns(
        sequence=[metric.sequence for metric in metrics],
        value=[metric.number for metric in metrics],
        raw=[tag_floats(metric.value) for metric in metrics],
        timestamp=[metric.timestamp for metric in metrics],
    )


def duration_of(trial: Trial) -> float | None:
    """Seconds that a trial ran, for display."""
    if trial.started_at is None or trial.ended_at is None:
        return None
    return max(0, trial.ended_at - trial.started_at) / 1000


def extra_metrics(trial: Trial) -> dict[str, float | None]:
    """The numbers of a final report beside its default."""
    value = trial.final.value if trial.final else None
    if not isinstance(value, Mapping):
        return {}
    return {name: named_number(value, name) for name in value if name != "default"}


def _best(trials: Iterable[Trial], *, maximize: bool) -> BestDocument | None:
    best: tuple[float, Trial] | None = None
    for trial in trials:
        number = trial.final.number if trial.final and trial.state is TrialState.SUCCEEDED else None
        if number is not None and (best is None or (number > best[0] if maximize else number < best[0])):
            best = number, trial
    return BestDocument(trial_id=best[1].id, sequence_id=best[1].sequence_id, value=best[0]) if best else None


def _pareto_set(trials: Iterable[Trial], objectives: Sequence[Objective]) -> Sequence[ChoiceDocument]:
    chosen = pareto_set(trials, objectives) if len(objectives) > 1 else ()
    return [
        ChoiceDocument(trial_id=one.trial.id, sequence_id=one.trial.sequence_id, values=one.values) for one in chosen
    ]


def _note(note: NoteView) -> NoteDocument:
    return NoteDocument(timestamp=note.timestamp, level=note.level, message=note.message, trial_id=note.trial_id)
