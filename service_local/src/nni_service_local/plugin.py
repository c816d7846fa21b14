"""Offers the local training service to the core. Imports nothing heavy: the service is imported when it is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import TrainingServiceSpec
from nni_core.hookspecs import hookimpl
from nni_service_local.arguments import LocalArguments


@hookimpl
def nni_training_services() -> Sequence[TrainingServiceSpec]:
    """The service ``local``."""
    return [
        TrainingServiceSpec(
            name="local",
            summary="runs trials as processes on this machine, with its GPUs shared out among them",
            implementation="nni_service_local.service:LocalService",
            arguments=LocalArguments,
        )
    ]
