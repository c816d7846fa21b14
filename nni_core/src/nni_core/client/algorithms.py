"""Registers algorithms by NNI's meta files, and modules with training services; takes them back."""

from __future__ import annotations

import fcntl
import importlib
import importlib.util
import inspect
import json
import os
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from nni_core.config.document import Document, in_file_order
from nni_core.config.mistakes import MistakesError
from nni_core.config.read import read_document
from nni_core.config.structure import Structurer
from nni_core.errors import ConfigError, MachineError, NotFoundError, PluginError, Problem, nearest
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry, custom_class, discover_plugins, load_implementation
from nni_core.plugins.registered import (
    REGISTERED,
    Argument,
    Registered,
    RegisteredAlgorithm,
    offering,
    read_registered,
    registered_file,
    write_registered,
)

#: the name under which NNI's packages of training services describe themselves
NNI_SERVICE_INFO = "nni_training_service_info"


class AlgoType(StrEnum):
    """NNI's kinds of algorithms; an advisor is a tuner that does more."""

    TUNER = "tuner"
    ASSESSOR = "assessor"
    ADVISOR = "advisor"

    @property
    def kind(self) -> PluginKind:
        return PluginKind.ASSESSOR if self is AlgoType.ASSESSOR else PluginKind.TUNER


@frozen(kw_only=True)
class AlgorithmMeta:
    """One algorithm in a meta file."""

    algo_type: AlgoType
    builtin_name: str
    class_name: str
    class_args_validator: str | None = None
    alias: str | None = None
    accept_class_args: bool = True
    #: defaults of arguments
    class_args: Mapping[str, Any] | None = None


@frozen(kw_only=True)
class Change:
    """What registering has done."""

    algorithm: RegisteredAlgorithm
    #: it was registered before
    updated: bool
    #: the class takes arguments that it does not name
    open_ended: bool = field(default=False)


def read_meta(path: Path) -> Sequence[AlgorithmMeta]:
    """The algorithms in a meta file: one, or several under the key ``algorithms``.

    :raises ConfigError: with everything that is wrong with it.
    """
    if not path.is_file():
        near = nearest(path.name, [one.name for one in path.parent.glob("*.y*ml")]) if path.parent.is_dir() else None
        hint = f"did you mean '{path.with_name(near)}'?" if near else f"looked at {path.absolute()}"
        raise ConfigError(Problem(code="NNI517", message=f"there is no meta file '{path}'", help=hint))
    document = read_document(path)
    several = document.data.get("algorithms")
    entries = list(enumerate(several)) if isinstance(several, list) and len(document.data) == 1 else [(None, None)]
    problems = list(document.problems)
    found = [_meta(document, problems, () if i is None else ("algorithms", i), entry) for i, entry in entries]
    if problems:
        raise ConfigError(*in_file_order([document.locate(problem) for problem in problems]))
    return [meta for meta in found if meta is not None]


def _meta(
    document: Document, problems: list[Problem], prefix: tuple[str | int, ...], entry: Json
) -> AlgorithmMeta | None:
    data = entry if prefix else document.data
    if not isinstance(data, Mapping):
        message = "an algorithm must be a mapping with algoType, builtinName and className"
        problems.append(Problem(code="NNI566", message=message, key_path=prefix))
        return None
    try:
        found: AlgorithmMeta = Structurer(base=Path(), fold_keys=True).record(data, AlgorithmMeta)
    except MistakesError as error:
        problems += [problem.under(*prefix) for problem in error.problems]
        return None
    return found


def register(path: Path) -> Sequence[Change]:
    """Make the algorithms of a meta file usable by their names, for this user, from now on.

    :raises UserError: when one cannot be; none is registered then.
    """
    metas = read_meta(path)
    registry = discover_plugins()
    chosen = [_checked(meta, path.resolve().parent, registry) for meta in metas]
    names = {(one.algorithm.kind, one.algorithm.name.casefold()) for one in chosen}

    def change(before: Registered) -> Registered:
        kept = [one for one in before.algorithms if (one.kind, one.name.casefold()) not in names]
        return attrs.evolve(before, algorithms=[*kept, *(one.algorithm for one in chosen)])

    _change(change)
    return chosen


