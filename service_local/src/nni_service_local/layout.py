"""Where the files of an experiment's trials lie. Paths are made of checked ids only, never of a client's text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from nni_core.errors import NotFoundError, Problem
from nni_core.model import AttemptId, TrialId
from nni_service_local import records

#: what a trial id may look like; it becomes a folder's name
_TRIAL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class TrialFolders:
    """``trials/<trial id>`` for the first attempt, ``trials/<trial id>/attempt-N`` for later ones."""

    def __init__(self, experiment: Path) -> None:
        # Absolute, because processes with other working directories use the paths. Text, because it is faster.
        self.root = str(experiment.absolute() / "trials")
        #: held by the warden, with a mark of it inside
        self.warden_lock = f"{self.root}/warden.lock"
        #: what goes wrong in the warden and in supervisors
        self.warden_log = f"{self.root}/warden.log"

    def make(self) -> None:
        """Make the root. :raises OSError: when that is not possible."""
        Path(self.root).mkdir(mode=0o700, parents=True, exist_ok=True)

    def of(self, trial_id: TrialId, attempt: int) -> str:
        """The folder of one attempt, whether it exists or not.

        :raises NotFoundError: when the id cannot be one of a trial.
        """
        if not _TRIAL_ID.fullmatch(trial_id) or attempt < 1:
            raise NotFoundError(
                Problem(
                    code="NNI549",
                    message=f"there is no attempt {attempt} of a trial {trial_id!r}",
                    help="nnictl trial ls shows the trials of an experiment",
                )
            )
        return f"{self.root}/{trial_id}" + (f"/attempt-{attempt}" if attempt > 1 else "")

    def checkpoints(self, trial_id: TrialId) -> str:
        """The folder that all attempts of a trial share. The trial makes it."""
        return f"{self.of(trial_id, 1)}/checkpoints"

    def find(self, trial_id: TrialId, attempt_id: AttemptId) -> str | None:
        """The folder in which this attempt was started; None when it never was."""
        for directory in self._attempts(trial_id):
            if records.read_record(directory, records.START, attempt_id):
                return directory
        return None

    def _attempts(self, trial_id: TrialId) -> Iterator[str]:
        first = self.of(trial_id, 1)
        yield first
        yield from (str(path) for path in Path(first).glob("attempt-*"))
