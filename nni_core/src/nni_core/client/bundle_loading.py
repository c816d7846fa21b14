"""Makes the experiment in a bundle one of this user's."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import evolve, frozen

from nni_core.client.bundle import CODE, EXPERIMENT, BundleManifest
from nni_core.client.bundle_environment import missing_plugins
from nni_core.client.bundle_experiment import check_id, checked_ledger
from nni_core.client.bundle_paths import moved
from nni_core.client.bundle_reading import BundleFile, names_below
from nni_core.client.output import replaced
from nni_core.errors import ConfigError, ConflictError, MachineError, Problem
from nni_core.folders import ExperimentFolder, all_experiments, default_root, drawn_id, new_folder, remove_folder
from nni_core.model import ExperimentId, Json
from nni_core.store.base import StoreError
from nni_core.store.copying import seal
from nni_core.store.events import ExperimentCreated, SettingsChanged


@frozen(kw_only=True)
class LoadOrder:
    """What is asked for."""

    path: Path
    #: where the code is, or is to be put
    code_directory: Path | None = None
    #: folder for the experiment's folder
    parent: Path | None = None
    #: file to write the search space to
    search_space: Path | None = None
    new_id: bool = False
    #: bytes of what is in the bundle
    most_bytes: int


@frozen(kw_only=True)
class Loaded:
    """An experiment that was loaded."""

    folder: ExperimentFolder
    #: None when there is none
    code_directory: Path | None
    #: what to know of it before it is resumed
    notes: Sequence[str]


def load_bundle(order: LoadOrder) -> Loaded:
    """Load the experiment of a bundle; it is there wholly or not at all.

    :raises ConfigError: when the bundle cannot be trusted, or the code not be put where it is wanted.
    :raises ConflictError: when there is an experiment of this id.
    :raises MachineError: when it cannot be written.
    """
    parent = (order.parent or default_root()).expanduser().absolute()
    with BundleFile(order.path, most_bytes=order.most_bytes) as bundle:
        check_id(bundle.manifest, order.path)
        if not order.new_id:
            _refuse_known(bundle.manifest.experiment_id)
        code = _code_target(bundle.manifest, order)
        with _staging(parent) as staging:
            return _Loader(bundle, order, parent, staging, code).load()


def _refuse_known(experiment_id: str) -> None:
    link = default_root() / experiment_id
    if link.exists() or link.is_symlink() or any(folder.id == experiment_id for folder in all_experiments()):
        message = f"there is an experiment '{experiment_id}' already"
        advice = "--new-id loads it beside that one, under an id of its own"
        raise ConflictError(Problem(code="NNI598", message=message, help=advice))


def _code_target(manifest: BundleManifest, order: LoadOrder) -> Path | None:
    """Where the code goes, or is; None: into the experiment's folder, or nowhere.

    :raises ConfigError: when it is not there, or would be written over.
    """
    if order.code_directory is None:
        return None
    directory = order.code_directory.expanduser().absolute()
    if directory.exists() and not directory.is_dir():
        raise ConfigError(Problem(code="NNI599", message=f"'{directory}' is no directory"))
    if not manifest.has_code:
        if not directory.exists():
            message = f"the bundle holds no code, and there is no directory '{directory}'"
            raise ConfigError(Problem(code="NNI599", message=message, help="--codeDir names the one with the code"))
        return directory
    there = [name for name in names_below(manifest, CODE) if (path := directory / name).exists() or path.is_symlink()]
    if there:
        message = f"'{directory}' holds '{there[0]}' already, and {len(there) - 1} more files of the bundle"
        raise ConfigError(Problem(code="NNI599", message=message, help="--codeDir names a directory without them"))
    return directory


def _staging(parent: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder beside those of experiments, which no list shows."""
    try:
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return tempfile.TemporaryDirectory(prefix=".loading-", dir=parent)
    except OSError as error:
        message = f"cannot make a folder in '{parent}': {(error.strerror or str(error)).lower()}"
        raise MachineError(Problem(code="NNI533", message=message, help="--logDir names another")) from error


