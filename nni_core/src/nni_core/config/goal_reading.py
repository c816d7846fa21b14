"""``stop_when`` by itself, as it is given to an experiment that there is already."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from nni_core.config.canonical import camel_case, to_json
from nni_core.config.goal_checks import goal_problems
from nni_core.config.schema import ExperimentConfig
from nni_core.config.structure import Given, Structurer
from nni_core.errors import ConfigError
from nni_core.model import Json

_KEY = "stop_when"
_OTHERS = [one.name for one in attrs.fields(ExperimentConfig) if one.name != _KEY]


def read_goal(value: Json) -> Mapping[str, Json]:
    """What a canonical config would say under ``stopWhen``.

    :raises ConfigError: with everything that is wrong; key paths begin with ``stop_when``.
    """
    given = {_KEY: Given(path=(_KEY,), value=value)}
    values, problems = Structurer(base=Path(), fold_keys=True).fields(given, ExperimentConfig, leave_out=_OTHERS)
    problems += [problem for problem in goal_problems(values) if problem.fatal]
    if problems:
        raise ConfigError(*problems)
    written: Mapping[str, Json] = to_json(values[_KEY], rename=camel_case)
    return written
