"""Refusals as documents: RFC 9457 ``application/problem+json``, with the same problems that the terminal prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
from attrs import frozen
from starlette.responses import Response

from nni_core.errors import ConflictError, NniError, NotFoundError, Problem, UserError

PROBLEM_TYPE = "application/problem+json"

#: where NNI's own paths begin, under the URL prefix: their errors carry the key that NNI's clients look for
NNI_ROOT = "/api/v1/nni"


@frozen(kw_only=True)
class ProblemItem:
    """One mistake."""

    code: str
    message: str
    help: str
    #: keys from the top of the request body
    key_path: Sequence[str | int]


@frozen(kw_only=True)
class ProblemDocument:
    """Why a request was refused."""

    #: always ``about:blank``: the status says what kind of problem it is
    type: str
    title: str
    status: int
    detail: str
    problems: Sequence[ProblemItem]
    #: under NNI's own paths: the same text as ``detail``
    error: str | None = None


class Refusal(Exception):  # noqa: N818 - it is the answer to a request, not a fault of ours
    """Answer a request with a problem."""

    def __init__(self, status: int, *problems: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.status = status
        self.problems = problems
        self.headers = headers or {}


def refusal(
    status: int,
    code: str,
    message: str,
    *,
    help: str = "",  # noqa: A002 - the problem's own word
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    """A refusal with one problem."""
    return Refusal(status, Problem(code=code, message=message, help=help), headers=headers)


def refusal_of(error: NniError) -> Refusal:
    """What an error of the experiment means to a client."""
    match error:
        case NotFoundError():
            return Refusal(404, *error.problems)
        case ConflictError():
            return Refusal(409, *error.problems)
        case UserError():
            return Refusal(422, *error.problems)
        case _:
            return refusal(503, "NNI734", str(error), help="look at the manager's log")


def problem_response(refused: Refusal, path: str) -> Response:
    """The document of a refusal. ``path`` is the request's, without the URL prefix."""
    detail = "; ".join(problem.message for problem in refused.problems)
    document = ProblemDocument(
        type="about:blank",
        title=HTTPStatus(refused.status).phrase,
        status=refused.status,
        detail=detail,
        problems=[
            ProblemItem(code=p.code, message=p.message, help=p.help, key_path=p.key_path) for p in refused.problems
        ],
        error=detail if path.startswith(NNI_ROOT) else None,
    )
    content = msgspec.json.encode(document)
    return Response(content, status_code=refused.status, media_type=PROBLEM_TYPE, headers=dict(refused.headers))
