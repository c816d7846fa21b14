"""Whose process is at the other end of a connection within this machine, by Linux's tables of TCP sockets."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
#: numeric address and port
Endpoint = tuple[str, int]

_ESTABLISHED = b"01"
_TABLES = {4: (Path("/proc/net/tcp"), Path("/proc/net/tcp6")), 6: (Path("/proc/net/tcp6"),)}


def peer_uid(client: Endpoint, server: Endpoint) -> int | None:
    """The user id that owns the client's end of a TCP connection; None when that end is not on this machine, or cannot
    be told. Costs about a millisecond: once for a connection."""
    try:
        ends = (parse_address(client[0]), client[1]), (parse_address(server[0]), server[1])
    except ValueError:
        return None
    for table in _TABLES[ends[0][0].version]:
        mapped = ends[0][0].version == 4 and table.name == "tcp6"
        wanted = b" ".join(_cell(address, port, mapped=mapped) for address, port in ends)
        uid = _owner(table, b" " + wanted + b" " + _ESTABLISHED + b" ")
        if uid is not None:
            return uid
    return None


def parse_address(text: str) -> IpAddress:
    """A numeric address; IPv4 in its IPv6 form is IPv4.

    :raises ValueError: when it is none.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    return getattr(address, "ipv4_mapped", None) or address


def _owner(table: Path, row_start: bytes) -> int | None:
    try:
        rows = table.read_bytes()
    except OSError:
        return None
    found = rows.find(row_start)
    if found < 0:
        return None
    # After the state: queues, timer, retransmits, uid, timeout, inode.
    cells = rows[found + len(row_start) :].split(None, 6)
    # A socket without an inode belongs to nobody any more, and is listed under user 0.
    return int(cells[3]) if cells[5] != b"0" else None


def _cell(address: IpAddress, port: int, *, mapped: bool) -> bytes:
    packed = (b"\0" * 10 + b"\xff\xff" if mapped else b"") + address.packed
    words = (packed[start : start + 4] for start in range(0, len(packed), 4))
    hexadecimal = b"".join(b"%08X" % int.from_bytes(word, sys.byteorder) for word in words)
    return b"%b:%04X" % (hexadecimal, port)
