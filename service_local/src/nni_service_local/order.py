"""What the warden is told about one trial."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from nni_core.api import TrialSpec
from nni_core.model import ExperimentId
from nni_core.wire import TrialVariable
from nni_service_local.gpu import Placement
from nni_service_local.gpu_desk import variables
from nni_service_local.layout import TrialFolders
from nni_service_local.plain import plain_words

#: value of NNI_PLATFORM
_PLATFORM = "local"


def fault_of(spec: TrialSpec) -> str | None:
    """Why no process can be made of a trial, or None: what execve(2) cannot take."""
    argv = _argv(spec)
    if not argv:
        return "the command is empty"
    for text in (*argv, spec.code, *spec.environment, *spec.environment.values()):
        try:
            encoded = os.fsencode(text)
        except UnicodeEncodeError:
            return f"{text!r} cannot be written in the encoding of this system"
        if b"\0" in encoded:
            return f"{text!r} holds a NUL character"
    wrong = next((name for name in spec.environment if not name or "=" in name), None)
    return None if wrong is None else f"{wrong!r} cannot be the name of an environment variable"


def order_of(
    spec: TrialSpec, experiment_id: ExperimentId, folders: TrialFolders, placement: Placement | None
) -> Mapping[str, Any]:
    """The order to run a trial, as the supervisor reads it.

    :raises NotFoundError: when an id in it cannot be one of a trial.
    """
    directory, checkpoints = folders.of(spec.trial_id, spec.attempt), folders.checkpoints(spec.trial_id)
    own = {
        TrialVariable.PLATFORM: _PLATFORM,
        TrialVariable.EXPERIMENT_ID: experiment_id,
        TrialVariable.TRIAL_ID: spec.trial_id,
        TrialVariable.SEQUENCE_ID: str(spec.sequence_id),
        TrialVariable.OUTPUT_DIRECTORY: directory,
        TrialVariable.SYSTEM_DIRECTORY: directory,
        TrialVariable.CODE_DIRECTORY: spec.code,
        TrialVariable.CHECKPOINT_DIRECTORY: checkpoints,
        TrialVariable.ATTEMPT: str(spec.attempt),
        TrialVariable.TOKEN: spec.attempt_id,
    }
    return {
        "attempt_id": spec.attempt_id,
        "directory": directory,
        "checkpoints": checkpoints,
        "checkpoints_of": folders.checkpoints(spec.checkpoints_of) if spec.checkpoints_of else None,
        "argv": _argv(spec),
        "plain_words": _plain_words(spec),
        "code_directory": spec.code,
        "environment": {**spec.environment, **variables(spec.gpus, placement), **own},
        # Bytes in text, one character each: JSON holds nothing else.
        "parameter_file": spec.parameter_file.decode("latin-1"),
        "time_limit": spec.time_limit,
        "gpus": placement.indices if placement else (),
        "gpu_share": placement.share if placement else 0.0,
    }


def _argv(spec: TrialSpec) -> list[str]:
    return ["/bin/sh", "-c", spec.command] if isinstance(spec.command, str) else list(spec.command)


def _plain_words(spec: TrialSpec) -> Sequence[str] | None:
    return plain_words(spec.command, os.environ, spec.environment) if isinstance(spec.command, str) else None
