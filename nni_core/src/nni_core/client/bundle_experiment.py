"""The experiment in a bundle, unpacked, and believed only as far as it was checked."""

from __future__ import annotations

import re
from pathlib import Path

from nni_core.client.bundle import LOG_FILE, BundleManifest
from nni_core.errors import ConfigError, NniError, Problem
from nni_core.experiment.ledger import Ledger
from nni_core.folders import ID_PATTERN
from nni_core.store.base import StoreError
from nni_core.store.events import ExperimentCreated
from nni_core.store.inspection import inspect
from nni_core.store.reader import StoreReader, open_readonly

#: a trial's id is the name of its folder
_TRIAL_ID = re.compile(r"[A-Za-z0-9_\-]{1,64}")


def checked_ledger(database: Path, manifest: BundleManifest, bundle: Path) -> Ledger:
    """What an unpacked log adds up to.

    :raises ConfigError: when it is not the log of the experiment that the manifest names.
    """
    try:
        inspect(database)
        with open_readonly(database) as reader:
            ledger = _folded(reader)
    except StoreError as error:
        text = str(error).replace(str(database), "the log")
        raise _refused(bundle, text) from error
    if ledger.experiment_id != manifest.experiment_id:
        raise _refused(bundle, f"it is that of experiment '{ledger.experiment_id[:40]}'")
    return ledger


def check_id(manifest: BundleManifest, bundle: Path) -> None:
    """:raises ConfigError: when the id that a manifest names cannot be one."""
    if not ID_PATTERN.fullmatch(manifest.experiment_id):
        message = f"'{bundle.name}': {manifest.experiment_id[:60]!r} cannot be the id of an experiment"
        raise ConfigError(Problem(code="NNI594", message=message))


def _folded(reader: StoreReader) -> Ledger:
    ledger = Ledger()
    try:
        first = next(reader.replay()).body
        if not isinstance(first, ExperimentCreated):
            raise StoreError("it does not begin with an experiment")
        ledger.catch_up(reader.outline())
    except StopIteration:
        raise StoreError("it is empty") from None
    except StoreError:
        raise
    except NniError as error:
        raise StoreError(str(error)) from error
    except Exception as error:  # somebody else wrote it: events that no manager writes break the fold in any way
        raise StoreError(f"its events contradict each other: {error!r}") from error
    _check_names(ledger)
    return ledger


def _check_names(ledger: Ledger) -> None:
    """What becomes part of a path must not lead anywhere else."""
    for trial in ledger.trials.values():
        if not _TRIAL_ID.fullmatch(trial.id):
            raise StoreError(f"{trial.id[:60]!r} cannot be the id of a trial")
        if not isinstance(trial.attempt, int):
            raise StoreError(f"trial {trial.id} has no number of attempts")


def _refused(bundle: Path, fault: str) -> ConfigError:
    return ConfigError(Problem(code="NNI597", message=f"'{bundle.name}', entry '{LOG_FILE}': {fault}"))
