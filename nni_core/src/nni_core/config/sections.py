"""The sections of a config that name a plugin: resolved by name, their arguments read into the plugin's own record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import define, field, frozen

from nni_core.api import TunerChoice
from nni_core.config.canonical import to_json
from nni_core.config.codes import ArgumentCode, ConfigCode
from nni_core.config.document import folded
from nni_core.config.goals import ObjectiveConfig
from nni_core.config.lookup import ConfiguredSpec, PluginLookup
from nni_core.config.mistakes import ConflictProblem, MistakesError, given_twice
from nni_core.config.paths import directory_problem
from nni_core.config.platforms import HYBRID, SERVICES, absent_hybrid, absent_platform
from nni_core.config.retired import retired_key
from nni_core.config.schema import (
    SHARED_WITH_SERVICE,
    AlgorithmConfig,
    SinkConfig,
    TrainingServiceConfig,
)
from nni_core.config.structure import (
    ARGUMENT_CODES,
    Given,
    Structurer,
    name_of,
    settable,
)
from nni_core.config.wording import alternatives, found, label, quoted
from nni_core.errors import KeyPath, PluginError, Problem, nearest
from nni_core.model import Direction, Json
from nni_core.plugin_kinds import PluginKind, favourite

#: the argument by which algorithms are told which way is better
_MODE = "optimize_mode"
_OBJECTIVES = "objectives"
_BUDGET = "max_trial_number"


@frozen(kw_only=True)
class NoArguments:
    """The record of a plugin that takes none."""


def structure_arguments(spec: ConfiguredSpec, arguments: Mapping[str, Json], *, base: Path) -> Any:
    """The arguments of a tuner, assessor or sink, as kept in a canonical config, in the plugin's own record; None when
    the plugin takes none.

    :raises MistakesError: when they do not fit. They always do when they come from a canonical config.
    """
    record = Structurer(base=base, fold_keys=False, codes=ARGUMENT_CODES).record(
        arguments, spec.arguments or NoArguments
    )
    return record if spec.arguments else None


@define
class Sections:
    """Reads sections one by one and collects what is wrong in them."""

    lookup: PluginLookup
    base: Path
    problems: list[Problem] = field(factory=list)
    #: of the first objective, where the config names objectives: what ``optimize_mode`` has to be
    direction: Direction | None = None
    #: what that direction is of
    told_by: str = "the first objective"
    #: all of them, where the config names several; filled in for tuners that learn them
    objectives: Sequence[ObjectiveConfig] = ()
    #: how many trials there will be, where that is limited; filled in for tuners that plan for it
    max_trial_number: int | None = None

    def algorithm(self, kind: PluginKind, given: Given) -> AlgorithmConfig | None:
        """The tuner or assessor of a config; None when something in it is wrong."""
        before = len(self.problems)
        keys, fields = self._keys(kind, given, "name", AlgorithmConfig)
        if fields is None:
            return None
        config = AlgorithmConfig(**fields)
        self._check_one_way(kind, given, keys)
        if "name" in fields:
            resolved = self._arguments(kind, given, config.name or "", config.class_args, keys)
            config = attrs.evolve(config, **resolved) if resolved else config
        elif "class_name" in fields:
            config = self._custom(given, config)
        return config if len(self.problems) == before else None

    def sink(self, given: Given) -> SinkConfig | None:
        """A metric sink of a config; None when something in it is wrong."""
        before = len(self.problems)
        keys, fields = self._keys(PluginKind.METRIC_SINK, given, "name", SinkConfig)
        if fields is None or "name" not in fields:
            return None
        config = SinkConfig(**fields)
        resolved = self._arguments(PluginKind.METRIC_SINK, given, config.name, config.class_args, keys)
        return attrs.evolve(config, **(resolved or {})) if len(self.problems) == before else None

    def service(self, given: Given, shared: dict[str, Given]) -> TrainingServiceConfig | None:
        """The training service of a config; None when something in it is wrong.

        Keys in it that belong to the trial are put into ``shared``, by the names of their fields.
        """
        if isinstance(given.value, list):
            return self._services(given, given.value, shared)
        section = self._mapping(given, "platform")
        if section is None:
            return None
        platform, own = self._split_service(given, section, shared)
        if platform is None:
            self._no_platform(given, own)
            return None
        if not isinstance(platform.value, str):
            message = f"{label(platform.path)} must be text, got {found(platform.value)}"
            self._add(ConfigCode.WRONG_VALUE, message, platform)
            return None
        spec = self._resolve(PluginKind.TRAINING_SERVICE, platform, platform.value)
        return self._service_arguments(given, platform.value, spec, own) if spec else None

    def _services(
        self, given: Given, services: Sequence[Json], shared: dict[str, Given]
    ) -> TrainingServiceConfig | None:
        """A list of training services: of one it is that one, of several they are the plugin's that runs several."""
        if len(services) == 1:
            return self.service(Given(path=(*given.path, 0), value=services[0]), shared)
        if not services:
            self._missing(PluginKind.TRAINING_SERVICE, given, "platform")
            return None
        try:
            self.lookup.resolve(PluginKind.TRAINING_SERVICE, HYBRID)
        except PluginError:
            installed = self.lookup.names(PluginKind.TRAINING_SERVICE)
            self.problems.append(absent_hybrid(services, given.path, installed))
            return None
        return self.service(Given(path=given.path, value={"platform": HYBRID, SERVICES: list(services)}), shared)

    def _keys(
        self, kind: PluginKind, given: Given, short: str, cls: type
    ) -> tuple[dict[str, Given], dict[str, Any] | None]:
        """The keys and fields of a section; no fields when it is not one at all."""
        section = self._mapping(given, short)
        if section is None:
            return {}, None
        structurer = Structurer(base=self.base, fold_keys=True)
        keys, unknown = structurer.match(section, cls)
        fields, mistakes = structurer.fields(keys, cls)
        problems = [self._old_or_unknown(kind, problem) for problem in unknown] + mistakes
        problems += self._other_direction(kind, keys, fields.get("class_args", {}))
        self.problems += [problem.under(*given.path) for problem in problems]
        if not {"name", "class_name"} & keys.keys() and kind is not PluginKind.METRIC_SINK and not problems:
            self._missing(kind, given, "name")
            return keys, None
        return keys, fields

    def _other_direction(
        self, kind: PluginKind, keys: Mapping[str, Given], arguments: Mapping[str, Json]
    ) -> list[Problem]:
        """An algorithm that is told to go another way than the first objective."""
        mode = arguments.get(_MODE)
        if self.direction is None or mode not in set(Direction) - {self.direction} or kind is PluginKind.METRIC_SINK:
            return []
        return [
            Problem(
                code=ConfigCode.OTHER_DIRECTION,
                message=f"the {kind.value} is told to {mode}, and {self.told_by} to {self.direction}",
                help=f"delete this line: {_MODE} follows from {self.told_by.replace('first ', '')}",
                key_path=(*keys["class_args"].path, _MODE),
            )
        ]

    def _old_or_unknown(self, kind: PluginKind, problem: Problem) -> Problem:
        old = retired_key((kind.value, *problem.key_path))
        return attrs.evolve(old, key_path=problem.key_path) if old else problem

    def _mapping(self, given: Given, short: str) -> Mapping[str, Json] | None:
        """A section; text stands for the one key that matters most."""
        if isinstance(given.value, str) and given.value.strip():
            return {short: given.value}
        if isinstance(given.value, Mapping):
            return given.value
        message = f"{label(given.path)} must be a mapping with the key {short!r}, got {found(given.value)}"
        self._add(ConfigCode.WRONG_VALUE, message, given)
        return None

    def _check_one_way(self, kind: PluginKind, given: Given, keys: Mapping[str, Given]) -> None:
        """An algorithm has a name, or a class of the user's own; not parts of both."""
        if "name" not in keys:
            return
        for key in ("class_name", "code_directory"):
            if key in keys and keys[key].value is not None:
                mine, other = keys[key].path, str(keys["name"].path[-1])
                message = f"{label(mine)} cannot be given together with {quoted(other)}"
                problem = ConflictProblem(
                    code=ArgumentCode.WRONG_ALGORITHM,
                    message=message,
                    help=f"keep `name` for an installed {kind.value}, or `class_name` for your own",
                    key_path=mine,
                    at_key=True,
                    other=other,
                )
                self.problems.append(problem.under(*given.path))

    def _custom(self, given: Given, config: AlgorithmConfig) -> AlgorithmConfig:
        """An algorithm of the user's own; whether the class is good for anything is seen when it is imported."""
        directory = config.code_directory or self.base
        if problem := directory_problem(directory, (*given.path, "code_directory")):
            self.problems.append(problem)
        return attrs.evolve(config, code_directory=directory)

    def _arguments(
        self, kind: PluginKind, given: Given, name: str, arguments: Mapping[str, Json], keys: Mapping[str, Given]
    ) -> dict[str, Any] | None:
        """The plugin's own name, its arguments in plain form and as its record."""
        spec = self._resolve(kind, Given(path=(*given.path, *self._name_key(given, keys)), value=name), name)
        if spec is None:
            return None
        path = (*given.path, *(keys["class_args"].path if "class_args" in keys else ("class_args",)))
        if self.direction is not None and kind is not PluginKind.METRIC_SINK and _takes(spec, _MODE):
            arguments = {_MODE: self.direction.value, **arguments}
        if self.objectives and kind is PluginKind.TUNER and _takes(spec, _OBJECTIVES):
            named = [{"name": one.name, "direction": one.direction.value} for one in self.objectives]
            arguments = {**arguments, _OBJECTIVES: named}
        if self.max_trial_number is not None and kind is PluginKind.TUNER and _takes(spec, _BUDGET):
            arguments = {_BUDGET: self.max_trial_number, **arguments}
        try:
            record = structure_arguments(spec, arguments, base=self.base)
        except MistakesError as error:
            self.problems += [problem.under(*path) for problem in error.problems]
            return None
        record = self._with_choices(record, arguments, path)
        # The objectives are the config's own, and there is nothing to keep where it names none.
        plain = {} if record is None else {k: v for k, v in to_json(record).items() if v or k != _OBJECTIVES}
        return {"name": _own_name(name, spec), "class_args": plain, "arguments": record}

    def _with_choices(self, record: Any, arguments: Mapping[str, Json], path: KeyPath) -> Any:
        """The arguments of a tuner with every tuner among them checked as the tuner itself is."""
        resolved: dict[str, Any] = {}
        for field_ in attrs.fields(type(record)) if record is not None else ():
            choice = getattr(record, field_.name)
            if isinstance(choice, TunerChoice):
                written = arguments.get(field_.alias) or to_json(choice)
                resolved[field_.alias] = self._choice(written, (*path, field_.alias), getattr(record, _MODE, None))
        return attrs.evolve(record, **resolved) if resolved else record

    def _choice(self, written: Json, path: KeyPath, mode: str | None) -> TunerChoice:
        inner = attrs.evolve(self, problems=[])
        if mode:
            inner.direction, inner.told_by = Direction(mode), "the tuner around it"
        config = inner.algorithm(PluginKind.TUNER, Given(path=path, value=written))
        self.problems += inner.problems
        if config is None:
            return TunerChoice()
        return TunerChoice(
            name=config.name,
            class_name=config.class_name,
            code_directory=str(config.code_directory) if config.code_directory else None,
            class_args=config.class_args,
            arguments=config.arguments,
        )

    def _name_key(self, given: Given, keys: Mapping[str, Given]) -> tuple[str | int, ...]:
        return () if isinstance(given.value, str) else keys["name"].path

    def _split_service(
        self, given: Given, section: Mapping[str, Json], shared: dict[str, Given]
    ) -> tuple[Given | None, dict[str, Json]]:
        """The platform, and the keys that are the service's own."""
        platform: Given | None = None
        own: dict[str, Json] = {}
        common = {folded(name): name for name in SHARED_WITH_SERVICE}
        for key, value in section.items():
            path = given.path if isinstance(given.value, str) else (*given.path, key)
            one = Given(path=path, value=value)
            name = common.get(folded(key))
            if folded(key) == "platform" and platform is None:
                platform = one
            elif folded(key) == "platform" and platform is not None:
                self.problems.append(given_twice(str(platform.path[-1]), key).under(*given.path))
            elif name in shared:
                self.problems.append(given_twice(str(shared[name].path[-1]), key).under(*given.path))
            elif name:
                shared[name] = one
            else:
                own[key] = value
        return platform, own

    def _no_platform(self, given: Given, own: Mapping[str, Json]) -> None:
        misspelt = next((key for key in own if nearest(key, ["platform"])), None)
        if misspelt is None:
            self._missing(PluginKind.TRAINING_SERVICE, given, "platform")
            return
        unknown = Problem(
            code=ConfigCode.UNKNOWN_KEY,
            message=f"there is no key {quoted(misspelt)} here",
            help="did you mean 'platform'?",
            key_path=(*given.path, misspelt),
            at_key=True,
        )
        self.problems.append(unknown)

    def _service_arguments(
        self, given: Given, name: str, spec: ConfiguredSpec, own: Mapping[str, Json]
    ) -> TrainingServiceConfig | None:
        structurer = Structurer(base=self.base, fold_keys=True)
        cls = spec.arguments or NoArguments
        _, unknown = structurer.match(own, cls, ("platform", *SHARED_WITH_SERVICE))
        try:
            record = structurer.record({key: own[key] for key in own if (key,) not in _paths(unknown)}, cls)
        except MistakesError as error:
            self.problems += [problem.under(*given.path) for problem in (*unknown, *error.problems)]
            return None
        self.problems += [problem.under(*given.path) for problem in unknown]
        arguments = record if spec.arguments else None
        return None if unknown else TrainingServiceConfig(platform=_own_name(name, spec), arguments=arguments)

    def _resolve(self, kind: PluginKind, given: Given, name: str) -> ConfiguredSpec | None:
        try:
            spec = self.lookup.resolve(kind, name)
        except PluginError as error:
            problems = [attrs.evolve(problem, key_path=given.path) for problem in error.problems]
            if kind is PluginKind.TRAINING_SERVICE:
                problems = [absent_platform(name, problem, self.lookup.names(kind)) for problem in problems]
            self.problems += problems
            return None
        if not isinstance(spec, ConfiguredSpec):
            raise TypeError(f"the lookup answered {type(spec).__name__} for a {kind.value}")
        return spec

    def _missing(self, kind: PluginKind, given: Given, key: str) -> None:
        self.problems.append(missing_name(self.lookup, kind, (*given.path, key)))

    def _add(self, code: ConfigCode, message: str, given: Given, help_: str = "") -> None:
        self.problems.append(Problem(code=code, message=message, help=help_, key_path=given.path))


def missing_name(lookup: PluginLookup, kind: PluginKind, path: Sequence[str | int]) -> Problem:
    """A section, or the name in it, is not given; the help lists what is installed."""
    names = sorted(lookup.names(kind))
    words = kind.value.replace("_", " ")
    key = "platform" if kind is PluginKind.TRAINING_SERVICE else "name"
    example = f"`{kind.value}: {{{key}: {favourite(kind, names)}}}`"
    help_ = f"write {example}; installed: {alternatives(names)}" if names else f"no {words} is installed"
    message = f"{label(tuple(path))} is missing"
    return Problem(code=ConfigCode.MISSING_KEY, message=message, help=help_, key_path=tuple(path))


def _takes(spec: ConfiguredSpec, name: str) -> bool:
    return spec.arguments is not None and any(name_of(one) == name for one in settable(spec.arguments))


def _own_name(name: str, spec: ConfiguredSpec) -> str:
    """The name that the plugin gives itself, behind the distribution that the user picked."""
    distribution, colon, _ = name.rpartition(":")
    return f"{distribution}{colon}{spec.name}"


def _paths(problems: Sequence[Problem]) -> set[tuple[str | int, ...]]:
    return {problem.key_path for problem in problems}
