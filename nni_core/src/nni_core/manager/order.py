"""What a manager is started with, and what it answers: JSON over two pipes. Imports nothing heavy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from attrs import asdict, field, frozen

from nni_core.errors import Problem
from nni_core.model import Json


class Action(StrEnum):
    """What the manager is to do with its experiment's folder."""

    CREATE = "create"
    RESUME = "resume"
    #: end what a killed manager left running
    STOP = "stop"


@frozen(kw_only=True)
class Listening:
    """What the sockets that travel beside the order are bound to."""

    #: numeric addresses
    addresses: Sequence[str]
    port: int
    url_prefix: str = ""

    @property
    def urls(self) -> list[str]:
        """What to open in a browser; ``::1`` goes without saying beside 127.0.0.1."""
        shown = [address for address in self.addresses if address != "::1" or len(self.addresses) == 1]
        suffix = f"/{self.url_prefix}" if self.url_prefix else ""
        return [f"http://{_bracketed(address)}:{self.port}{suffix}" for address in shown]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@frozen(kw_only=True)
class Order:
    """Everything a manager needs to begin."""

    action: Action
    directory: str
    listening: Listening
    #: canonical config of a new experiment; None to go on with the one in the folder
    config: Mapping[str, Json] | None = None
    debug: bool = False
    lan_control: bool = False

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode()

    @classmethod
    def decode(cls, data: bytes) -> Order:
        raw = json.loads(data)
        return cls(**{**raw, "action": Action(raw["action"]), "listening": Listening(**raw["listening"])})

    @property
    def folder(self) -> Path:
        return Path(self.directory)


@frozen(kw_only=True)
class Reply:
    """How the start went."""

    problems: Sequence[Problem] = field(factory=tuple)
    #: text of a failure that is not the user's
    fault: str = ""

    @property
    def ok(self) -> bool:
        return not self.fault and not any(problem.fatal for problem in self.problems)

    def encode(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Reply:
        raw = json.loads(line)
        problems = [Problem(**{**one, "key_path": tuple(one["key_path"]), "location": None}) for one in raw["problems"]]
        return cls(problems=problems, fault=raw["fault"])
