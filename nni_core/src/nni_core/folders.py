"""Experiments on this machine, read from their folders: there is no list of them that could be lost.

``~/nni-experiments/<id>`` is the folder of an experiment, or a link to it when its config puts it elsewhere.
Whether its manager lives is told by the lock that the manager holds, never by a process id.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import string
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from attrs import field, frozen

from nni_core.errors import ConflictError, NotFoundError, Problem, nearest
from nni_core.model import ExperimentId

ID_PATTERN = re.compile(r"[A-Za-z0-9_\-]{1,32}")


def default_root() -> Path:
    """The folder that holds experiments unless a config says otherwise."""
    return Path.home() / "nni-experiments"


@frozen(kw_only=True)
class ManagerRecord:
    """What a manager says of itself in ``manager.json``."""

    pid: int
    port: int
    url_prefix: str = ""
    urls: Sequence[str] = field(factory=list)
    started_at: int = 0


@frozen
class ExperimentFolder:
    """The folder of one experiment, and what lies where in it."""

    path: Path

    @property
    def id(self) -> ExperimentId:
        return ExperimentId(self.path.name)

    @property
    def database(self) -> Path:
        return self.path / "experiment.sqlite"

    @property
    def lock(self) -> Path:
        return self.path / "manager.lock"

    @property
    def token(self) -> Path:
        return self.path / "token"

    @property
    def manager_file(self) -> Path:
        return self.path / "manager.json"

    @property
    def summary_file(self) -> Path:
        """What was read from the log last, for lists; see :mod:`nni_core.client.summaries`."""
        return self.path / "summary.json"

    @property
    def trials_file(self) -> Path:
        """The trials as the log was folded last; see :mod:`nni_core.experiment.kept_trials`."""
        return self.path / "trials.msgpack"

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def checkpoints(self) -> Path:
        """For what tuners keep, as NNI has it. What trials keep lies where their training service puts it."""
        return self.path / "checkpoint"

    @property
    def manager_log(self) -> Path:
        return self.logs / "nnimanager.log"

    @property
    def tuner_log(self) -> Path:
        return self.logs / "dispatcher.log"

    def is_live(self) -> bool:
        """Whether a manager is in charge of it now."""
        try:
            return _held(self.lock)
        except FileNotFoundError:
            return False

    def holder(self) -> int | None:
        """Process id of the manager in charge, from the moment that it takes charge; that of the latest one when there
        is none."""
        try:
            return int(self.lock.read_bytes())
        except (OSError, ValueError):
            return None

    def take_charge(self) -> IO[bytes] | None:
        """Hold the lock that says that somebody is in charge, until the file is closed; None when another holds it."""
        file = os.fdopen(os.open(self.lock, os.O_RDWR | os.O_CREAT, 0o600), "r+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        # Until the new manager introduces itself, its process id is all that is true of it.
        self.manager_file.unlink(missing_ok=True)
        file.truncate()
        file.write(b"%d\n" % os.getpid())
        file.flush()
        return file

    def manager(self) -> ManagerRecord | None:
        """What its latest manager said of itself; None before there is one, and while one is starting."""
        try:
            return ManagerRecord(**json.loads(self.manager_file.read_text()))
        except (OSError, ValueError, TypeError):
            return None


def _held(lock: Path) -> bool:
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def all_experiments(root: Path | None = None) -> Iterator[ExperimentFolder]:
    """Every experiment of this user, oldest first."""
    root = root or default_root()
    if not root.is_dir():
        return
    # Links and `_latest` lead to the same folders: each is one experiment.
    paths = {path.resolve() for path in root.iterdir() if ID_PATTERN.fullmatch(path.name)}
    folders = [ExperimentFolder(path) for path in paths if _is_experiment(path)]
    yield from sorted(folders, key=lambda folder: folder.path.stat().st_ctime)


def _is_experiment(path: Path) -> bool:
    """One that cannot be looked into is somebody else's, and no reason not to show the others."""
    try:
        return (path / "experiment.sqlite").exists()
    except OSError:
        return False


