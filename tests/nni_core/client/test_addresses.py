"""Ports are bound before anything is started, on the addresses that are named and no others."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from nni_core.client.addresses import bind, default_addresses
from nni_core.errors import MachineError
from nni_core.manager.order import Listening


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No experiment of the machine's user is looked at."""
    monkeypatch.setenv("HOME", str(tmp_path))


def test_both_loopbacks_share_a_port_and_any_is_never_bound() -> None:
    """Holding only one of them would leave the other to somebody else."""
    sockets, port = bind(["127.0.0.1", "::1"], 0)
    try:
        assert {one.getsockname()[0] for one in sockets} == {"127.0.0.1", "::1"}
        assert {one.getsockname()[1] for one in sockets} == {port}
    finally:
        for one in sockets:
            one.close()
    assert "0.0.0.0" not in default_addresses()


def test_a_taken_port_names_its_holder_and_offers_another() -> None:
    """E16. What was bound before is let go."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(MachineError, match=f"port {port} on 127.0.0.1 is taken by process {os.getpid()}"):
            bind(["::1", "127.0.0.1"], port)
    sockets, _ = bind(["::1"], port)
    sockets[0].close()


def test_an_address_of_another_machine_is_refused() -> None:
    """E26. The message names those that this machine has."""
    with pytest.raises(MachineError, match=r"'192\.0\.2\.200' is not an address of this machine"):
        bind(["192.0.2.200"], 0)


@pytest.mark.parametrize(
    ("addresses", "urls"),
    [
        (["127.0.0.1", "::1", "192.168.1.1"], ["http://127.0.0.1:8080", "http://192.168.1.1:8080"]),
        (["::1"], ["http://[::1]:8080"]),
    ],
)
def test_urls_are_those_that_listen(addresses: list[str], urls: list[str]) -> None:
    """The tutorial prints two; ::1 is not shown beside 127.0.0.1."""
    assert Listening(addresses=addresses, port=8080).urls == urls


def test_a_prefix_is_part_of_the_url() -> None:
    """For use behind a proxy."""
    assert Listening(addresses=["127.0.0.1"], port=1, url_prefix="a/b").urls == ["http://127.0.0.1:1/a/b"]


@pytest.mark.parametrize("host", ["", "  ", "no such host", "nosuchhost.invalid"])
def test_a_host_that_is_no_address_is_refused(host: str) -> None:
    """E26. An empty one, say of an unset variable, must not mean every interface there is."""
    with pytest.raises(MachineError, match=r"is not an address of this machine") as refused:
        bind([host], 0)
    assert "127.0.0.1" in refused.value.problems[0].help


def test_an_address_named_twice_is_bound_once() -> None:
    """Nothing is in its own way."""
    sockets, _ = bind(["127.0.0.1", "127.0.0.1", "localhost"], 0)
    assert len(sockets) == 1
    sockets[0].close()
