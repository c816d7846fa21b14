"""Where a manager listens: loopback and the primary private IPv4 unless told otherwise; bound before it starts."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
from collections.abc import Sequence

from nni_core.errors import MachineError, Problem
from nni_core.folders import live_experiments

#: an address that is never spoken to: asking the kernel for the way there names the primary interface
_SOMEWHERE = ("198.51.100.1", 9)


def default_addresses() -> list[str]:
    """127.0.0.1, ::1 and the primary IPv4 address when it is a private one."""
    lan = _primary_ipv4()
    return ["127.0.0.1", "::1", *([lan] if lan else [])]


def _primary_ipv4() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_SOMEWHERE)
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    parsed = ipaddress.ip_address(address)
    return address if parsed.is_private and not parsed.is_loopback and not parsed.is_link_local else None


def bind(addresses: Sequence[str], port: int) -> tuple[list[socket.socket], int]:
    """Listening sockets on every address, and their common port (a free one for port 0).

    :raises MachineError: when the port is taken on one of them, or an address is not this machine's.
    """
    sockets: list[socket.socket] = []
    try:
        for address in dict.fromkeys(_numeric(one) for one in addresses):
            bound = _bind_one(address, port)
            if bound is None:
                continue
            sockets.append(bound)
            port = bound.getsockname()[1]
    except MachineError:
        for bound in sockets:
            bound.close()
        raise
    return sockets, port


def _numeric(host: str) -> str:
    """The address of a host as the kernel writes it. An empty one, which would mean every interface, is none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if host.strip() else []
    except (OSError, UnicodeError):
        found = []
    if not found:
        raise MachineError(_not_ours(host))
    return str(found[0][4][0])


def _not_ours(host: str) -> Problem:
    return Problem(
        code="NNI526",
        message=f"'{host}' is not an address of this machine",
        help=f"it has {', '.join(default_addresses())}",
    )


def _bind_one(address: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError:
        _refuse_unless_loopback(address)
        return None
    try:
        # Lets a port be taken over from connections that are closing; a listening holder still excludes us.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((address, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} and address == "::1":
            return None
        raise MachineError(_explained(error, address, port)) from error
    return listening


def _refuse_unless_loopback(address: str) -> None:
    """A machine without IPv6 does without ::1, but not without an address that its user named."""
    if address != "::1":
        raise MachineError(
            Problem(code="NNI526", message=f"this machine has no IPv6, so it cannot listen on {address}")
        )


def _explained(error: OSError, address: str, port: int) -> Problem:
    match error.errno:
        case errno.EADDRINUSE:
            return Problem(
                code="NNI516",
                message=f"port {port} on {address} is taken{_holder(port)}",
                help=f"--port {_free_port(port)} is free, or --port 0 picks one",
            )
        case errno.EACCES:
            return Problem(code="NNI515", message=f"port {port} needs privileges", help="choose a port above 1023")
        case errno.EADDRNOTAVAIL:
            return _not_ours(address)
        case _:
            return Problem(
                code="NNI516", message=f"cannot listen on {address} port {port}: {os.strerror(error.errno or 0)}"
            )


def _holder(port: int) -> str:
    for folder in live_experiments():
        manager = folder.manager()
        if manager is not None and manager.port == port:
            return f" by experiment {folder.id} (pid {manager.pid}); nnictl stop {folder.id} ends it"
    pid = _listening_pid(port)
    return f" by process {pid[0]} ({pid[1]})" if pid else ""


def _listening_pid(port: int) -> tuple[int, str] | None:
    """The process that listens on a port, where /proc shows it."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table, encoding="ascii") as lines:  # noqa: PTH123 - a pseudo file
                rows = [line.split() for line in lines][1:]
        except OSError:
            continue
        inodes |= {row[9] for row in rows if row[3] == "0A" and int(row[1].rpartition(":")[2], 16) == port}
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for entry in os.listdir("/proc") if wanted else ():  # noqa: PTH208
        if entry.isdigit() and _holds(f"/proc/{entry}/fd", wanted):
            with open(f"/proc/{entry}/comm", encoding="utf-8", errors="replace") as name:  # noqa: PTH123
                return int(entry), name.read().strip()
    return None


def _holds(descriptors: str, wanted: set[str]) -> bool:
    try:
        return any(os.readlink(f"{descriptors}/{one}") in wanted for one in os.listdir(descriptors))  # noqa: PTH115, PTH208
    except OSError:
        return False


def _free_port(beside: int) -> int:
    for port in range(beside + 1, min(beside + 200, 65536)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port_found: int = probe.getsockname()[1]
        return port_found
