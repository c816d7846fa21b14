"""Builds a tuner or an assessor from what a config says of it. Used where algorithms live: in the tuner's process."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import attrs

from nni_core.errors import PluginError, Problem, nearest
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins.codes import PluginCode
from nni_core.plugins.implementation import BASES
from nni_core.plugins.loading import ANYTHING
from nni_core.plugins.registered import LEFT_OUT_WHEN_NONE
from nni_core.plugins.traces import blame


def arguments_of(arguments: type | None, class_args: Mapping[str, Json]) -> dict[str, Any]:
    """The keyword arguments for an implementation: the fields of its attrs class, or none when it has no such class.
    Expects ``class_args`` that the config has checked; what is wrong all the same is refused as a whole.

    :raises PluginError: when they do not fit.
    """
    # Takes as long to import as all the rest of this package, and listing plugins does without it.
    import cattrs

    if arguments is None:
        if class_args:
            raise PluginError(_refused(f"it takes no arguments, got {', '.join(class_args)}", ""))
        return {}
    try:
        structured: Any = cattrs.Converter(forbid_extra_keys=True).structure(class_args, arguments)
    except Exception as error:
        # cattrs groups whatever converters and validators of the plugin raise.
        told = "; ".join(cattrs.transform_error(error, format_exception=_formatted))
        raise PluginError(_refused(told, "")) from error
    values = [(field, getattr(structured, field.name)) for field in attrs.fields(type(structured))]
    return {
        field.alias: value for field, value in values if not (value is None and field.metadata.get(LEFT_OUT_WHEN_NONE))
    }


def _formatted(error: BaseException, wanted: type | None) -> str:
    """A plugin's own words where there are any, for its validators name the field."""
    from cattrs.v import format_exception

    own = isinstance(error, ValueError | TypeError) and str(error)
    return str(error) if own else format_exception(error, wanted)


def build(kind: PluginKind, title: str, implementation: Any, arguments: Mapping[str, Any]) -> Any:
    """Call a class, or a factory, with its arguments; ``title`` is what to call it in messages.

    :raises PluginError: when it does not take them, raises, or makes something of another kind.
    """
    check_call(title, implementation, arguments)
    try:
        built = implementation(**arguments)
    except ANYTHING as error:
        message = f"{title} cannot be built: {blame(error, _home(implementation))}"
        raise PluginError(
            Problem(code=PluginCode.CONSTRUCTOR_RAISES, message=message, key_path=("class_args",))
        ) from error
    if not isinstance(built, BASES[kind]):
        message = f"{title} is a {type(built).__name__}, which does not subclass nni_core.api.{BASES[kind].__name__}"
        raise PluginError(Problem(code=PluginCode.WRONG_BASE_CLASS, message=message))
    return built


def check_call(title: str, implementation: Any, arguments: Mapping[str, Any]) -> None:
    """:raises PluginError: when a class or factory does not take these arguments, as far as can be told uncalled."""
    try:
        signature = inspect.signature(implementation)
    except (TypeError, ValueError):
        return  # built in C: it says itself what it does not take
    try:
        signature.bind(**arguments)
    except TypeError as error:
        shown = f"{title} is called as {getattr(implementation, '__name__', '?')}{signature}"
        raise PluginError(_refused(f"{shown}: {error}", _advice(signature, arguments))) from error


def _advice(signature: inspect.Signature, arguments: Mapping[str, Any]) -> str:
    stray = next((name for name in arguments if name not in signature.parameters), None)
    suggestion = nearest(stray, signature.parameters) if stray else None
    return f"did you mean '{suggestion}'?" if suggestion else ""


def _refused(why: str, help_text: str) -> Problem:
    return Problem(
        code=PluginCode.REFUSED_ARGUMENTS,
        message=f"class_args do not fit: {why}",
        help=help_text,
        key_path=("class_args",),
    )


def _home(implementation: Any) -> str:
    """The file that an implementation is written in, so that an error is shown at its author's line."""
    try:
        return inspect.getfile(implementation)
    except TypeError:
        return ""
