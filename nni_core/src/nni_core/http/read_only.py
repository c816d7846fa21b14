"""Nothing can be changed by those who look at a stopped experiment: not by routes of ours, nor by those of plugins."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from nni_core.experiment.control import ExperimentControl
from nni_core.http.auth import ROLE, Role
from nni_core.http.login import SESSION_PATH
from nni_core.http.problems import problem_response, refusal

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class ReadOnly:
    """Middleware, behind the guard: refuses every method that is not for reading, but for opening a session."""

    def __init__(self, app: ASGIApp, *, control: ExperimentControl, url_prefix: str) -> None:
        self._app = app
        self._control = control
        self._prefix = url_prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _READING:
            path = scope["path"].removeprefix(self._prefix)
            if path != SESSION_PATH:
                experiment_id = self._control.profile().id
                refused = refusal(
                    409,
                    "NNI707",
                    f"experiment {experiment_id} is being viewed: it can only be looked at",
                    help=f"nnictl resume {experiment_id} goes on with it",
                )
                await problem_response(refused, path)(scope, receive, send)
                return
        # Its documents say so, too: a page that shows them need not offer what would be refused.
        await self._app({**scope, ROLE: Role.VIEWER}, receive, send)
