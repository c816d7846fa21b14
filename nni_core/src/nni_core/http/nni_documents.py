"""NNI's documents, with NNI's names: camel case, and JSON inside JSON where NNI has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from nni_core.experiment.control import ExperimentControl, ExperimentProfile
from nni_core.experiment.objectives import pareto_set
from nni_core.http.encoding import encode_text
from nni_core.model import ExperimentState, Json, Metric, MetricKind, Trial, TrialId, TrialState


class NniDocument(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Fields that are left out keep their default."""


class StatusDocument(NniDocument, frozen=True, kw_only=True):
    status: ExperimentState
    errors: Sequence[str]


class ObjectiveDocument(NniDocument, frozen=True, kw_only=True):
    """What is optimized; ``direction`` is minimize or maximize."""

    name: str
    direction: str


class ChoiceDocument(NniDocument, frozen=True, kw_only=True):
    """A trial that no other surpasses in every objective; ``values`` has the names of the objectives."""

    trial_job_id: str
    sequence_id: int
    values: Mapping[str, float]
    parameters: Mapping[str, Json]


class ProfileDocument(NniDocument, frozen=True, kw_only=True):
    """``exec_duration`` is in seconds, times in milliseconds. Beyond NNI's fields: why the experiment is as it is,
    what its tuner says it is doing, what the config says it looks for, and, where that is several things, the trials to
    choose from."""

    params: Mapping[str, Json]
    id: str
    exec_duration: int
    log_dir: str
    start_time: int
    next_sequence_id: int
    revision: int
    end_time: int | None = None
    reason: str = ""
    tuner_remark: str = ""
    objectives: Sequence[ObjectiveDocument] = ()
    pareto_set: Sequence[ChoiceDocument] = ()


class MetadataDocument(NniDocument, frozen=True, kw_only=True):
    """``end_time`` is the text ``N/A`` until the experiment ends; there is a port while a manager runs."""

    id: str
    port: int | None = None
    start_time: int
    end_time: int | str
    status: ExperimentState
    platform: str
    experiment_name: str
    tag: Sequence[str]
    pid: int | None = None
    webui_url: Sequence[str]
    log_dir: str
    prefix_url: str | None


class StatisticsDocument(NniDocument, frozen=True, kw_only=True):
    trial_job_status: TrialState
    trial_job_number: int


class MetricDocument(NniDocument, frozen=True, kw_only=True):
    """``data`` is JSON text of JSON text of the value."""

    timestamp: int
    trial_job_id: str
    parameter_id: str
    type: MetricKind
    sequence: int
    data: str


class TrialJobDocument(NniDocument, frozen=True, kw_only=True):
    """``hyper_parameters`` holds the JSON text of a parameter record."""

    trial_job_id: str
    status: TrialState
    hyper_parameters: Sequence[str]
    log_path: str
    start_time: int
    sequence_id: int
    env_id: str
    end_time: int | None = None
    final_metric_data: Sequence[MetricDocument] | None = None
    message: str | None = None
    stderr_path: str | None = None


class ExportDocument(NniDocument, frozen=True, kw_only=True):
    """``value`` is the JSON text of the final value."""

    parameter: Mapping[str, Json]
    value: str
    trial_job_id: str


class SequenceDocument(NniDocument, frozen=True, kw_only=True):
    sequence_id: int


def profile_document(control: ExperimentControl) -> ProfileDocument:
    """NNI's experiment profile."""
    profile = control.profile()
    return ProfileDocument(
        params=profile.config,
        id=profile.id,
        exec_duration=int(profile.duration),
        log_dir=str(profile.directory),
        start_time=profile.started_at,
        next_sequence_id=profile.next_sequence_id,
        revision=profile.revision,
        end_time=profile.ended_at,
        reason=profile.reason or profile.goal,
        tuner_remark=profile.tuner_remark,
        objectives=_objectives(profile),
        pareto_set=_pareto_set(control, profile),
    )


def _objectives(profile: ExperimentProfile) -> Sequence[ObjectiveDocument]:
    written = profile.objectives if profile.config.get("objectives") else ()
    return tuple(ObjectiveDocument(name=one.name, direction=one.direction.value) for one in written)


def _pareto_set(control: ExperimentControl, profile: ExperimentProfile) -> Sequence[ChoiceDocument]:
    if len(profile.objectives) < 2:
        return ()
    return [
        ChoiceDocument(
            trial_job_id=choice.trial.id,
            sequence_id=choice.trial.sequence_id,
            values=choice.values,
            parameters=choice.trial.parameters,
        )
        for choice in pareto_set(control.trials(reports=False), profile.objectives)
    ]


def metadata_document(
    control: ExperimentControl, *, port: int, pid: int, urls: Sequence[str], prefix: str
) -> MetadataDocument:
    """The entry of NNI's list of experiments."""
    profile = control.profile()
    return MetadataDocument(
        id=profile.id,
        port=port,
        start_time=profile.started_at,
        end_time="N/A" if profile.ended_at is None else profile.ended_at,
        status=profile.state,
        platform=platform_of(profile.config),
        experiment_name=profile.name or "",
        tag=[],
        pid=pid,
        webui_url=urls,
        log_dir=str(profile.directory),
        prefix_url=prefix.removeprefix("/") or None,
    )


def trial_job(control: ExperimentControl, trial: Trial, platform: str) -> TrialJobDocument:
    """NNI's trial object."""
    path = control.trial_directory(trial.id)
    shows_result = trial.state is TrialState.SUCCEEDED and trial.final is not None
    return TrialJobDocument(
        trial_job_id=trial.id,
        status=trial.state,
        hyper_parameters=[encode_text(_parameter_record(trial))],
        log_path=path,
        start_time=trial.created_at if trial.started_at is None else trial.started_at,
        sequence_id=trial.sequence_id,
        env_id=f"{platform}-env",
        end_time=trial.ended_at,
        final_metric_data=[metric_document(trial.final)] if shows_result and trial.final else None,
        message=trial.message,
        stderr_path=f"{path}/stderr" if trial.state is TrialState.FAILED else None,
    )


def metric_document(metric: Metric) -> MetricDocument:
    """NNI's metric object."""
    return MetricDocument(
        timestamp=metric.timestamp,
        trial_job_id=metric.trial_id,
        parameter_id=str(metric.parameter_id),
        type=metric.kind,
        sequence=metric.sequence,
        data=encode_text(encode_text(metric.value)),
    )


def latest_metrics(metrics: Iterable[Metric]) -> list[Metric]:
    """All final reports, and the last intermediate one of each trial."""
    finals: list[Metric] = []
    latest: dict[TrialId, Metric] = {}
    for metric in metrics:
        if metric.kind is MetricKind.FINAL:
            finals.append(metric)
        else:
            latest[metric.trial_id] = metric
    return finals + list(latest.values())


def export_document(trial: Trial, final: Metric) -> ExportDocument:
    """What a later experiment can learn of a trial."""
    return ExportDocument(parameter=trial.parameters, value=encode_text(final.value), trial_job_id=trial.id)


def platform_of(config: Mapping[str, Json]) -> str:
    """The training service that a canonical config names."""
    service = config.get("trainingService")
    return str(service.get("platform", "")) if isinstance(service, Mapping) else ""


def _parameter_record(trial: Trial) -> Mapping[str, Json]:
    return {
        "parameter_id": trial.parameter_id,
        "parameter_source": trial.source.value,
        "parameters": dict(trial.parameters),
        "parameter_index": 0,
    }
