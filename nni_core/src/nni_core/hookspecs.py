"""Every hook of the framework, in one flat file. No logic.

A plugin is a module named by an entry point in the group ``nni``; it implements any of these functions under
``@hookimpl`` and returns *specs*: small records that name an implementation by dotted path, so that finding and
listing plugins imports none of their heavy parts. Hooks only ever gain arguments; a plugin takes those it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from nni_core.api import (
        AssessorSpec,
        CliCommandSpec,
        ExperimentInfo,
        MetricSinkSpec,
        TrainingServiceSpec,
        TunerSpec,
        WebAppSpec,
    )
    from nni_core.model import ExperimentState, Metric, Trial

#: the entry-point group, and pluggy's project name
PROJECT = "nni"
#: raised when a hook changes in a way that old plugins cannot follow; a plugin module may state its own as
#: ``NNI_API_VERSION = 1`` and is refused, with both numbers named, when they differ
API_VERSION = 1

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# What a plugin offers. Called when names are looked up, in nnictl and in the manager: answer quickly.


@hookspec
def nni_tuners() -> Sequence[TunerSpec]:
    """Offer tuners: ``tuner.name`` in a config resolves to one of them."""


@hookspec
def nni_assessors() -> Sequence[AssessorSpec]:
    """Offer assessors: ``assessor.name`` in a config resolves to one of them."""


@hookspec
def nni_training_services() -> Sequence[TrainingServiceSpec]:
    """Offer training services: ``training_service.platform`` in a config resolves to one of them."""


@hookspec
def nni_metric_sinks() -> Sequence[MetricSinkSpec]:
    """Offer metric sinks: ``sinks[].name`` in a config resolves to one of them."""


@hookspec
def nni_cli_commands() -> Sequence[CliCommandSpec]:
    """Offer more verbs for nnictl."""


@hookspec
def nni_web_apps() -> Sequence[WebAppSpec]:
    """Offer ASGI applications for the manager's web server to mount: the web portal is one."""


# What a plugin hears. Called in the manager, from a bounded queue of the plugin's own, in the order of events. A plugin
# that is slow or raises loses its own events, counted and logged; the experiment never waits for it.


@hookspec
def nni_experiment_started(experiment: ExperimentInfo) -> None:
    """An experiment began, or went on after a resume (``experiment.resumed``)."""


@hookspec
def nni_trial_created(experiment: ExperimentInfo, trial: Trial) -> None:
    """A trial has its parameters and waits for its training service."""


@hookspec
def nni_trial_started(experiment: ExperimentInfo, trial: Trial) -> None:
    """The command of a trial runs."""


@hookspec
def nni_metric_reported(experiment: ExperimentInfo, trial: Trial, metric: Metric) -> None:
    """A trial reported an intermediate or the final result."""


@hookspec
def nni_trial_ended(experiment: ExperimentInfo, trial: Trial) -> None:
    """A trial reached a terminal state: ``trial.state`` says which."""


@hookspec
def nni_experiment_ended(experiment: ExperimentInfo, state: ExperimentState) -> None:
    """The experiment is DONE, STOPPED or in ERROR; no more events follow in this run."""