def unregister(name: str) -> RegisteredAlgorithm:
    """Take a registered algorithm back.

    :raises UserError: when none of this name is registered.
    """
    registered = read_registered(registered_file())
    found = [one for one in registered.algorithms if one.name.casefold() == name.casefold()]
    if not found:
        raise _not_registered(name, [one.name for one in registered.algorithms])
    _change(lambda before: attrs.evolve(before, algorithms=[one for one in before.algorithms if one not in found]))
    return found[0]


def _not_registered(name: str, known: Sequence[str]) -> NotFoundError | PluginError:
    owner = _distribution_of(name)
    if owner is not None:
        message = f"'{name}' comes with the distribution {owner}, and was not registered"
        return PluginError(Problem(code="NNI566", message=message, help=f"to remove it run: pip uninstall {owner}"))
    close = nearest(name, known)
    help_ = f"did you mean '{close}'?" if close else f"registered: {', '.join(known) or 'nothing'}"
    return NotFoundError(Problem(code="NNI566", message=f"no algorithm '{name}' is registered", help=help_))


def _distribution_of(name: str) -> str | None:
    """The installed distribution that offers an algorithm of this name."""
    return next(
        (
            entry.distribution
            for kind in (PluginKind.TUNER, PluginKind.ASSESSOR)
            for entry in discover_plugins().listing(kind)
            if entry.kind is kind and entry.name.casefold() == name.casefold() and entry.distribution != REGISTERED
        ),
        None,
    )


def _change(change: Callable[[Registered], Registered]) -> None:
    """Rewrite the file of what is registered.

    :raises UserError: when it cannot be read or written.
    """
    path = registered_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            write_registered(path, change(read_registered(path)))
    except OSError as error:
        raise MachineError(
            Problem(code="NNI533", message=f"cannot write '{path}': {os.strerror(error.errno or 0)}")
        ) from error


def _checked(meta: AlgorithmMeta, beside: Path, registry: PluginRegistry) -> Change:
    kind = meta.algo_type.kind
    _refuse_taken(meta, kind, registry)
    directory = _directory(meta.class_name, beside)
    cls = custom_class(meta.class_name, directory, kind=kind)
    if meta.class_args_validator:
        _check_validator(meta.class_args_validator)
    arguments, open_ended = _arguments(cls, meta)
    algorithm = RegisteredAlgorithm(
        kind=kind.value,
        name=meta.builtin_name,
        class_name=meta.class_name,
        summary=_summary(cls, meta.class_name),
        aliases=[meta.alias] if meta.alias else [],
        arguments=arguments,
        validator=meta.class_args_validator,
        code_directory=str(directory) if directory else None,
    )
    _check_spec(algorithm, kind)
    known = read_registered(registered_file()).algorithms
    updated = any(one.kind == kind and one.name.casefold() == meta.builtin_name.casefold() for one in known)
    return Change(algorithm=algorithm, updated=updated, open_ended=open_ended)


def _refuse_taken(meta: AlgorithmMeta, kind: PluginKind, registry: PluginRegistry) -> None:
    for name in filter(None, (meta.builtin_name, meta.alias)):
        owner = next(
            (
                entry.distribution
                for entry in registry.listing(kind)
                if entry.kind is kind and entry.name.casefold() == name.casefold() and entry.distribution != REGISTERED
            ),
            None,
        )
        if owner is not None:
            raise PluginError(
                Problem(
                    code="NNI566",
                    message=f"{kind.value} '{name}' comes with the distribution {owner} already",
                    help="give builtinName another name",
                )
            )


def _directory(class_name: str, beside: Path) -> Path | None:
    """Where a class is that only its meta file's folder has; None when it can be imported from anywhere."""
    top = class_name.partition(".")[0]
    is_beside = (beside / f"{top}.py").is_file() or (beside / top).is_dir()
    if not top.isidentifier() or not is_beside:
        return None
    found = importlib.util.find_spec(top)
    # One that was registered before is on the path already, for this very process.
    at_home = found is None or (found.origin is not None and Path(found.origin).is_relative_to(beside))
    return beside if at_home else None


def _check_validator(dotted: str) -> None:
    module, _, attribute = dotted.rpartition(".")
    found = load_implementation(f"{module or dotted}:{attribute}")
    if not callable(getattr(found, "validate_class_args", None)):
        raise PluginError(
            Problem(
                code="NNI566",
                message=f"classArgsValidator '{dotted}' has no method validate_class_args",
                help="name a subclass of nni.ClassArgsValidator",
            )
        )


