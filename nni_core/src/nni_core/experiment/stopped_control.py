"""An experiment that does not run, whose settings can be changed all the same: for the manager that goes on with it."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from nni_core.experiment.archive import Archive
from nni_core.experiment.clock import Clock
from nni_core.experiment.control import ExperimentProfile, Setting
from nni_core.experiment.settings import checked_in, checked_settings
from nni_core.folders import ExperimentFolder
from nni_core.model import ExperimentState, Json
from nni_core.store.base import Store
from nni_core.store.events import SettingsChanged
from nni_core.store.reader import StoreReader


class StoppedControl(Archive):
    """:class:`Archive`, with one more event for its log. Good for one change: what it tells stays what it was."""

    def __init__(self, reader: StoreReader, folder: ExperimentFolder, *, store: Store, clock: Clock) -> None:
        """The caller is in charge of the experiment, as a manager would be."""
        super().__init__(reader, folder.path)
        self._store = store
        self._clock = clock

    def profile(self) -> ExperimentProfile:
        profile = super().profile()
        # Whatever was wrong with it, a resume begins anew.
        wrong = profile.state is ExperimentState.ERROR
        return evolve(profile, state=ExperimentState.STOPPED) if wrong else profile

    async def change(self, setting: Setting, value: Json) -> None:
        await self.change_all({setting: value})

    async def change_all(self, changes: Mapping[Setting, Json]) -> None:
        config = self.profile().config
        checked = checked_settings(changes, own_tuner="className" in config.get("tuner", {}))
        event = SettingsChanged(changes=checked_in(config, checked))
        self._store.submit([event], timestamp=self._clock.now())
        await self._store.flush()
