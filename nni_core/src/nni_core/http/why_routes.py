"""Why nothing happens: the experiment's reason, and that of each trial that waits."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response

from nni_core.experiment.why import Reason, Why
from nni_core.http.api import Api
from nni_core.http.portal_routes import json_response
from nni_core.http.routing import RouteTable
from nni_core.model import ExperimentState, Trial, TrialState

WHY = RouteTable("/api/v1")


@frozen(kw_only=True)
class ExperimentReason:
    """What the experiment waits for. ``idle``: no trial of it runs or waits. ``help`` is what to type about it."""

    id: str
    state: ExperimentState
    idle: bool
    reason: str
    help: str


@frozen(kw_only=True)
class TrialReason:
    """Why a trial waits, or how it came to its state."""

    id: str
    sequence_id: int
    state: TrialState
    reason: str
    help: str


@frozen(kw_only=True)
class WhyDocument:
    """The experiment, and every trial that is to run and does not."""

    experiment: ExperimentReason
    trials: Sequence[TrialReason]


@WHY.add("GET", "/why", "Why the experiment idles, and why each trial waits that does", answer=WhyDocument)
async def why(api: Api, _: Request) -> Response:
    profile, reasons = api.control.profile(), Why(api.control)
    found = reasons.experiment()
    experiment = ExperimentReason(
        id=profile.id, state=profile.state, idle=reasons.idle, reason=found.reason, help=found.help
    )
    trials = [_trial_reason(trial, reasons.trial(trial)) for trial in reasons.waiting]
    return json_response(WhyDocument(experiment=experiment, trials=trials))


@WHY.add("GET", "/trials/{trial_id}/why", "Why a trial waits, or how it came to its state", answer=TrialReason)
async def why_of_trial(api: Api, request: Request) -> Response:
    trial = api.control.trial(request.path_params["trial_id"])
    return json_response(_trial_reason(trial, Why(api.control).trial(trial)))


def _trial_reason(trial: Trial, found: Reason) -> TrialReason:
    return TrialReason(
        id=trial.id, sequence_id=trial.sequence_id, state=trial.state, reason=found.reason, help=found.help
    )