def _arguments(cls: type[Any], meta: AlgorithmMeta) -> tuple[list[Argument], bool]:
    """The keyword arguments of a class, and whether it takes others, too."""
    defaults = dict(meta.class_args or {})
    if not meta.accept_class_args:
        if defaults:
            message = f"'{meta.builtin_name}' has classArgs, and acceptClassArgs is false"
            raise PluginError(Problem(code="NNI566", message=message, help="leave out one of them"))
        return [], False
    parameters = list(inspect.signature(cls).parameters.values())
    named = [one for one in parameters if one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}]
    open_ended = any(one.kind is one.VAR_KEYWORD for one in parameters)
    arguments = [_argument(one, defaults) for one in named]
    unknown = [name for name in defaults if name not in {one.name for one in named}]
    if unknown and not open_ended:
        names = ", ".join(one.name for one in named) or "none"
        message = f"classArgs has '{unknown[0]}', which {cls.__name__} does not take"
        raise PluginError(Problem(code="NNI566", message=message, help=f"it takes {names}"))
    return [*arguments, *(Argument(name=name, default=defaults[name]) for name in unknown)], open_ended


def _argument(parameter: inspect.Parameter, defaults: Mapping[str, Json]) -> Argument:
    if parameter.name in defaults:
        return Argument(name=parameter.name, default=defaults[parameter.name])
    if parameter.default is parameter.empty:
        return Argument(name=parameter.name, required=True)
    if _is_plain(parameter.default):
        return Argument(name=parameter.name, default=parameter.default)
    return Argument(name=parameter.name, opaque=True)


def _is_plain(value: object) -> bool:
    """Whether a file gives back exactly this."""
    try:
        return bool(json.loads(json.dumps(value, allow_nan=False)) == value)
    except (TypeError, ValueError):
        return False


def _summary(cls: type[Any], class_name: str) -> str:
    # The docstring of a base class says nothing of this one.
    first = inspect.cleandoc(cls.__dict__.get("__doc__") or "").partition("\n")[0].strip().rstrip(".")
    return first or f"the class {class_name}"


def _check_spec(algorithm: RegisteredAlgorithm, kind: PluginKind) -> None:
    from nni_core.plugins.specs import spec_faults

    plugin: Any = offering(algorithm)
    [spec] = plugin.nni_tuners() if kind is PluginKind.TUNER else plugin.nni_assessors()
    if faults := spec_faults(spec):
        raise PluginError(Problem(code="NNI566", message=f"'{algorithm.name}' cannot be registered: {faults[0]}"))


def register_module(name: str) -> None:
    """Make the training services of a module known, which is a plugin without an entry point.

    :raises UserError: when it cannot be imported or offers none.
    """
    try:
        module = importlib.import_module(name)
    except Exception as error:  # the code of a stranger may raise anything while it is imported
        message = f"package '{name}' cannot be imported: {type(error).__name__}: {error}"
        raise PluginError(Problem(code="NNI566", message=message, help="install it first")) from error
    if not callable(getattr(module, "nni_training_services", None)):
        old = hasattr(module, NNI_SERVICE_INFO)
        why = "runs in NNI's Node.js manager, which is not here" if old else "has no hook nni_training_services"
        help_ = "offer an nni_core.api.TrainingServiceSpec: see the guide 'Write a training service'"
        raise PluginError(Problem(code="NNI566", message=f"package '{name}' {why}: nothing was registered", help=help_))
    _change(lambda before: attrs.evolve(before, modules=[*(one for one in before.modules if one != name), name]))


def unregister_module(name: str) -> None:
    """Take a registered module back.

    :raises NotFoundError: when it is not registered.
    """
    known = read_registered(registered_file()).modules
    if name not in known:
        close = nearest(name, known)
        help_ = f"did you mean '{close}'?" if close else f"registered: {', '.join(known) or 'nothing'}"
        raise NotFoundError(Problem(code="NNI566", message=f"no package '{name}' is registered", help=help_))
    _change(lambda before: attrs.evolve(before, modules=[one for one in before.modules if one != name]))
