"""Records what commands print, with everything that differs from run to run replaced by a word for it."""

from __future__ import annotations

import getpass
import json
import os
import re
import shlex
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nni_core import __version__

FOLDER = Path(__file__).parent / "transcripts"
#: set to anything, the transcripts are written anew instead of compared
RECORD = "NNI_RECORD_TRANSCRIPTS"

_VOLATILE = [
    (re.compile(pattern), word)
    for pattern, word in [
        (r"\d{4}[-/]\d\d[-/]\d\d \d\d:\d\d:\d\d(,\d+)?( [A-Z]{3,4}\b)?", "<time>"),
        (r"(?<![-\d])\d\d-\d\d \d\d:\d\d\b", "<time>"),
        (r"\b1[5-9]\d{11}\b", "<milliseconds>"),
        (r"(127\.0\.0\.1:|localhost:|port |-L |:)\d{4,5}\b", r"\1<port>"),
        (r'("port": |"pid": )\d+', r"\1<number>"),
        (r'("duration": |"seconds": |"execDuration": |"revision": )[\d.]+', r"\1<number>"),
        (r"\b(\d+d \d\dh|\d+h \d\dm|\d+m \d\ds|\d+(\.\d+)?s)\b", "<duration>"),
        (r"(?<=[ \d])\d+(\.\d)? [kMG]?B\b", "<size>"),
        (r'("bytes": )\d+', r"\1<size>"),
        (r"pid \d+", "pid <pid>"),
        (rf"(?<![\d.]){re.escape(__version__)}\b", "<version>"),
    ]
]
#: columns are as wide as what is in them
_BLANKS = re.compile(r"(?<=\S) {2,}")


class Transcript:
    """Commands with their exit codes and what they printed, in order."""

    def __init__(self, user: Any, name: str) -> None:
        self._user = user
        self._path = FOLDER / f"{name}.txt"
        self._raw: list[str] = []
        self._names: dict[str, str] = {}

    def run(self, command: str, *, only: str = "", keys: tuple[str, ...] = ()) -> str:
        """Run a command as a user types it, without ``nnictl``; the answer is its output.

        Of output that depends on the machine only lines that match ``only`` are recorded; of a JSON document, or of the
        objects in a list, only these keys.
        """
        typed = command
        for real, name in self._names.items():
            typed = typed.replace(name, real)
        done = self._user.nnictl(*shlex.split(typed), input="")
        shown = _chosen(done.stdout, keys) if keys else done.stdout
        if only:
            shown = "".join(line for line in shown.splitlines(keepends=True) if re.search(only, line))
        parts = [f"$ nnictl {command}\n", shown, *(f"! {line}\n" for line in done.stderr.splitlines())]
        self._raw.append("".join(parts) + (f"[exit {done.returncode}]\n" if done.returncode else ""))
        return str(done.stdout)

    def name(self, real: str, name: str) -> None:
        """Call something by a name of its own: an id, a folder."""
        self._names[real] = name

    def check(self) -> None:
        """Compare with what is stored, or store it."""
        text = "\n".join(self._masked(part) for part in self._raw)
        if RECORD in os.environ:
            self._path.write_text(text, encoding="utf-8")
        assert text == self._path.read_text(encoding="utf-8"), f"see {self._path}; {RECORD}=1 records it anew"

    def _masked(self, text: str) -> str:
        # Longer ones first: a folder may have an id in it.
        for real, name in sorted(self._everything().items(), key=lambda pair: -len(pair[0])):
            text = text.replace(real, name)
        for pattern, word in _VOLATILE:
            text = pattern.sub(word, text)
        return "\n".join(_BLANKS.sub("  ", line).rstrip() for line in text.split("\n"))

    def _everything(self) -> Mapping[str, str]:
        machine = {
            str(self._user.home): "~",
            sys.executable: "<python>",
            f"{getpass.getuser()}@{socket.gethostname()}": "<user>@<host>",
        }
        return {**machine, **self._names}


def _chosen(text: str, keys: tuple[str, ...]) -> str:
    document = json.loads(text)

    def kept(one: Any) -> Any:
        return {key: value for key, value in one.items() if key in keys} if isinstance(one, dict) else one

    chosen = [kept(one) for one in document] if isinstance(document, list) else kept(document)
    return json.dumps(chosen, indent=4) + "\n"


def recorded_commands() -> Iterator[str]:
    """Every command in any transcript, with its arguments."""
    for path in sorted(FOLDER.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith("$ nnictl "):
                yield line.removeprefix("$ ")
