"""NNI's Python interface to experiments: ``Experiment`` and its config, as notebooks and scripts use them."""

from __future__ import annotations

import atexit
import json
import time
from enum import Enum
from pathlib import Path
from typing import Any

from nni_core.client.launch import Started, WarmManager
from nni_core.client.reading import read
from nni_core.client.rest import Rest
from nni_core.client.settings_tree import ExperimentConfig
from nni_core.client.starting import listening_sockets, new_order, start_new
from nni_core.client.stopping import chosen, stop_experiment
from nni_core.config.load import load_config_data
from nni_core.errors import NniError
from nni_core.folders import ExperimentFolder
from nni_core.model import Json
from nni_core.plugins import discover_plugins

#: seconds between looks at a running experiment
INTERVAL = 0.5
_GOOD_ENDS = frozenset({"DONE", "STOPPED"})


class RunMode(Enum):
    """What becomes of the experiment when the Python program ends."""

    #: it is stopped
    Background = "background"
    #: it goes on
    Detach = "detach"


class NotRunningError(NniError, RuntimeError):
    """The experiment was not started, or has been stopped."""


class Experiment:
    """One experiment, configured and run from Python.

    .. code-block:: python

        experiment = Experiment("local")
        experiment.config.trial_command = "python model.py"
        experiment.config.search_space = {"lr": {"_type": "loguniform", "_value": [0.0001, 0.1]}}
        experiment.config.tuner.name = "TPE"
        experiment.config.tuner.class_args["optimize_mode"] = "maximize"
        experiment.config.max_trial_number = 10
        experiment.config.trial_concurrency = 2
        experiment.run(8080)

    Relative paths in the config begin at the current working directory.
    """

    def __init__(self, config_or_platform: ExperimentConfig | str | None = None) -> None:
        """Take a finished config, or the name of a training service to make an empty one for."""
        if isinstance(config_or_platform, str):
            config_or_platform = ExperimentConfig(config_or_platform)
        self.config = config_or_platform or ExperimentConfig()
        self.port: int | None = None
        self.url_prefix = ""
        self._folder: ExperimentFolder | None = None
        self._started: Started | None = None

    @property
    def id(self) -> str | None:
        """The experiment's id; None before it is started."""
        return self._folder.id if self._folder else None

    def start(self, port: int = 8080, debug: bool = False, run_mode: RunMode = RunMode.Background) -> None:
        """Check the config and start the experiment; returns when its first trials are being created.

        :raises UserError: with everything that is wrong.
        """
        with WarmManager() as manager:
            data = {**self.config.as_data(), "debug": debug}
            loaded = load_config_data(data, Path.cwd(), discover_plugins())
            with listening_sockets((), port, self.url_prefix) as (sockets, listening):
                order, folder = new_order(loaded, listening, debug=debug)
                _say(f"Creating experiment, Experiment ID: {folder.id}")
                _say("Starting web server...")
                self._started = start_new(manager, order, sockets, loaded)
        self._folder, self.port = folder, listening.port
        _say("Setting up...")
        _say(f"Web portal URLs: {' '.join(listening.urls)}")
        if run_mode is RunMode.Background:
            atexit.register(self.stop)

    def run(self, port: int = 8080, wait_completion: bool = True, debug: bool = False) -> bool | None:
        """Start the experiment and wait until it is done. True when it is, False when it ended in ERROR, None when not
        waiting. The web portal stays until :meth:`stop`, or the end of the program.

        :raises UserError: with everything that is wrong.
        """
        self.start(port, debug)
        return self._wait() if wait_completion else None

    def _wait(self) -> bool | None:
        try:
            while (status := self.get_status()) not in {*_GOOD_ENDS, "ERROR"}:
                time.sleep(INTERVAL)
        except KeyboardInterrupt:
            self.stop()
            return None
        return status in _GOOD_ENDS

    def stop(self) -> None:
        """Stop the experiment, with its trials. Does nothing when it does not run."""
        atexit.unregister(self.stop)
        if self._folder is not None and self._folder.is_live():
            _say(f"Stopping experiment {self._folder.id}, please wait...")
            stop_experiment(self._folder)
            _say("Experiment stopped")
        if self._started is not None:
            self._started.process.wait()
            self._started = None
        self.port = None

    @classmethod
    def connect(cls, port: int) -> Experiment:
        """The experiment whose manager listens on a port of this machine.

        :raises NotFoundError: when there is none.
        """
        connected = cls()
        connected._folder = chosen(None, port=port)[0]
        connected.port = port
        return connected

    def get_status(self) -> str:
        """The experiment's state, by NNI's names."""
        return str(self._get("/check-status")["status"])

    def get_experiment_profile(self) -> dict[str, Json]:
        """Id, state, config and times."""
        return dict(self._get("/experiment"))

    def get_job_statistics(self) -> list[dict[str, Json]]:
        """How many trials there are in each state."""
        return list(self._get("/job-statistics"))

    def list_trial_jobs(self) -> list[dict[str, Json]]:
        """Every trial, as NNI's REST interface describes it."""
        return list(self._get("/trial-jobs"))

    def get_trial_job(self, trial_job_id: str) -> dict[str, Json]:
        """One trial.

        :raises NotFoundError: when there is none.
        """
        return dict(self._get(f"/trial-jobs/{trial_job_id}"))

    def kill_trial_job(self, trial_job_id: str) -> None:
        """End one trial.

        :raises NotFoundError: when there is none.
        """
        if self._folder is None:
            raise NotRunningError("the experiment is not running")
        Rest(self._folder).send("DELETE", f"/api/v1/nni/trial-jobs/{trial_job_id}")

    def export_data(self) -> list[dict[str, Json]]:
        """Parameters and final result of every trial that succeeded: ``parameter``, ``value``, ``trialJobId``."""
        return [{**row, "value": json.loads(row["value"])} for row in self._get("/export-data")]

    def _get(self, path: str) -> Any:
        if self._folder is None:
            raise NotRunningError("the experiment is not running: call start() or run() first")
        return read(self._folder, f"/api/v1/nni{path}")


def _say(text: str) -> None:
    # NNI's scripts and notebooks show these lines; a library of ours has no business with the root logger.
    print(f"[{time.strftime('%Y-%m-%d %H:%M:%S')}] {text}", flush=True)  # noqa: T201
