"""Imports plugin modules, whatever they do, and checks the shape of their hooks before anything calls them."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import inspect
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from nni_core import hookspecs
from nni_core.errors import PluginError, Problem, nearest
from nni_core.hookspecs import API_VERSION, PROJECT
from nni_core.plugins.codes import PluginCode
from nni_core.plugins.entry import FILE, Source
from nni_core.plugins.traces import blame

#: what code of a stranger may raise; KeyboardInterrupt is the user's and passes
ANYTHING = (Exception, SystemExit)


def new_manager() -> pluggy.PluginManager:
    """A pluggy manager that knows our hooks and no plugin."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager


def load_entry_point(source: Source) -> object:
    """The module (or the object in it) that an entry point names.

    :raises PluginError: when it cannot be imported, whatever it raises.
    """
    module_name, _, attribute = source.value.partition(":")
    with _guarded(source, root=module_name.partition(".")[0]):
        loaded: object = importlib.import_module(module_name.strip())
        for name in attribute.strip().split(".") if attribute else ():
            loaded = getattr(loaded, name)
    return loaded


def file_source(path: Path) -> Source:
    return Source(name=path.stem, distribution=FILE, version="", value=str(path))


def load_plugin_file(path: Path) -> ModuleType:
    """Import a one-off plugin file under a module name of its own, the same in every process. Its directory joins the
    end of ``sys.path``, so that it can import its neighbours.

    :raises PluginError: when there is no such file, or it cannot be imported.
    """
    resolved = path.resolve()
    try:
        is_there = resolved.is_file()
    except OSError as error:
        message = f"plugin file '{str(path)[:80]}' cannot be read: {error.strerror}"
        raise PluginError(Problem(code=PluginCode.NO_PLUGIN_FILE, message=message)) from error
    if not is_there:
        raise PluginError(Problem(code=PluginCode.NO_PLUGIN_FILE, message=f"plugin file '{path}' does not exist"))
    if resolved.suffix != ".py":
        raise PluginError(
            Problem(
                code=PluginCode.NO_PLUGIN_FILE,
                message=f"plugin file '{path}' is not a Python file",
                help="its name must end in .py",
            )
        )
    if str(resolved.parent) not in sys.path:
        sys.path.append(str(resolved.parent))
    name = _module_name(resolved)
    spec = importlib.util.spec_from_file_location(name, resolved)
    assert spec is not None and spec.loader is not None, "a path that ends in .py always has a loader"  # noqa: S101, PT018
    module = importlib.util.module_from_spec(spec)
    # Known before it runs, as for any import: attrs classes look their module up.
    sys.modules[name] = module
    try:
        with _guarded(file_source(path), root=str(resolved)):
            spec.loader.exec_module(module)
    except PluginError:
        del sys.modules[name]
        raise
    return module


def _module_name(path: Path) -> str:
    stem = "".join(letter if letter.isalnum() else "_" for letter in path.stem)
    return f"nni_plugin_file_{stem}_{zlib.crc32(bytes(path)):08x}"


@contextlib.contextmanager
def _guarded(source: Source, *, root: str) -> Iterator[None]:
    """Turn whatever the import of a plugin raises into a PluginError, and keep its prints out of our own output."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except ANYTHING as error:
        raise PluginError(
            Problem(
                code=PluginCode.ENTRY_POINT_FAILS,
                message=f"{source.title} cannot be imported: {blame(error, root)}",
            )
        ) from error


def check_plugin(source: Source, plugin: object, manager: pluggy.PluginManager) -> list[Problem]:
    """Everything that is wrong with a plugin as a whole: its API version, the names and the signatures of its hooks."""
    wrong_version = _check_version(source, plugin)
    if wrong_version:
        # Its hooks are those of another core: what else is wrong follows from that.
        return [wrong_version]
    return [problem for name in dir(plugin) for problem in _check_attribute(source, plugin, name, manager)]


def _check_version(source: Source, plugin: object) -> Problem | None:
    stated = getattr(plugin, "NNI_API_VERSION", API_VERSION)
    if stated == API_VERSION:
        return None
    return Problem(
        code=PluginCode.OTHER_API_VERSION,
        message=(
            f"{source.title} was made for plugin API version {stated!r}, and this nni-core has version {API_VERSION}"
        ),
        help=f"install a version of '{source.distribution}' for plugin API version {API_VERSION}",
    )


def _check_attribute(source: Source, plugin: object, name: str, manager: pluggy.PluginManager) -> Iterator[Problem]:
    options = manager.parse_hookimpl_opts(plugin, name)
    if options is None:
        yield from _check_unmarked(source, plugin, name)
        return
    hook_name = options.get("specname") or name
    specification = getattr(hookspecs, hook_name, None)
    if hook_name in hook_names():
        yield from _check_signature(source, hook_name, getattr(plugin, name), specification, options)
    elif not options.get("optionalhook"):
        suggestion = nearest(hook_name, hook_names())
        yield Problem(
            code=PluginCode.UNKNOWN_HOOK,
            message=f"{source.title} implements '{hook_name}', which is no hook of nni-core",
            help=f"did you mean '{suggestion}'?" if suggestion else f"hooks are {', '.join(hook_names())}",
        )


def hook_names() -> tuple[str, ...]:
    """Every hook of this nni-core."""
    return tuple(name for name in vars(hookspecs) if name.startswith("nni_"))


def _check_unmarked(source: Source, plugin: object, name: str) -> Iterator[Problem]:
    """A function with the name of a hook and no ``@hookimpl`` would never be called: the author forgot it."""
    if name not in hook_names():
        return
    function = inspect.getattr_static(plugin, name)
    own = inspect.isfunction(function) and function.__module__ != hookspecs.__name__
    if own:
        yield Problem(
            code=PluginCode.UNKNOWN_HOOK,
            message=f"{source.title} defines '{name}' without @hookimpl, so it is never called",
            help="write @nni_core.hookspecs.hookimpl above it",
        )


def _check_signature(
    source: Source, hook: str, function: Any, specification: Any, options: pluggy.HookimplOpts
) -> Iterator[Problem]:
    expected = inspect.signature(specification)
    shown = f"{hook}({', '.join(expected.parameters)})"
    complaint = _complaint(function, set(expected.parameters), options)
    if complaint:
        yield Problem(
            code=PluginCode.WRONG_SIGNATURE,
            message=f"hook '{hook}' of {source.title} {complaint}",
            help=f"expected: def {shown}; arguments that are not needed may be left out",
        )


def _complaint(function: Any, offered: set[str], options: pluggy.HookimplOpts) -> str:
    if options.get("hookwrapper") or options.get("wrapper"):
        return "is a wrapper, and each plugin is asked on its own"
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return "is asynchronous and must be a plain function"
    required = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind not in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
    ]
    for parameter in required:
        if parameter.name not in offered:
            return f"takes an argument '{parameter.name}', which is never given"
        if parameter.kind is parameter.KEYWORD_ONLY:
            return f"takes '{parameter.name}' by keyword only, and it is given by position"
    return ""
