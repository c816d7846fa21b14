"""An experiment at a glance: what its log says first and last. Costs the same for a long log and a short one."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from attrs import frozen

from nni_core.folders import ExperimentFolder
from nni_core.model import ExperimentId, ExperimentState, Json
from nni_core.store.base import StoreError
from nni_core.store.database import open_for_reading
from nni_core.store.events import ExperimentCreated, ExperimentStateChanged
from nni_core.store.reader import StoreReader


@frozen(kw_only=True)
class Glance:
    """What is known of an experiment without reading its trials."""

    id: ExperimentId
    state: ExperimentState
    #: as it was created with
    config: Mapping[str, Json]
    #: milliseconds since the epoch
    started_at: int
    ended_at: int | None


def glance(folder: ExperimentFolder) -> Glance:
    """Look at an experiment, whether its manager runs or not.

    :raises StoreError: when its log cannot be read.
    """
    # Looking for damage would read the whole file, and there may be many of them.
    connection = open_for_reading(folder.database, check=False)
    with StoreReader(connection, threading.Lock(), folder.database) as reader:
        return _glance(folder, reader)


def _glance(folder: ExperimentFolder, reader: StoreReader) -> Glance:
    first = next(reader.replay(0, 1), None)
    if first is None or not isinstance(first.body, ExperimentCreated):
        raise StoreError(f"{folder.database} does not begin with the creation of an experiment")
    latest = reader.latest(ExperimentStateChanged)
    state = latest.body.state if latest and isinstance(latest.body, ExperimentStateChanged) else None
    if not (state and state.is_finished) and not folder.is_live():
        # Its manager was killed: nothing was written of that.
        state = ExperimentState.STOPPED
    return Glance(
        id=folder.id,
        state=state or ExperimentState.INITIALIZED,
        config=first.body.config,
        started_at=first.timestamp,
        ended_at=latest.timestamp if latest and state and state.is_finished else None,
    )
