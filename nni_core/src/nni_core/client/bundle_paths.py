"""Paths in the config of an experiment that has come to another place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath

from nni_core.model import Json

#: settings that hold a path, wherever they stand
_PATHS = frozenset({"trialCodeDirectory", "codeDirectory", "searchSpaceFile"})
#: the user's own data, in which a key means something else
_OTHERS = frozenset({"searchSpace", "initialPoints", "env", "classArgs"})


def moved(config: Mapping[str, Json], before: Json, now: str | None, *, working: str) -> Mapping[str, Json]:
    """A config, or a part of it, whose code was in one directory and is in another; None: it stays where it is said to
    be. ``working`` is the folder that holds the experiment's folder."""
    changed = {
        key: value if key in _OTHERS or now is None or not isinstance(before, str) else _moved(key, value, before, now)
        for key, value in config.items()
    }
    if "experimentWorkingDirectory" in changed:
        changed["experimentWorkingDirectory"] = working
    return changed


def _moved(key: str, value: Json, before: str, now: str) -> Json:
    if isinstance(value, Mapping):
        return {inner: item if inner in _OTHERS else _moved(inner, item, before, now) for inner, item in value.items()}
    if key == "plugins" and isinstance(value, list):
        return [_path(item, before, now) for item in value]
    return _path(value, before, now) if key in _PATHS else value


def _path(value: Json, before: str, now: str) -> Json:
    """A path in or below the old directory leads to the same place in or below the new one."""
    if not isinstance(value, str):
        return value
    path, root = PurePosixPath(value), PurePosixPath(before)
    return str(PurePosixPath(now) / path.relative_to(root)) if path.is_relative_to(root) else value
