"""``from nni.tuner import Tuner``: the base class of custom tuners, those written for NNI among them.

What is new may as well subclass :class:`nni_core.api.Tuner`, whose contract is stricter.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nni_core import api
from nni_core.model import Json, Parameters

__all__ = ["Tuner"]


class Tuner(api.Tuner):
    """NNI's tuner. Override :meth:`update_search_space`, :meth:`receive_trial_result`, and
    :meth:`generate_parameters` or :meth:`generate_multiple_parameters`.

    NNI promises its tuners less, and asks less of them, than :class:`nni_core.api.Tuner`: the search space may be
    anything, suggestions may lie outside it and repeat themselves, and a result is whatever the trial has reported.
    ``super().__init__()`` need not be called.
    """

    free_form = True

    def update_search_space(self, search_space: Mapping[str, Json]) -> None:
        """Take the search space, as written in the config. Called first, and again when the user changes it."""
        raise NotImplementedError(f"{type(self).__name__} has no update_search_space")

    def generate_parameters(self, parameter_id: int, **kwargs: Any) -> Parameters:
        """Suggest one set of parameters.

        :raises nni.NoMoreTrialError: when there is nothing left to suggest.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has neither generate_parameters nor generate_multiple_parameters"
        )

    def import_data(self, data: Sequence[Mapping[str, Json]]) -> None:
        """Learn results from elsewhere: a list of ``{"parameter": {...}, "value": ...}``. Ignored unless overridden."""
        logging.getLogger(__name__).warning("%s ignores the %d imported results", type(self).__name__, len(data))

    def accepts_customized_trials(self) -> bool:
        return getattr(self, "_accept_customized", False)

    def _accept_customized_trials(self, accept: bool = True) -> None:
        """Call this for results of parameters that a user gave, with ``customized=True``, as well."""
        self._accept_customized = accept

    def load_checkpoint(self) -> None:
        """Never called: a tuner that starts again is given its whole past instead."""

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
        """The tuner, or the assessor beside it, has raised."""


def checkpoint_path() -> str | None:
    """``NNI_CHECKPOINT_DIRECTORY`` when it is a directory, else None."""
    directory = os.environ.get("NNI_CHECKPOINT_DIRECTORY")
    return directory if directory and Path(directory).is_dir() else None
