"""Takes out of a config what looks like a password, before it leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nni_core.config.environment import HIDDEN
from nni_core.config.wording import is_secret
from nni_core.errors import KeyPath
from nni_core.model import Json

#: keys whose names are the user's parameters: ``tokens`` is no password there
_PARAMETERS = frozenset({"searchSpace", "initialPoints", "constraints"})


def without_secrets(config: Mapping[str, Json]) -> dict[str, Json]:
    """A config, or a part of it, without values that look like passwords. Variables of ``env`` are gone: a trial finds
    what the environment of its manager has. Other texts are replaced by ``(hidden)``."""
    cleaned = {key: value if key in _PARAMETERS else _cleaned(value, (key,)) for key, value in config.items()}
    if isinstance(env := config.get("env"), Mapping):
        cleaned["env"] = {name: value for name, value in env.items() if not is_secret((name,))}
    return cleaned


def hidden_settings(config: Mapping[str, Json]) -> list[str]:
    """Where a config holds what :func:`without_secrets` takes out: ``env.API_KEY``."""
    found = [
        ".".join(map(str, path))
        for key, value in config.items()
        if key not in _PARAMETERS | {"env"}
        for path in _secrets(value, (key,))
    ]
    env = config.get("env")
    return sorted({*found, *(f"env.{name}" for name in env if is_secret((name,)))} if env else found)


def _cleaned(value: Json, path: KeyPath) -> Json:
    if isinstance(value, Mapping):
        return {key: _cleaned(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [_cleaned(item, (*path, index)) for index, item in enumerate(value)]
    return HIDDEN if isinstance(value, str) and value and is_secret(path) else value


def _secrets(value: Json, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secrets(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _secrets(item, (*path, index))
    elif isinstance(value, str) and value and is_secret(path):
        yield path