def live_experiments(root: Path | None = None) -> list[ExperimentFolder]:
    """Those whose manager runs."""
    return [folder for folder in all_experiments(root) if folder.is_live()]


def drawn_id() -> str:
    """An id that most likely no experiment has."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(8))


def new_folder(parent: Path, experiment_id: str | None = None, *, latest: bool = True) -> ExperimentFolder:
    """Make the folder of a new experiment, with an id that no other has, and link it from the default root. The id is
    drawn unless one is given. ``latest``: it is the one that is started last.

    :raises ConflictError: when the id that is given is another experiment's.
    """
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        name = experiment_id or drawn_id()
        link = default_root() / name
        if not link.exists() and not link.is_symlink():
            with suppress(FileExistsError):
                (parent / name).mkdir(mode=0o700)
                break
        if experiment_id is not None:
            raise ConflictError(
                Problem(
                    code="NNI642",
                    message=f"there is an experiment '{experiment_id}' already",
                    help=f"go on with it, as nnictl resume {experiment_id} does, or choose another id",
                )
            )
    folder = ExperimentFolder((parent / name).resolve())
    try:
        folder.logs.mkdir(mode=0o700)
        folder.checkpoints.mkdir(mode=0o700)
        _link(folder)
        if latest:
            _point_latest(folder)
    except OSError:
        remove_folder(folder)
        raise
    return folder


def _link(folder: ExperimentFolder) -> None:
    link = default_root() / folder.path.name
    if not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        link.symlink_to(folder.path)


def _point_latest(folder: ExperimentFolder) -> None:
    """``_latest`` leads to the experiment that was started last, as in NNI."""
    latest = folder.path.parent / "_latest"
    fresh = latest.with_name(f"_latest.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(folder.path.name)
    fresh.replace(latest)


def remove_folder(folder: ExperimentFolder) -> None:
    """Undo :func:`new_folder`, for an experiment that never began."""
    import shutil

    shutil.rmtree(folder.path, ignore_errors=True)
    unlink_experiment(folder)


def unlink_experiment(folder: ExperimentFolder) -> None:
    """Remove the links that led to a folder that is gone."""
    for link in (default_root() / folder.path.name, folder.path.parent / "_latest"):
        if link.is_symlink() and not link.exists():
            link.unlink()


def find(name: str, candidates: Sequence[ExperimentFolder] | None = None) -> ExperimentFolder:
    """The experiment with an id, or with the only id that begins so.

    :raises NotFoundError: when there is none, or several.
    """
    folders = list(all_experiments()) if candidates is None else candidates
    exact = [folder for folder in folders if folder.id == name]
    # No name at all, of an unset variable say, begins them all and means none.
    found = exact or [folder for folder in folders if name and folder.id.startswith(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFoundError(
            Problem(
                code="NNI522",
                message=f"'{name}' is ambiguous: it begins {', '.join(folder.id for folder in found)}",
                help="write the whole id",
            )
        )
    raise NotFoundError(_none_such(name, folders))


def only_one(candidates: Sequence[ExperimentFolder]) -> ExperimentFolder:
    """The experiment that is meant when none is named.

    :raises NotFoundError: when there is none, or several.
    """
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        raise NotFoundError(
            Problem(code="NNI521", message="there is no experiment running", help="nnictl create --config config.yaml")
        )
    ids = ", ".join(folder.id for folder in candidates)
    raise NotFoundError(
        Problem(code="NNI522", message=f"several experiments run: {ids}", help="name one of them by its id")
    )


def _none_such(name: str, folders: Sequence[ExperimentFolder]) -> Problem:
    ids = [str(folder.id) for folder in folders]
    close = nearest(name, ids)
    hint = f"did you mean '{close}'?" if close else "nnictl experiment list --all shows every experiment"
    return Problem(code="NNI521", message=f"there is no experiment '{name}'", help=hint)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all.

    :raises OSError: when that is not possible.
    """
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    fresh.replace(path)
