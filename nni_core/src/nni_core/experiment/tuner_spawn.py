"""Starts the process that a tuner will live in. Imports almost nothing: a manager does this before anything else, so
that the process imports what it needs on another core while the manager does the same."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nni_core.children import start_child
from nni_core.plugin_kinds import PluginKind

if TYPE_CHECKING:
    from nni_core.folders import ExperimentFolder


class TunerLine:
    """A tuner's process, not told yet what it is for, and the socket to tell it by."""

    def __init__(self) -> None:
        #: whether the first call was made
        self.settled = False
        self.socket, theirs = socket.socketpair()
        with theirs:
            self.process = start_child("nni_core.experiment.tuner_worker", theirs.fileno(), fork=True)

    def settle_in(
        self,
        log_file: Path,
        environment: Mapping[str, str],
        expected: Sequence[tuple[PluginKind, str]] = (),
    ) -> None:
        """Make the first call: where to write what plugins print, what to add to the environment, and which installed
        plugins will be asked for, so that they are imported while the manager is not ready yet to ask for them."""
        self.settled = True
        call = {"log_file": str(log_file), "environment": dict(environment), "expected": list(expected)}
        self.socket.sendall(json.dumps(call).encode() + b"\n")


def environment_of(folder: ExperimentFolder, indices: Sequence[int] | None) -> Mapping[str, str]:
    """What a tuner finds in its environment beyond the manager's own: NNI's names for where to write, and the GPUs of
    the setting ``tuner_gpu_indices``."""
    own = {"NNI_LOG_DIRECTORY": str(folder.logs), "NNI_CHECKPOINT_DIRECTORY": str(folder.checkpoints)}
    return own if indices is None else {**own, "CUDA_VISIBLE_DEVICES": ",".join(map(str, indices))}
