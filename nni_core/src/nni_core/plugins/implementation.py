"""Imports what a spec or a config points to, and says in the author's own terms why that failed."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs

from nni_core.api import Assessor, Tuner
from nni_core.errors import PluginError, Problem, nearest
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins.codes import PluginCode
from nni_core.plugins.entry import Spec
from nni_core.plugins.loading import ANYTHING
from nni_core.plugins.specs import is_arguments
from nni_core.plugins.traces import blame

BASES: dict[PluginKind, type[Tuner | Assessor]] = {PluginKind.TUNER: Tuner, PluginKind.ASSESSOR: Assessor}


def load_implementation(dotted: str) -> Any:
    """Import ``package.module:attribute``.

    :raises PluginError: when the module cannot be imported or has no such attribute.
    """
    module_name, _, attribute = dotted.partition(":")
    module = _import(
        module_name,
        root=module_name.partition(".")[0],
        what=f"implementation '{dotted}'",
        code=PluginCode.IMPLEMENTATION_FAILS,
    )
    found: Any = module
    for name in attribute.split("."):
        if not hasattr(found, name):
            raise PluginError(_missing(dotted, found, name, code=PluginCode.NO_SUCH_ATTRIBUTE))
        found = getattr(found, name)
    return found


def with_arguments(spec: Spec) -> Spec:
    """A spec with the class of its arguments, where it said only where that is.

    :raises PluginError: when the class cannot be imported, or is no attrs class.
    """
    written: object = getattr(spec, "arguments", None)
    if not isinstance(written, str):
        return spec
    found = load_implementation(written)
    if not is_arguments(found):
        message = f"arguments of '{spec.name}', '{written}', are no attrs class"
        help_ = "tell the author of the plugin"
        raise PluginError(Problem(code=PluginCode.NO_SUCH_ATTRIBUTE, message=message, help=help_))
    return attrs.evolve(spec, arguments=found)


def custom_class(class_name: str, code_directory: Path | None = None, *, kind: PluginKind | None = None) -> type[Any]:
    """The class that ``class_name: module.Class`` names, imported in this process with ``code_directory`` put first on
    ``sys.path`` for good: the class may import its neighbours later.

    ``kind`` is TUNER or ASSESSOR; without it either will do.

    :raises PluginError: when there is no such directory, module or class, or the class is neither.
    """
    module_name, _, attribute = class_name.rpartition(".")
    suggested = attribute if attribute.isidentifier() else "MyTuner"
    if not module_name or not all(part.isidentifier() for part in class_name.split(".")):
        raise PluginError(
            Problem(
                code=PluginCode.CLASS_WITHOUT_MODULE,
                message=f"class_name '{class_name}' does not name a module",
                help=f"for a class in my_module.py write my_module.{suggested}",
            )
        )
    if code_directory is not None:
        _enter(code_directory)
        _check_shadow(module_name.partition(".")[0], code_directory)
    root = str(code_directory.resolve()) if code_directory else module_name.partition(".")[0]
    module = _import(module_name, root=root, what=f"class_name '{class_name}'", code=PluginCode.CUSTOM_MODULE_FAILS)
    if not hasattr(module, attribute):
        raise PluginError(_missing(class_name, module, attribute, code=PluginCode.NO_SUCH_CLASS))
    return _checked(class_name, getattr(module, attribute), kind)


def _enter(directory: Path) -> None:
    if not directory.is_dir():
        found = "is not a directory" if directory.exists() else "does not exist"
        raise PluginError(Problem(code=PluginCode.NO_CODE_DIRECTORY, message=f"code_directory '{directory}' {found}"))
    resolved = str(directory.resolve())
    if resolved not in sys.path:
        sys.path.insert(0, resolved)
    # Files written since the directory was last listed would not be seen.
    importlib.invalidate_caches()


def _check_shadow(top: str, directory: Path) -> None:
    """Refuse a module whose name this process has given to another one already: that one would be imported."""
    loaded = sys.modules.get(top)
    mine = [path for path in (directory / f"{top}.py", directory / top) if path.exists()]
    if loaded is None or not mine:
        return
    home = getattr(loaded, "__file__", None) or next(iter(getattr(loaded, "__path__", [])), "built in")
    if not Path(home).is_relative_to(directory.resolve()):
        raise PluginError(
            Problem(
                code=PluginCode.CUSTOM_MODULE_FAILS,
                message=f"'{mine[0]}' cannot be imported: '{top}' is already the name of another module ({home})",
                help=f"rename '{mine[0].name}'",
            )
        )


def _import(module_name: str, *, root: str, what: str, code: PluginCode) -> ModuleType:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # A parent package that is missing is named by the error instead of the module itself.
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise PluginError(
                Problem(code=code, message=f"{what}: there is no module '{error.name}'", help=_where(root))
            ) from error
        raise PluginError(Problem(code=code, message=f"{what} cannot be imported: {blame(error, root)}")) from error
    except ANYTHING as error:
        raise PluginError(Problem(code=code, message=f"{what} cannot be imported: {blame(error, root)}")) from error


def _where(root: str) -> str:
    directory = Path(root)
    if not directory.is_absolute():
        return ""
    modules = sorted(path.stem for path in directory.glob("*.py"))
    return f"modules in {directory}: {', '.join(modules) or 'none'}"


def _missing(dotted: str, owner: Any, name: str, *, code: PluginCode) -> Problem:
    public = [known for known in dir(owner) if not known.startswith("_")]
    suggestion = nearest(name, public)
    classes = [known for known in public if inspect.isclass(getattr(owner, known, None))]
    help_text = (
        f"did you mean '{suggestion}'?" if suggestion else f"it has the classes {', '.join(classes) or '(none)'}"
    )
    owner_name = getattr(owner, "__name__", type(owner).__name__)
    file = getattr(owner, "__file__", None)
    shown = f"'{owner_name}' ({file})" if file else f"'{owner_name}'"
    return Problem(code=code, message=f"'{dotted}': {shown} has no '{name}'", help=help_text)


def _checked(class_name: str, found: object, kind: PluginKind | None) -> type[Any]:
    wanted = tuple(BASES.values()) if kind is None else (BASES[kind],)
    names = " or ".join(f"nni_core.api.{base.__name__}" for base in wanted)
    if not isinstance(found, type):
        message = f"'{class_name}' is not a class but a {type(found).__name__}"
        raise PluginError(
            Problem(code=PluginCode.WRONG_BASE_CLASS, message=message, help=f"name a subclass of {names}")
        )
    if not issubclass(found, wanted):
        message = f"class '{class_name}' does not subclass {names}"
        raise PluginError(
            Problem(
                code=PluginCode.WRONG_BASE_CLASS, message=message, help=f"write: class {found.__name__}({_base(kind)})"
            )
        )
    missing = sorted(getattr(found, "__abstractmethods__", ()))
    if missing:
        message = f"class '{class_name}' does not define {', '.join(missing)}"
        raise PluginError(Problem(code=PluginCode.WRONG_BASE_CLASS, message=message, help=f"{names} documents them"))
    return found


def _base(kind: PluginKind | None) -> str:
    return "nni.assessor.Assessor" if kind is PluginKind.ASSESSOR else "nni.tuner.Tuner"
