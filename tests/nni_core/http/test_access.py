"""Wrong tokens are counted, and peers are told apart by their user."""

import os
import socket
import subprocess
import sys

import pytest

from nni_core.http.access import Access, Policy, Role
from nni_core.http.app import normal_prefix
from nni_core.http.origins import check_host, known_hosts
from nni_core.http.peers import peer_uid
from nni_core.http.problems import Refusal

POLICY = Policy(token="right", port=8080, addresses=["127.0.0.1", "::1", "10.0.0.7"], hosts=["Proxy.example:8443"])
LAN = "10.0.0.9"


def status_of(access: Access, token: str, client: str = LAN) -> int:
    try:
        access.check_token(client, token)
    except Refusal as refused:
        return refused.status
    return 200


def test_the_eleventh_wrong_token_in_a_minute_is_not_looked_at() -> None:
    """Nor is a right one then; other addresses are not concerned, and a minute later all is forgotten."""
    now = 0.0
    access = Access(POLICY, clock=lambda: now)
    assert [status_of(access, "wrong") for _ in range(11)] == [401] * 10 + [429]
    now = 59.0
    assert (status_of(access, "right"), status_of(access, "right", "10.0.0.8")) == (429, 200)
    now = 61.0
    assert status_of(access, "right") == 200


def test_the_refusal_says_when_to_come_back() -> None:
    """Seconds until the oldest failure is forgotten."""
    now = 0.0
    access = Access(POLICY, clock=lambda: now)
    for _ in range(10):
        status_of(access, "wrong")
    now = 45.0
    with pytest.raises(Refusal, match="too many wrong tokens from this address") as refused:
        access.check_token(LAN, "right")
    assert refused.value.headers["retry-after"] == "15"


def test_addresses_without_recent_failures_are_forgotten() -> None:
    """A scan from many addresses leaves nothing behind."""
    now = 0.0
    access = Access(POLICY, clock=lambda: now)
    for number in range(100):
        status_of(access, "wrong", f"10.0.1.{number}")
    now = 100.0
    status_of(access, "wrong")
    assert list(access._failures) == [LAN]


def test_a_session_ends_with_the_token() -> None:
    """And a session of another role or experiment is worth nothing more."""
    access = Access(POLICY)
    other = Policy(token="other", port=8080, addresses=[])
    assert access.role(LAN, bearer=None, session=POLICY.session(Role.VIEWER)) is Role.VIEWER
    assert access.role(LAN, bearer=None, session=POLICY.session(Role.OWNER)) is Role.VIEWER
    assert access.role("127.0.0.1", bearer=None, session=POLICY.session(Role.OWNER)) is Role.OWNER
    assert access.role("127.0.0.1", bearer=None, session=other.session(Role.OWNER)) is Role.ANONYMOUS
    assert "right" not in repr(POLICY)


@pytest.mark.parametrize(
    "host",
    ["localhost:8080", "LOCALHOST:8080", "localhost.:8080", "127.0.0.1:8080", "[::1]:8080", "10.0.0.7:8080",
     "proxy.example:8443"],
)  # fmt: skip
def test_hosts_that_are_ours(host: str) -> None:
    """Loopback by every name, what is listened on, and named proxies."""
    assert check_host([host], known_hosts(POLICY), port=8080) == host.lower()


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:80", "localhost:08080", "localhost:8080:8080", "localhost..:8080", "a.localhost:8080",
     "127.0.0.1:8080@evil", "evil@127.0.0.1:8080", "127.0.0.1:8080/", "127.0.0.1:8080 ", "127.1:8080",
     "2130706433:8080",
     "127.0.0.2:8080", "0.0.0.0:8080", "[::]:8080", "::1:8080", "[::ffff:127.0.0.1]:8080", "10.0.0.8:8080", "", ":8080",
     "proxy.example", "localhost:8080\n", "localhost：8080"],
)  # fmt: skip
def test_hosts_that_are_not(host: str) -> None:
    """Nothing that merely looks or resolves like ours."""
    with pytest.raises(Refusal, match="not known under the name"):
        check_host([host], known_hosts(POLICY), port=8080)


CONNECT = """
import encodings.idna, os, socket, sys
if sys.argv[3] != str(os.getuid()): os.setuid(int(sys.argv[3]))
connected = socket.create_connection((sys.argv[1], int(sys.argv[2])))
sys.stdin.read()
"""


@pytest.mark.parametrize(("listen", "connect"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("::", "127.0.0.1"),
                                                 ("127.0.0.1", "::ffff:127.0.0.1")])  # fmt: skip
@pytest.mark.parametrize("uid", [os.getuid(), 65534])
def test_the_user_at_the_other_end(listen: str, connect: str, uid: int) -> None:
    """Real connections of real users, over both families and the one inside the other."""
    if uid != os.getuid() and os.getuid() != 0:
        pytest.skip("only root can become somebody else")
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    with socket.create_server((listen, 0), family=family, dualstack_ipv6=listen == "::") as server:
        arguments = [sys.executable, "-c", CONNECT, connect, str(server.getsockname()[1]), str(uid)]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE) as process:
            server.settimeout(20)
            accepted, client = server.accept()
            found = peer_uid(client[:2], accepted.getsockname()[:2])
            process.communicate()
            gone = peer_uid(client[:2], accepted.getsockname()[:2])
            accepted.close()
    assert (found, gone) == (uid, None)


@pytest.mark.parametrize("client", [("192.0.2.1", 1), ("nonsense", 1), ("127.0.0.1", 1)])
def test_a_peer_that_is_not_here_is_nobody(client: tuple[str, int]) -> None:
    """Other machines, bad addresses and connections that do not exist."""
    assert peer_uid(client, ("127.0.0.1", 9)) is None


@pytest.mark.parametrize(
    ("given", "normal"), [("", ""), ("/", ""), ("nni", "/nni"), ("/a/b-c/", "/a/b-c"), ("user_1/v1.2", "/user_1/v1.2")]
)
def test_url_prefixes(given: str, normal: str) -> None:
    """Slashes around it do not matter."""
    assert normal_prefix(given) == normal


@pytest.mark.parametrize("given", ["a//b", "../x", "a/../b", "a b", "a?b", "é", "{x}"])
def test_url_prefixes_that_cannot_be(given: str) -> None:
    """Nothing that a browser would read in another way."""
    with pytest.raises(ValueError, match="cannot be a URL prefix"):
        normal_prefix(given)
