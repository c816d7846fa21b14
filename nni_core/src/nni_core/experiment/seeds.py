"""One seed for everything random in an experiment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import attrs

from nni_core.api import TunerChoice
from nni_core.model import Json


def derived_seed(seed: int, purpose: str) -> int:
    """The seed for one purpose (``tuner``, ``assessor``), from 0 to ``2**31 - 1``. The same on every machine and with
    every version, and unrelated for different purposes."""
    digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def seeded(class_args: Mapping[str, Json], arguments: Any, seed: int, purpose: str) -> dict[str, Json]:
    """The ``class_args`` of an algorithm with a seed from the experiment's own wherever one is taken and none was
    given: its own, and those of the tuners that it works with. ``arguments`` is the same in the plugin's own record,
    None when there is none."""
    filled = dict(class_args)
    for field in attrs.fields(type(arguments)) if attrs.has(type(arguments)) else ():
        value = getattr(arguments, field.name)
        if field.alias == "seed" and value is None:
            filled["seed"] = derived_seed(seed, purpose)
        elif isinstance(value, TunerChoice):
            inner = seeded(value.class_args, value.arguments, seed, f"{purpose}.{field.alias}")
            filled[field.alias] = {**filled.get(field.alias, {}), "class_args": inner}
    return filled
