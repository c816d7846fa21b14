"""What a user registered by hand: algorithms by their classes, and modules with training services.

One small file for each user, ``~/.config/nni/registered.json``, or in the folder that ``NNI_CONFIG_DIR`` names. Every
discovery reads it as one more source beside the installed distributions, under the distribution name ``registered``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from nni_core.api import AssessorSpec, TunerSpec
from nni_core.errors import PluginError, Problem
from nni_core.hookspecs import hookimpl
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins.codes import PluginCode
from nni_core.plugins.entry import Source
from nni_core.plugins.implementation import load_implementation
from nni_core.plugins.loading import load_entry_point

#: stands for the distribution of everything in the file
REGISTERED = "registered"
#: names the folder that holds the file; read here only
FOLDER_VARIABLE = "NNI_CONFIG_DIR"
#: metadata of a field whose default only the class itself knows: it is not passed on when it is None
LEFT_OUT_WHEN_NONE = "left_out_when_none"


@frozen(kw_only=True)
class Argument:
    """A keyword argument of a registered class."""

    name: str
    required: bool = False
    default: Json = None
    #: the class has a default that no file can hold
    opaque: bool = False


@frozen(kw_only=True)
class RegisteredAlgorithm:
    """A tuner or an assessor, as it was when it was registered."""

    kind: str
    name: str
    #: ``package.module.Class``
    class_name: str
    summary: str
    aliases: Sequence[str] = ()
    arguments: Sequence[Argument] = ()
    #: dotted path of an NNI ``ClassArgsValidator``
    validator: str | None = None
    #: joins the end of ``sys.path``; None for a class that is importable by itself
    code_directory: str | None = None

    @property
    def implementation(self) -> str:
        """The dotted path as specs write it."""
        module, _, attribute = self.class_name.rpartition(".")
        return f"{module}:{attribute}"


@frozen(kw_only=True)
class Registered:
    """Everything in the file."""

    algorithms: Sequence[RegisteredAlgorithm] = ()
    #: names of modules that are plugins
    modules: Sequence[str] = ()


def registered_file() -> Path:
    """Where the file is, or will be."""
    folder = os.environ.get(FOLDER_VARIABLE)
    return (Path(folder) if folder else Path.home() / ".config" / "nni") / "registered.json"


def read_registered(path: Path) -> Registered:
    """What is in the file; nothing when there is none.

    :raises PluginError: when it cannot be read.
    """
    try:
        document = json.loads(path.read_bytes())
        return Registered(
            algorithms=[_algorithm(one) for one in document["algorithms"]], modules=list(map(str, document["modules"]))
        )
    except (FileNotFoundError, NotADirectoryError):
        return Registered()
    except (OSError, ValueError, TypeError, KeyError) as error:
        message = f"'{path}', which keeps what was registered, cannot be read ({type(error).__name__}: {error})"
        help_ = "mend it, or move it away and register again"
        raise PluginError(Problem(code=PluginCode.REGISTERED_UNREADABLE, message=message, help=help_)) from error


def _algorithm(document: Mapping[str, Any]) -> RegisteredAlgorithm:
    arguments = [Argument(**one) for one in document["arguments"]]
    return RegisteredAlgorithm(**{**document, "arguments": arguments})


def write_registered(path: Path, registered: Registered) -> None:
    """Replace the file: a reader finds it whole, the old one or the new.

    :raises OSError: when it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        fresh.write_text(json.dumps(attrs.asdict(registered), indent=2) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError:
        with suppress(OSError):
            fresh.unlink()
        raise


def registered_sources() -> list[tuple[Source, Callable[[Source], object]]]:
    """What the user registered, each with what loads it. One that cannot be read is a source that says so."""
    path = registered_file()
    try:
        registered = read_registered(path)
    except PluginError as error:
        return [(_source(path.stem, str(path)), _refuse(error))]
    return [
        *((_source(one.name, one.implementation), _loader(one)) for one in registered.algorithms),
        *((_source(module, module), load_entry_point) for module in registered.modules),
    ]


def _source(name: str, value: str) -> Source:
    return Source(name=name, distribution=REGISTERED, version="", value=value)


def _refuse(error: PluginError) -> Callable[[Source], object]:
    def load(_: Source) -> object:
        raise error

    return load


def _loader(algorithm: RegisteredAlgorithm) -> Callable[[Source], object]:
    return lambda _: offering(algorithm)


def offering(algorithm: RegisteredAlgorithm) -> object:
    """A plugin that offers a registered algorithm. Its class is not imported yet.

    :raises PluginError: when the module of the class is not there any more.
    """
    directory = algorithm.code_directory
    if directory and directory not in sys.path:
        sys.path.append(directory)
    top = algorithm.class_name.partition(".")[0]
    if top not in sys.modules and importlib.util.find_spec(top) is None:
        where = f" in {directory}" if directory else " in this environment"
        raise PluginError(
            Problem(
                code=PluginCode.REGISTERED_GONE,
                message=f"the registered algorithm '{algorithm.name}': there is no module '{top}'{where} any more",
                help=f"install or move it back, or run: nnictl algo unregister {algorithm.name}",
            )
        )
    return _Tuner(algorithm) if algorithm.kind == PluginKind.TUNER else _Assessor(algorithm)


class _Tuner:
    """The plugin of one registered tuner."""

    def __init__(self, algorithm: RegisteredAlgorithm) -> None:
        self._algorithm = algorithm

    @hookimpl
    def nni_tuners(self) -> Sequence[TunerSpec]:
        return [TunerSpec(**_spec(self._algorithm))]


class _Assessor:
    """The plugin of one registered assessor."""

    def __init__(self, algorithm: RegisteredAlgorithm) -> None:
        self._algorithm = algorithm

    @hookimpl
    def nni_assessors(self) -> Sequence[AssessorSpec]:
        return [AssessorSpec(**_spec(self._algorithm))]


def _spec(algorithm: RegisteredAlgorithm) -> dict[str, Any]:
    return {
        "name": algorithm.name,
        "summary": algorithm.summary,
        "implementation": algorithm.implementation,
        "aliases": tuple(algorithm.aliases),
        "arguments": arguments_class(algorithm),
    }


def arguments_class(algorithm: RegisteredAlgorithm) -> type | None:
    """A record with the arguments that the class takes; it runs the algorithm's own validator when it is made."""
    if not algorithm.arguments:
        return None
    body: dict[str, Any] = {"__doc__": f"Arguments of {algorithm.class_name}."}
    if algorithm.validator:
        body["__attrs_post_init__"] = _validating(algorithm)
    fields = {one.name: _field(one) for one in algorithm.arguments}
    return attrs.make_class(f"{algorithm.name}Arguments", fields, class_body=body, kw_only=True, frozen=True)


def _field(argument: Argument) -> Any:
    metadata = {"doc": "An argument of the class.", LEFT_OUT_WHEN_NONE: argument.opaque}
    default = attrs.NOTHING if argument.required else argument.default
    return field(default=default, type=Any, alias=argument.name, metadata=metadata)


def _validating(algorithm: RegisteredAlgorithm) -> Callable[[Any], None]:
    def check(record: Any) -> None:
        values = {one: getattr(record, one.name) for one in attrs.fields(type(record))}
        whole = {one.alias: value for one, value in values.items() if value is not None}
        # What the user wrote is not known here. Some validators refuse arguments that were left to their defaults,
        # others want to see them.
        written = {one.alias: value for one, value in values.items() if value != one.default}
        refusals = [_refusal(str(algorithm.validator), arguments) for arguments in (written, whole)]
        if all(refusals):
            raise ValueError(refusals[0])

    return check


def _refusal(validator: str, arguments: Mapping[str, Json]) -> str:
    """Why a validator does not take these arguments; empty when it does."""
    module, _, attribute = validator.rpartition(".")
    try:
        load_implementation(f"{module}:{attribute}")().validate_class_args(**arguments)
    except PluginError as error:
        return error.problems[0].message
    except Exception as error:  # noqa: BLE001 - whatever a validator raises is its way to refuse
        return f"{validator} refuses them: {' '.join(str(error).split()) or type(error).__name__}"
    return ""
