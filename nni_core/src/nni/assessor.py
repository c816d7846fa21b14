"""``from nni.assessor import Assessor, AssessResult``: for custom assessors, those written for NNI among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nni.tuner import checkpoint_path
from nni_core import api
from nni_core.api import AssessResult

__all__ = ["AssessResult", "Assessor"]


class Assessor(api.Assessor):
    """NNI's assessor. Override :meth:`assess_trial`; ``super().__init__()`` need not be called.

    Its history holds what the trial has reported, as it was reported; that of :class:`nni_core.api.Assessor` holds
    finite numbers.
    """

    free_form = True

    def assess_trial(self, trial_job_id: str, trial_history: Sequence[Any]) -> AssessResult | bool:
        """Judge a trial by its intermediate results so far, in order; ``Bad`` or False ends it."""
        raise NotImplementedError(f"{type(self).__name__} has no assess_trial")

    def load_checkpoint(self) -> None:
        """Never called: an assessor that starts again is given its whole past instead."""

    def save_checkpoint(self) -> None:
        """Never called, as :meth:`load_checkpoint`."""

    def get_checkpoint_path(self) -> str | None:
        """``NNI_CHECKPOINT_DIRECTORY`` when it is a directory, else None."""
        return checkpoint_path()

    def close(self, *, failed: bool) -> None:
        if failed:
            self._on_error()
        else:
            self._on_exit()

    def _on_exit(self) -> None:
        """The experiment stops."""

    def _on_error(self) -> None:
        """The assessor, or the tuner beside it, has raised."""
