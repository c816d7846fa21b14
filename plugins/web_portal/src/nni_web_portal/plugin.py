"""What the portal offers to the framework: one web application at the root of the manager's server."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import WebAppSpec
from nni_core.hookspecs import hookimpl


@hookimpl
def nni_web_apps() -> Sequence[WebAppSpec]:
    return [
        WebAppSpec(
            name="portal",
            summary="watch and steer the experiment in the browser",
            mount="/",
            implementation="nni_web_portal.app:create_app",
        )
    ]
