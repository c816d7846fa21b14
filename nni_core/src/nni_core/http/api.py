"""What every endpoint is given."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from attrs import frozen
from starlette.requests import Request

from nni_core.experiment.control import ExperimentControl
from nni_core.http.auth import ROLE, Guard, Role
from nni_core.http.body import parse_json, structure
from nni_core.http.snapshot import Snapshots
from nni_core.http.stream import Streams

T = TypeVar("T")


@frozen(kw_only=True)
class Api:
    """The experiment, and what the web interface keeps between requests."""

    control: ExperimentControl
    #: holds ``nnimanager.log`` and ``dispatcher.log``
    log_directory: Path
    #: None: asked within the process, by its owner
    guard: Guard | None
    #: empty, or begins with a slash and does not end with one
    url_prefix: str
    snapshots: Snapshots
    streams: Streams


def role_of(request: Request) -> Role:
    """What the client may do, as the guard found."""
    return Role(request.scope[ROLE])


async def body_of(request: Request, kind: type[T]) -> T:
    """The request's JSON body as a record.

    :raises Refusal: 400 or 422.
    """
    return structure(parse_json(await request.body()), kind)
