"""The part of a config that is about the search itself, for those who run no experiment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
from attrs import field, frozen

from nni_core.config.lookup import PluginLookup
from nni_core.config.read import document_of
from nni_core.config.schema import AlgorithmConfig, ExperimentConfig
from nni_core.config.search_checks import search_problems
from nni_core.config.sections import Sections
from nni_core.config.structure import Given, Structurer
from nni_core.errors import ConfigError, Problem
from nni_core.model import Duplicates, Json, Parameters
from nni_core.plugin_kinds import PluginKind
from nni_core.space import validate


@frozen(kw_only=True)
class SearchConfig:
    """What is looked for, and by which tuner. Fields are those of an experiment's config."""

    search_space: Mapping[str, Json]
    tuner: AlgorithmConfig
    seed: int | None = None
    constraints: tuple[str, ...] = ()
    initial_points: tuple[Parameters, ...] = ()
    duplicates: Duplicates = field(default=Duplicates.SKIP, converter=Duplicates)


_PLAIN = {"seed", "constraints", "initial_points", "duplicates"}
_OTHERS = [one.name for one in attrs.fields(ExperimentConfig) if one.name not in _PLAIN]


def load_search(data: Mapping[str, Json], base: Path, lookup: PluginLookup) -> SearchConfig:
    """The fields of :class:`SearchConfig`, judged as in the config of an experiment. None is as good as not given.

    :raises ConfigError: with every mistake.
    """
    plain: Mapping[str, Json] = document_of(data).data
    given = {key: Given(path=(key,), value=value) for key, value in plain.items() if value is not None}
    values, problems = Structurer(base=base, fold_keys=True).fields(given, ExperimentConfig, leave_out=_OTHERS)
    sections = Sections(lookup, base)
    tuner = sections.algorithm(PluginKind.TUNER, given["tuner"])
    space = plain["search_space"]
    problems += [*sections.problems, *_space_problems(space, tuner)]
    problems += search_problems({**values, "search_space": space, "tuner": tuner})
    fatal = [problem for problem in problems if problem.fatal]
    if fatal or tuner is None:
        raise ConfigError(*fatal)
    kept = {name: value for name, value in values.items() if name in _PLAIN}
    return SearchConfig(search_space=space, tuner=tuner, **kept)


def _space_problems(space: Json, tuner: AlgorithmConfig | None) -> list[Problem]:
    """A tuner of the user's own may read search spaces in forms of its own."""
    own = tuner is not None and tuner.class_name is not None and isinstance(space, Mapping)
    return [] if own else [problem.under("search_space") for problem in validate(space)]
