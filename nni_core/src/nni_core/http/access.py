"""Who may do what: the token policy. A process of the owner on this machine needs no token; everyone else does."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from attrs import field, frozen

from nni_core.http.peers import Endpoint, parse_address, peer_uid
from nni_core.http.problems import Refusal, refusal

_FAILURES_ALLOWED = 10
_FAILURE_WINDOW = 60.0


class Role(StrEnum):
    """What a client may do."""

    #: nothing but log in
    ANONYMOUS = "anonymous"
    #: read
    VIEWER = "viewer"
    #: read and steer
    OWNER = "owner"


@frozen(kw_only=True)
class Policy:
    """The facts that access is decided by."""

    #: the experiment's token; whoever has it may come in
    token: str = field(repr=False)
    port: int
    #: numeric addresses that the manager listens on
    addresses: Sequence[str]
    #: further values of the Host header that are served, such as the name of a reverse proxy
    hosts: Sequence[str] = ()
    #: whether a token makes an owner of clients on other machines, and not only a viewer
    lan_control: bool = False
    #: the user who needs no token on this machine
    uid: int = field(factory=os.getuid)

    def is_this_machine(self, client: str) -> bool:
        """Whether a client's address is one of this machine's own."""
        try:
            address = parse_address(client)
        except ValueError:
            return False
        return address.is_loopback or str(address) in self.addresses

    def role_with_token(self, client: str) -> Role:
        """What the token makes of a client at an address."""
        return Role.OWNER if self.lan_control or self.is_this_machine(client) else Role.VIEWER

    @property
    def cookie(self) -> str:
        """Name of the session cookie: browsers share cookies between the ports of a host."""
        return f"nni_{self.port}"

    def session(self, role: Role) -> str:
        """Content of the session cookie of a role. Says nothing about the token, and ends with it."""
        return hmac.new(self.token.encode(), f"session:{role}".encode(), hashlib.sha256).hexdigest()


class Access:
    """Decides the role of each request, and counts wrong tokens."""

    def __init__(
        self,
        policy: Policy,
        *,
        clock: Callable[[], float] = time.monotonic,
        find_uid: Callable[[Endpoint, Endpoint], int | None] = peer_uid,
    ) -> None:
        self.policy = policy
        self._clock = clock
        self._find_uid = find_uid
        self._failures: defaultdict[str, deque[float]] = defaultdict(deque)

    def is_owner_process(self, client: Sequence[Any] | None, server: Sequence[Any] | None) -> bool:
        """Whether a connection comes from a process of the owner on this machine. Both ends are address and port, as
        ASGI gives them; what it does not know is nobody's."""
        if client is None or server is None or server[1] is None or not self.policy.is_this_machine(client[0]):
            return False
        return self._find_uid((client[0], client[1]), (server[0], server[1])) == self.policy.uid

    def role(self, client: str, *, bearer: str | None, session: str | None) -> Role:
        """The role of a client that is not known by its user.

        :raises Refusal: 401 for a wrong token, 429 after too many of them.
        """
        if bearer is not None:
            self.check_token(client, bearer)
            return self.policy.role_with_token(client)
        if session is None:
            return Role.ANONYMOUS
        # A session of an earlier experiment on the same port is no attack: its holder logs in again.
        return self._role_of_session(client, session)

    def check_token(self, client: str, token: str) -> None:
        """:raises Refusal: 401 when the token is wrong, 429 when there were too many wrong ones from that address."""
        failures = self._recent_failures(client)
        if len(failures) >= _FAILURES_ALLOWED:
            wait = max(1, round(failures[0] + _FAILURE_WINDOW - self._clock()))
            raise refusal(
                429,
                "NNI731",
                "too many wrong tokens from this address",
                help=f"try again in {wait} seconds",
                headers={"retry-after": str(wait)},
            )
        if not _equal(token, self.policy.token):
            failures.append(self._clock())
            raise token_required("the token is wrong")
        self._failures.pop(client, None)

    def _recent_failures(self, client: str) -> deque[float]:
        horizon = self._clock() - _FAILURE_WINDOW
        for address in [a for a, times in self._failures.items() if not times or times[-1] <= horizon]:
            del self._failures[address]
        failures = self._failures[client]
        while failures and failures[0] <= horizon:
            failures.popleft()
        return failures

    def _role_of_session(self, client: str, session: str) -> Role:
        owner = _equal(session, self.policy.session(Role.OWNER))
        viewer = _equal(session, self.policy.session(Role.VIEWER))
        if not owner and not viewer:
            return Role.ANONYMOUS
        return Role.OWNER if owner and self.policy.role_with_token(client) is Role.OWNER else Role.VIEWER


def token_required(message: str) -> Refusal:
    """A refusal for those who have not shown the token."""
    return refusal(
        401,
        "NNI722",
        message,
        help="open the link with #token= that nnictl webui url prints, or send Authorization: Bearer <token>",
        headers={"www-authenticate": "Bearer"},
    )


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