class _Loader:
    def __init__(
        self, bundle: BundleFile, order: LoadOrder, parent: Path, staging: str, code_directory: Path | None
    ) -> None:
        self._bundle = bundle
        self._order = order
        self._parent = parent
        self._staged = ExperimentFolder(Path(staging))
        self._code_directory = code_directory

    def load(self) -> Loaded:
        self._bundle.extract(EXPERIMENT, self._staged.path)
        ledger = checked_ledger(self._staged.database, self._bundle.manifest, self._order.path)
        if self._order.search_space is not None:
            self._write_search_space(ledger.config.get("searchSpace"))
        experiment_id = ExperimentId(drawn_id() if self._order.new_id else ledger.experiment_id)
        folder = new_folder(self._parent, experiment_id, latest=False)
        try:
            code = self._place_code(folder, ledger.config)
            self._rewrite(ledger.config, experiment_id, code)
            self._move_into(folder)
        except BaseException:
            remove_folder(folder)
            raise
        return Loaded(folder=folder, code_directory=code, notes=self._notes(ledger.config, code))

    def _write_search_space(self, space: Json) -> None:
        assert self._order.search_space is not None  # noqa: S101 - asked for
        with replaced(self._order.search_space) as file:
            file.write(json.dumps(space, indent=4, ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n")

    def _place_code(self, folder: ExperimentFolder, config: Mapping[str, Json]) -> Path | None:
        if self._bundle.manifest.has_code:
            directory = self._code_directory or folder.path / "code"
            self._bundle.extract(CODE, directory)
            return directory
        if self._code_directory is not None:
            return self._code_directory
        original = config.get("trialCodeDirectory")
        return Path(original) if isinstance(original, str) and Path(original).is_dir() else None

    def _rewrite(self, config: Mapping[str, Json], experiment_id: ExperimentId, code: Path | None) -> None:
        """The log as that of an experiment in its new place."""
        before = config.get("trialCodeDirectory")

        def relocated(settings: Mapping[str, Json]) -> Mapping[str, Json]:
            return moved(settings, before, None if code is None else str(code), working=str(self._parent))

        def rewrite(body: ExperimentCreated | SettingsChanged) -> ExperimentCreated | SettingsChanged:
            if isinstance(body, ExperimentCreated):
                return evolve(body, experiment_id=experiment_id, config=relocated(body.config))
            return evolve(body, changes=relocated(body.changes))

        try:
            seal(self._staged.database, append=(), timestamp=0, rewrite=rewrite)
        except StoreError as error:
            raise MachineError(Problem(code="NNI816", message=str(error))) from error

    def _move_into(self, folder: ExperimentFolder) -> None:
        """The log comes last: without it a folder is no experiment."""
        shutil.rmtree(folder.logs)
        paths = [path for path in self._staged.path.iterdir() if path != self._staged.database]
        for path in [*sorted(paths), self._staged.database]:
            path.rename(folder.path / path.name)
        folder.logs.mkdir(mode=0o700, exist_ok=True)

    def _notes(self, config: Mapping[str, Json], code: Path | None) -> list[str]:
        notes = [f"its trials run: {str(config.get('trialCommand'))[:200]!r}"]
        if code is not None:
            notes.append(f"its code is in {code}")
        else:
            notes.append(
                f"its code is not here: load it with --codeDir before it is resumed (it was in "
                f"{config.get('trialCodeDirectory')})"
            )
        if hidden := self._bundle.manifest.hidden:
            variables = [name.removeprefix("env.") for name in hidden if name.startswith("env.")]
            if variables:
                notes.append(f"set {', '.join(variables)} in the environment before it is resumed: they were left out")
            if others := [name for name in hidden if not name.startswith("env.")]:
                notes.append(f"passwords were left out of its config: {', '.join(others)}")
        if missing := missing_plugins(config, self._bundle.environment()):
            notes.append(f"not installed here, and needed to resume it: pip install {' '.join(missing)}")
        return notes


def document(loaded: Loaded) -> Mapping[str, Json]:
    """What scripts want to know of an experiment that was loaded."""
    return {
        "id": loaded.folder.id,
        "directory": str(loaded.folder.path),
        "code_directory": None if loaded.code_directory is None else str(loaded.code_directory),
        "notes": list(loaded.notes),
    }
