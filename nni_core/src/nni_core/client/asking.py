"""Asks an experiment to change: its manager, or, where there is none, its log, for the manager that goes on with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from nni_core.client.reading import answer_of, read
from nni_core.client.rest import Rest
from nni_core.folders import ExperimentFolder
from nni_core.model import Json

EXPERIMENT = "/api/v1/experiment"


def ask_to_change(folder: ExperimentFolder, method: str, path: str, body: Json) -> Mapping[str, Any]:
    """Make a request that changes settings, whether a manager runs or not; the answer is the experiment as it stands
    then.

    :raises UserError: when it is refused.
    """
    if not folder.is_live() and (lock := folder.take_charge()) is not None:
        with lock:  # no manager begins meanwhile
            asyncio.run(_write(folder, method, path, body))
        stopped: Mapping[str, Any] = read(folder, EXPERIMENT)
        return stopped
    document: Mapping[str, Any] = Rest(folder).send(method, path, body)
    return document


async def _write(folder: ExperimentFolder, method: str, path: str, body: Json) -> None:
    from nni_core.experiment.clock import SystemClock
    from nni_core.experiment.stopped_control import StoppedControl
    from nni_core.http.app import create_local_app
    from nni_core.store.reader import open_readonly
    from nni_core.store.sqlite import open_store

    store = open_store(folder.database)
    try:
        with open_readonly(folder.database) as reader:
            control = StoppedControl(reader, folder, store=store, clock=SystemClock())
            await answer_of(create_local_app(control, log_directory=folder.logs), path, method=method, body=body)
    finally:
        await store.close()
