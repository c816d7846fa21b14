"""NNI's Python interface to experiments: ``Experiment``, as notebooks and scripts use it."""

from __future__ import annotations

import atexit
import secrets
import string
import sys
import time
from enum import Enum
from typing import TYPE_CHECKING, Self

from nni_core.client.launch import Started, WarmManager
from nni_core.client.observed import NotRunningError, ObservedExperiment
from nni_core.client.progress_bar import ProgressDisplay, progress_display
from nni_core.client.settings_tree import ExperimentConfig
from nni_core.client.starting import listening_sockets, new_order, refuse_running, resume_order, start_new
from nni_core.client.stopping import chosen, stop_experiment
from nni_core.client.summaries import STARTING, UNREADABLE
from nni_core.config.load import load_config_data
from nni_core.errors import MachineError, Problem
from nni_core.folders import ID_PATTERN, ExperimentFolder, all_experiments, find
from nni_core.manager.order import Listening
from nni_core.plugins import discover_plugins

if TYPE_CHECKING:
    from nni_core.client.archive_server import ArchiveServer

__all__ = ["Experiment", "NotRunningError", "RunMode"]

#: seconds between looks at a running experiment
INTERVAL = 0.5
_ENDS = {"DONE": True, "STOPPED": True, "VIEWED": True, "ERROR": False}


class RunMode(Enum):
    """What becomes of the experiment when the Python program ends."""

    #: it is stopped
    Background = "background"
    #: it is stopped; NNI shows its manager's log meanwhile, which is in the experiment's folder here
    Foreground = "foreground"
    #: it goes on
    Detach = "detach"


