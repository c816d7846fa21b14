"""What users see of a plugin: commands of nnictl, and web applications beside the portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen


@frozen(kw_only=True)
class CliCommandSpec:
    """Offers one more verb of nnictl."""

    #: the verb
    name: str
    summary: str
    #: ``package.module:command``, a click command, imported when the verb is used
    implementation: str


@frozen(kw_only=True)
class WebAppSpec:
    """Offers an ASGI application to the manager's web server."""

    name: str
    summary: str
    #: path under the URL prefix; ``/`` is the portal's. ``/api`` is the core's own
    mount: str
    #: ``package.module:factory``, called without arguments in the manager when the server starts
    implementation: str | Callable[[], Any]
