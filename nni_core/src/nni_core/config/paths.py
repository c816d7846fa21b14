"""Whether the directories that a config names can be used."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from nni_core.config.codes import ConfigCode
from nni_core.config.wording import label
from nni_core.errors import KeyPath, Problem


def directory_problem(path: Path, key_path: KeyPath) -> Problem | None:
    """Why a directory cannot be read; None when it can."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be reached ({error})"
        return _problem(key_path, f"{str(path)!r} {reason}", _absent_help(path))
    if not stat.S_ISDIR(mode):
        return _problem(key_path, f"{str(path)!r} is a file, and a directory is needed", f"write {str(path.parent)!r}")
    if not os.access(path, os.R_OK | os.X_OK):
        message = f"{str(path)!r} may not be read: its mode is {stat.filemode(mode)}, its owner {_owner(path)}"
        return _problem(key_path, message, "change its permissions")
    return None


def working_directory_problem(path: Path, key_path: KeyPath) -> Problem | None:
    """Why experiments cannot be kept in a directory, which need not exist yet; None when they can."""
    if path == Path(path.anchor):
        return _problem(key_path, "the root directory is no place for experiments", "name a directory of your own")
    if _exists(path) and not path.is_dir():
        return _problem(key_path, f"{str(path)!r} is a file, and a directory is needed", "name a directory")
    return None


def _problem(key_path: KeyPath, message: str, help_: str) -> Problem:
    return Problem(code=ConfigCode.WRONG_PATH, message=f"{label(key_path)}: {message}", help=help_, key_path=key_path)


def _absent_help(path: Path) -> str:
    if "$" in str(path):
        return "variables like $HOME are not expanded; write ~ or the whole path"
    return "relative paths begin at the directory of the config file"


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except KeyError:  # a user that this machine does not know
        return str(path.stat().st_uid)