class Experiment(ObservedExperiment):
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

    Relative paths in the config begin at the current working directory. Everything works in a notebook too, where the
    last expression of a cell shows an experiment's summary.
    """

    def __init__(
        self,
        config_or_platform: ExperimentConfig | str | list[str] | None = None,
        id: str | None = None,  # noqa: A002 - NNI's name
    ) -> None:
        """Take a finished config, or the name of a training service to make an empty one for.

        ``id`` is that of an experiment to resume or view, or the one that a new experiment is to have.

        :raises ValueError: when it cannot be an id.
        """
        if id is not None and not ID_PATTERN.fullmatch(id):
            raise ValueError(f"the id of an experiment is 1 to 32 letters, digits, '_' and '-', got {id!r}")
        if isinstance(config_or_platform, str | list):
            config_or_platform = ExperimentConfig(config_or_platform)
        self.config = config_or_platform or ExperimentConfig("local")
        self.id = id or "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))
        self.port: int | None = None
        self.url_prefix = ""
        self._started: Started | None = None
        self._viewer: ArchiveServer | None = None
        self._urls: list[str] = []

    def start(self, port: int = 8080, debug: bool = False, run_mode: RunMode = RunMode.Background) -> None:
        """Check the config and start the experiment; returns when its first trials are being created.

        :raises UserError: with everything that is wrong.
        """
        with WarmManager() as manager:
            data = {**self.config.as_data(), "debug": debug or self.config.debug}
            loaded = load_config_data(data, self.config.base, discover_plugins())
            with listening_sockets((), port, self.url_prefix) as (sockets, listening):
                order, folder = new_order(loaded, listening, debug=debug, experiment_id=self.id)
                _say(f"Creating experiment, Experiment ID: {folder.id}")
                _say("Starting web server...")
                self._began(folder, start_new(manager, order, sockets, loaded), listening, run_mode)

    def run(self, port: int = 8080, wait_completion: bool = True, debug: bool = False) -> bool | None:
        """Start the experiment and wait until it is done, with a bar that shows how far it is.

        True when it is done, False when it ended in ERROR, None when not waiting or after Ctrl-C, which stops it. The
        web portal stays until :meth:`stop`, or the end of the program.

        :raises UserError: with everything that is wrong.
        """
        self.start(port, debug)
        return self._wait() if wait_completion else None

    def resume(self, port: int = 8080, wait_completion: bool = True, debug: bool = False) -> bool | None:
        """Go on with a stopped experiment of this :attr:`id`, with the config that it has; then as :meth:`run`.

        :raises UserError: when there is none, or it runs already.
        """
        with WarmManager() as manager:
            folder = find(self.id)
            with listening_sockets((), port, self.url_prefix) as (sockets, listening):
                order = resume_order(folder, listening, debug=debug)
                _say(f"Resuming experiment, Experiment ID: {folder.id}")
                _say("Starting web server...")
                self._began(folder, manager.send(order, sockets), listening, RunMode.Background)
        self._take_config()
        return self._wait() if wait_completion else None

    def run_or_resume(self, port: int = 8080, wait_completion: bool = True, debug: bool = False) -> bool | None:
        """:meth:`resume` when there is an experiment of this :attr:`id`, else :meth:`run`."""
        begin = self.resume if self.has_checkpoint() else self.run
        return begin(port, wait_completion, debug)

    def view(self, port: int = 8080, non_blocking: bool = False) -> Self:
        """Serve the portal of a stopped experiment of this :attr:`id`, read-only, until :meth:`stop` or, unless
        ``non_blocking``, until Ctrl-C.

        :raises UserError: when there is none, or it runs.
        """
        from nni_core.client.archive_server import ArchiveServer

        folder = find(self.id)
        refuse_running(folder)
        with listening_sockets((), port, self.url_prefix) as (sockets, listening):
            self._viewer = ArchiveServer(folder, listening, sockets)
        self._folder, self.id, self.port, self._urls = folder, folder.id, listening.port, listening.urls
        self._take_config()
        _say(f"Web portal URLs: {' '.join(listening.urls)}")
        if not non_blocking:
            try:
                self._viewer.join()
            except KeyboardInterrupt:
                self.stop()
        return self

    def get_status(self) -> str:
        """The experiment's state, by NNI's names.

        :raises NotRunningError: before it is started.
        """
        return "VIEWED" if self._viewer is not None else super().get_status()

    def stop(self) -> None:
        """Stop the experiment, with its trials, or end its view. Does nothing when it does not run."""
        atexit.unregister(self.stop)
        if self._viewer is not None:
            self._viewer.stop()
            self._viewer = None
        elif self._folder is not None and self._folder.is_live():
            _say(f"Stopping experiment {self._folder.id}, please wait...")
            stop_experiment(self._folder)
            _say("Experiment stopped")
        if self._started is not None:
            self._started.process.wait()
            self._started = None
        self.port = None

    @classmethod
    def connect(cls, port: int) -> Self:
        """The experiment whose manager listens on a port of this machine. It goes on when this program ends.

        :raises NotFoundError: when there is none.
        """
        connected = cls()
        folder = chosen(None, port=port)[0]
        connected._folder, connected.id, connected.port = folder, folder.id, port
        manager = folder.manager()
        connected._urls = list(manager.urls) if manager else []
        connected._take_config()
        return connected

    def has_checkpoint(self) -> bool:
        """Whether there is an experiment of this :attr:`id` to resume."""
        return any(folder.id == self.id for folder in all_experiments())

    def load_checkpoint(self) -> None:
        """Take the config of the experiment of this :attr:`id`.

        :raises NotFoundError: when there is none.
        """
        self._folder = find(self.id)
        self._take_config()

    def save_checkpoint(self) -> None:
        """Does nothing: every event of an experiment is written as it happens."""

    def _take_config(self) -> None:
        self.config = ExperimentConfig(**self.get_experiment_profile()["params"])

    def _began(self, folder: ExperimentFolder, started: Started, listening: Listening, run_mode: RunMode) -> None:
        self._folder, self._started, self.id = folder, started, folder.id
        self.port, self._urls = listening.port, listening.urls
        _say("Setting up...")
        for warning in started.warnings:
            print(warning.render(), file=sys.stderr)  # noqa: T201 - as nnictl shows it
        _say(f"Web portal URLs: {' '.join(listening.urls)}")
        if run_mode is not RunMode.Detach:
            atexit.register(self.stop)

    def _wait(self) -> bool | None:
        display = progress_display(self._urls)
        try:
            while (status := self._show(display)) not in _ENDS:
                time.sleep(INTERVAL)  # between looks: the notebook of a user may have no event loop to wait in
        except KeyboardInterrupt:
            self.stop()
            return None
        finally:
            display.close()
        return _ENDS[status]

    def _show(self, display: ProgressDisplay) -> str:
        summary = self._summary()
        if summary.status == UNREADABLE and not self._known_folder().is_live():
            raise MachineError(
                Problem(code="NNI641", message=f"experiment {self.id} cannot be read any more: {summary.fault}")
            )
        # A manager that is starting, or very busy, will tell at the next look.
        if summary.status not in {STARTING, UNREADABLE}:
            display.show(summary)
        return summary.status


def _say(text: str) -> None:
    # NNI's scripts and notebooks show these lines; a library of ours has no business with the root logger.
    print(f"[{time.strftime('%Y-%m-%d %H:%M:%S')}] {text}", flush=True)  # noqa: T201
