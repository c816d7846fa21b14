"""``ClassArgsValidator``: the checks of ``class_args`` that packages of algorithms made for NNI bring with them."""

# No pathlib, as in nni.spool.
# ruff: noqa: PTH110

from __future__ import annotations

import os
from typing import Any

__all__ = ["ClassArgsValidator"]


class Check:
    """One condition. Works inside a schema of the ``schema`` library, which calls :meth:`validate`."""

    def __init__(self, key: str, expected: str, holds: Any) -> None:
        self._key, self._expected, self._holds = key, expected, holds

    def validate(self, data: Any, **_: Any) -> Any:
        """The value itself.

        :raises ValueError: when the condition does not hold.
        """
        if not self._holds(data):
            raise ValueError(f"{self._key} must be {self._expected}, got {data!r}")
        return data

    def __repr__(self) -> str:
        return self._expected


class ClassArgsValidator:
    """Subclass it and override :meth:`validate_class_args`. Plugins of this project name an attrs class instead."""

    def validate_class_args(self, **kwargs: Any) -> None:
        """Check the ``class_args`` of a config.

        :raises Exception: when they are wrong.
        """

    def choices(self, key: str, *args: Any) -> Check:
        """The value of ``key`` is one of ``args``."""
        return Check(key, f"one of {', '.join(map(repr, args))}", lambda value: value in args)

    def range(self, key: str, keyType: type, start: Any, end: Any) -> Check:  # noqa: N803 - NNI's names
        """The value of ``key`` is a ``keyType`` from ``start`` to ``end``, both included."""
        expected = f"{keyType.__name__} from {start} to {end}"

        def holds(value: Any) -> bool:
            return isinstance(value, keyType) and not isinstance(value, bool) and start <= value <= end

        return Check(key, expected, holds)

    def path(self, key: str) -> Check:
        """The value of ``key`` is a path that exists."""
        return Check(key, "a path that exists", lambda value: isinstance(value, str) and os.path.exists(value))
