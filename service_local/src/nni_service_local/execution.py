"""One attempt that a service looks after, and what the files of its supervisor say about it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from attrs import define

from nni_core.model import AttemptId
from nni_service_local import records
from nni_service_local.gpu import Placement
from nni_service_local.link import WardenLink
from nni_service_local.tail import Tail


@define(kw_only=True, eq=False)
class Execution:
    """An attempt between submission and the event of its end."""

    attempt_id: AttemptId
    directory: str
    spool: Tail
    #: what the warden was told; None for a trial of an earlier manager
    order: Mapping[str, Any] | None = None
    #: its beginning was told
    began: bool = False
    #: the GPUs that it occupies; None when it asked for none
    placement: Placement | None = None
    #: whose warden has the order, and tells of the end; None when it is adopted, and when the end is known
    link: WardenLink | None = None
    #: open ``supervisor.jsonl`` of a trial whose supervisor is not ours to wait for; None while the warden does that
    lock: int | None = None
    #: seconds of grace that the latest cancellation leaves; None when it was not cancelled
    grace: float | None = None
    #: why its results could not be read; empty when they could
    spool_fault: str = ""

    def adopt(self) -> None:
        """Watch the lock from now on. Without the file there is nothing to watch: the trial has ended."""
        self.link = None
        self.lock = _opened(f"{self.directory}/{records.SUPERVISOR_FILE}")
        if self.grace is not None:
            self.cancel_adopted(self.grace)

    @property
    def is_alive(self) -> bool:
        """Whether a supervisor holds an adopted trial."""
        return self.lock is not None and records.is_held(self.lock)

    def cancel_adopted(self, grace: float) -> None:
        """Ask the supervisor of an adopted trial to end it. Without effect when it is gone."""
        start = self.read(records.START)
        if start and self.is_alive:
            # Without it, on a full disk say, the supervisor takes its own time of grace.
            with suppress(OSError):
                records.replace_file(f"{self.directory}/{records.CANCEL_FILE}", {"grace": grace})
            self._signal_supervisor(start["pid"])

    def _signal_supervisor(self, pid: int) -> None:
        if not hasattr(os, "pidfd_open"):
            os.kill(pid, signal.SIGTERM)
            return
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        try:
            # Still held after the process was named: the pid was not given to another in between.
            if self.is_alive:
                signal.pidfd_send_signal(process, signal.SIGTERM)
        finally:
            os.close(process)

    def read(self, kind: str) -> dict[str, Any] | None:
        """The supervisor's record of this kind."""
        return records.read_record(self.directory, kind, self.attempt_id)

    def read_spool(self) -> bytes:
        """New bytes of the spool. Never raises: what keeps it from being read is told with the end of the trial."""
        try:
            return self.spool.read()
        except OSError as error:
            self.spool_fault = f"its results could not be read: {error}"
            self.spool.close()
            return b""

    def close(self) -> None:
        """Let go of every file. The trial goes on."""
        self.spool.close()
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


def _opened(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
