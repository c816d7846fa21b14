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
from nni_core.client.launch import Started, WarmManager
from nni_core.config.load import LoadedConfig, load_config, locate
from nni_core.errors import ConfigError, ConflictError, MachineError, Problem, UserError, nearest
from nni_core.folders import ExperimentFolder, new_folder, remove_folder
from nni_core.manager.order import Action, Listening, Order
from nni_core.model import Json
from nni_core.plugins import PluginRegistry

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


def new_order(loaded: LoadedConfig, listening: Listening, *, debug: bool = False) -> tuple[Order, ExperimentFolder]:
    """Make the folder of a new experiment, and the order for its manager.

    :raises MachineError: when the folder cannot be made.
    """
    parent = loaded.config.experiment_working_directory
    try:
        folder = new_folder(parent)
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
        config=_with_seeds(loaded),
        debug=debug or loaded.config.debug,
    )
    return order, folder


def _with_seeds(loaded: LoadedConfig) -> dict[str, Json]:
    """The canonical config, with a seed drawn for each algorithm that takes one and was given none: what an experiment
    drew belongs to it, so that its tuner can be built again."""
    canonical = loaded.canonical()
    for section in ("tuner", "assessor"):
        algorithm = getattr(loaded.config, section)
        if getattr(getattr(algorithm, "arguments", None), "seed", 0) is None:
            arguments = canonical[section].setdefault("classArgs", {})
            arguments["seed"] = secrets.randbelow(2**31)
    return canonical


def start_new(manager: WarmManager, order: Order, sockets: Sequence[socket.socket], loaded: LoadedConfig) -> Started:
    """Start a new experiment; when that fails its folder is removed again, and problems have their place in the config.

    :raises UserError: saying why it failed.
    """
    folder = ExperimentFolder(order.folder)
    try:
        return manager.send(order, sockets)
    except UserError as error:
        problems = [locate(loaded, problem) if problem.key_path else problem for problem in error.problems]
        # The folder goes away, so that nothing is left of an experiment that never was; its logs are shown here.
        log = _tail(folder.manager_log if isinstance(error, MachineError) else folder.tuner_log)
        manager.process.wait()
        remove_folder(folder)
        kept = "" if isinstance(error, MachineError) else problems[-1].help
        if log or not kept:
            problems[-1] = evolve(problems[-1], help=f"{kept}\n{log}".strip())
        raise type(error)(*problems) from error
    except BaseException:
        remove_folder(folder)
        raise


def _tail(path: Path, lines: int = 20) -> str:
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def resume_order(folder: ExperimentFolder, listening: Listening, *, debug: bool = False) -> Order:
    """The order for a manager that goes on with an experiment.

    :raises ConflictError: when one runs already.
    """
    if folder.is_live():
        raise ConflictError(
            Problem(
                code="NNI523",
                message=f"experiment {folder.id} is running",
                help=f"nnictl webui url {folder.id} says where; nnictl stop {folder.id} ends it",
            )
        )
    return Order(action=Action.RESUME, directory=str(folder.path), listening=listening, debug=debug)
