"""Where a request claims to go to and to come from. Browsers cannot be made to lie here by the pages they show: this
keeps other web sites, and names that an attacker points at this machine, out.

Both headers are compared whole against what is known; nothing is taken apart, so nothing can be taken apart wrongly.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence

from nni_core.http.access import Policy
from nni_core.http.problems import Refusal, refusal

_OWN_SITE = frozenset({"same-origin", "none"})
_LOOPBACK = ("localhost", "localhost.", "127.0.0.1", "[::1]")


def known_hosts(policy: Policy) -> frozenset[str]:
    """Every value that the Host header may have, in lower case."""
    names = {*_LOOPBACK, *(_in_url(address) for address in policy.addresses)}
    # Clients leave out the port of plain HTTP.
    bare = names if policy.port == 80 else set()
    return frozenset({f"{name}:{policy.port}" for name in names} | bare | {host.lower() for host in policy.hosts})


def check_host(values: Sequence[str], known: frozenset[str], *, port: int) -> str:
    """The one Host header of a request, in lower case.

    :raises Refusal: 400 when there is none or more than one, 421 when it names something else.
    """
    if len(values) != 1:
        found = "no" if not values else "more than one"
        raise refusal(400, "NNI724", f"the request has {found} Host header", help="send exactly one")
    host = values[0].lower()
    if host not in known:
        message = "this server is not known under the name in the Host header"
        raise refusal(421, "NNI724", message, help=f"use http://localhost:{port}")
    return host


def check_origin(headers: Mapping[str, Sequence[str]], host: str, *, required: bool = False) -> None:
    """Let nothing through that another web site asks for.

    :raises Refusal: 403.
    """
    origins = headers.get("origin", ())
    if required and not origins:
        raise _cross_site("a web socket needs an Origin header")
    own = {f"http://{host}", f"https://{host}"}
    if not own.issuperset(origin.lower() for origin in origins):
        raise _cross_site("the request comes from another origin")
    if not _OWN_SITE.issuperset(headers.get("sec-fetch-site", ())):
        raise _cross_site("the request comes from another site")


def _cross_site(message: str) -> Refusal:
    return refusal(403, "NNI725", message, help="open the address of the portal in a tab of its own")


def _in_url(address: str) -> str:
    parsed = ipaddress.ip_address(address)
    return f"[{parsed}]" if parsed.version == 6 else str(parsed)
