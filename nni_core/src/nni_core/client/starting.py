"""The steps before a manager is started: config, sockets, folder, order."""

from __future__ import annotations

import re
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve

from nni_core.client.addresses import bind, default_addresses
from nni_core.client.launch import LeftBehind, Started, WarmManager
from nni_core.config.load import LoadedConfig, load_config, locate
from nni_core.errors import ConfigError, ConflictError, MachineError, Problem, UserError, nearest
from nni_core.experiment.initial_points import completed_points
from nni_core.experiment.seeds import seeded
from nni_core.folders import ExperimentFolder, new_folder, remove_folder
from nni_core.manager.order import Action, Listening, Order
from nni_core.model import Json
from nni_core.plugins import PluginRegistry
from nni_core.store.base import StoreError
from nni_core.store.events import TrialCreated
from nni_core.store.reader import open_readonly

_PREFIX = re.compile(r"[A-Za-z0-9._~-]+(/[A-Za-z0-9._~-]+)*")


def checked_config(path: Path, plugins: PluginRegistry) -> LoadedConfig:
    """The config in a file.

    :raises ConfigError: with every mistake in it.
    """
    if not path.exists():
        near = (
            nearest(path.name, [other.name for other in path.parent.glob("*.y*ml")]) if path.parent.is_dir() else None
        )
        hint = f"did you mean '{path.with_name(near)}'?" if near else f"looked at {path.absolute()}"
        raise ConfigError(Problem(code="NNI517", message=f"there is no config file '{path}'", help=hint))
    return load_config(path, plugins)


@contextmanager
def listening_sockets(
    hosts: Sequence[str], port: int, url_prefix: str
) -> Iterator[tuple[list[socket.socket], Listening]]:
    """Sockets that listen, and what they are called; closed here when the manager has its own copies.

    :raises MachineError: when the port is taken.
    """
    prefix = url_prefix.strip("/")
    if prefix and (not _PREFIX.fullmatch(prefix) or ".." in prefix.split("/")):
        raise MachineError(
            Problem(
                code="NNI528",
                message=f"url prefix '{url_prefix}' cannot be part of a URL",
                help="use letters, digits, '-', '_' and '.', with '/' between parts: --url_prefix team/tuning",
            )
        )
    addresses = list(hosts) or default_addresses()
    sockets, bound_port = bind(addresses, port)
    try:
        bound = [one.getsockname()[0] for one in sockets]
        yield sockets, Listening(addresses=bound, port=bound_port, url_prefix=prefix)
    finally:
        for one in sockets:
            one.close()


def new_order(
    loaded: LoadedConfig, listening: Listening, *, debug: bool = False, experiment_id: str | None = None
) -> tuple[Order, ExperimentFolder]:
    """Make the folder of a new experiment, and the order for its manager. An id is drawn unless one is given.

    :raises ConfigError: when nothing is found that completes an initial point.
    :raises MachineError: when the folder cannot be made.
    :raises ConflictError: when the id that is given is another experiment's.
    """
    try:
        config = _drawn(loaded)
    except ConfigError as error:
        raise ConfigError(*(locate(loaded, problem) for problem in error.problems)) from error
    parent = loaded.config.experiment_working_directory
    try:
        folder = new_folder(parent, experiment_id)
    except OSError as error:
        raise MachineError(
            Problem(
                code="NNI533",
                message=f"cannot make a folder for the experiment in {parent}: {error.strerror}: '{error.filename}'",
                help="set experiment_working_directory to a folder that you may write to",
                key_path=("experiment_working_directory",),
            )
        ) from error
    order = Order(
        action=Action.CREATE,
        directory=str(folder.path),
        listening=listening,
        config=config,
        debug=debug or loaded.config.debug,
    )
    return order, folder


def _drawn(loaded: LoadedConfig) -> dict[str, Json]:
    """The canonical config with all that is drawn when an experiment is made, because it belongs to it: the seed, one
    from it for each algorithm that takes one and was given none, and what initial points leave open.

    :raises ConfigError: when nothing completes a point.
    """
    canonical, config = loaded.canonical(), loaded.config
    seed = config.seed if config.seed is not None else secrets.randbelow(2**31)
    canonical["seed"] = seed
    for section in ("tuner", "assessor"):
        algorithm = getattr(config, section)
        if algorithm is not None and algorithm.arguments is not None:
            canonical[section]["classArgs"] = seeded(algorithm.class_args, algorithm.arguments, seed, section)
    if config.initial_points:
        points = completed_points(config.initial_points, config.search_space, config.constraints, seed)
        canonical["initialPoints"] = points
    return canonical


def seed_line(loaded: LoadedConfig, order: Order) -> str:
    """What to tell the user of the seed of a new experiment."""
    assert order.config is not None  # noqa: S101 - a new experiment's order has one
    seed = order.config["seed"]
    drawn = f" (drawn; `seed: {seed}` in the config draws the same again)" if loaded.config.seed is None else ""
    return f"Seed: {seed}{drawn}"


def start_new(manager: WarmManager, order: Order, sockets: Sequence[socket.socket], loaded: LoadedConfig) -> Started:
    """Start a new experiment. When that fails, problems have their place in the config, and nothing is left of an
    experiment that has begun no trial.

    :raises UserError: saying why it failed.
    :raises LeftBehind: when it was interrupted twice, and trials go on.
    """
    folder = ExperimentFolder(order.folder)
    try:
        return manager.send(order, sockets)
    except UserError as error:
        manager.process.wait()
        if _has_trials(folder):
            raise _abandoned(error, folder) from error
        problems = [locate(loaded, problem) if problem.key_path else problem for problem in error.problems]
        # The folder goes away, so that nothing is left of an experiment that never was; its logs are shown here.
        log = _tail(folder.manager_log if isinstance(error, MachineError) else folder.tuner_log)
        remove_folder(folder)
        kept = "" if isinstance(error, MachineError) else problems[-1].help
        if log or not kept:
            problems[-1] = evolve(problems[-1], help=f"{kept}\n{log}".strip())
        raise type(error)(*problems) from error
    except BaseException as error:
        if _has_trials(folder):
            raise
        remove_folder(folder)
        if isinstance(error, LeftBehind):
            raise KeyboardInterrupt from error
        raise


def _has_trials(folder: ExperimentFolder) -> bool:
    """Whether trials were begun by a manager that has ended before it was ready. A log that it did not get to the end
    of making tells of none."""
    try:
        with open_readonly(folder.database) as reader:
            return bool(reader.number_of(TrialCreated))
    except StoreError:
        return False


def _abandoned(error: UserError, folder: ExperimentFolder) -> UserError:
    """The same error, with what can be done about the trials."""
    *others, last = error.problems
    choice = f"nnictl resume {folder.id} goes on with it, nnictl stop {folder.id} ends its trials"
    return type(error)(*others, evolve(last, help=f"{choice}; {last.help}" if last.help else choice))


def _tail(path: Path, lines: int = 20) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def resume_order(folder: ExperimentFolder, listening: Listening, *, debug: bool = False) -> Order:
    """The order for a manager that goes on with an experiment.

    :raises ConflictError: when one runs already.
    """
    refuse_running(folder)
    return Order(action=Action.RESUME, directory=str(folder.path), listening=listening, debug=debug)


def refuse_running(folder: ExperimentFolder) -> None:
    """:raises ConflictError: when a manager is in charge of an experiment."""
    if folder.is_live():
        raise ConflictError(
            Problem(
                code="NNI523",
                message=f"experiment {folder.id} is running",
                help=f"nnictl webui url {folder.id} says where; nnictl stop {folder.id} ends it",
            )
        )
