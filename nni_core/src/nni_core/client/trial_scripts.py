"""Trial scripts in a directory, found by what they call, and what they say of their parameters. Nothing is run."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

#: how NNI's name reads in the code of a trial
_CALL = "get_next_parameter"
_SKIPPED = frozenset({"node_modules", "site-packages", "build", "dist", "venv", "env", "tests", "nni-experiments"})
_DEEPEST = 3
#: more files than this are looked at in no directory
_MOST_FILES = 2_000
#: a script beyond this is data
_LARGEST = 1_000_000


@frozen(kw_only=True)
class TrialScript:
    """A script that asks for parameters."""

    #: relative to the directory that was searched
    path: Path
    #: names of the hyper-parameters that it reads, with the default that it gives them; None: it gives none
    parameters: Mapping[str, Any] = field(factory=dict)


def find_scripts(directory: Path) -> Sequence[TrialScript]:
    """The scripts in a directory that call ``nni.get_next_parameter``, those that lie highest first."""
    found = [script for path in _python_files(directory) if (script := _script(path, directory))]
    return sorted(found, key=lambda script: (len(script.path.parts), script.path))


def _python_files(directory: Path) -> Iterator[Path]:
    count = 0
    for folder, folders, names in os.walk(directory):
        depth = len(Path(folder).relative_to(directory).parts)
        folders[:] = [name for name in folders if depth + 1 < _DEEPEST and not name.startswith(".")]
        folders[:] = sorted(name for name in folders if name not in _SKIPPED)
        for name in sorted(names):
            if name.endswith(".py"):
                yield Path(folder, name)
                count += 1
        if count > _MOST_FILES:
            return


def _script(path: Path, directory: Path) -> TrialScript | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        text = path.read_text(encoding="utf-8")
        if _CALL not in text:
            return None
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):
        return None
    if not any(_asks(node) for node in ast.walk(tree)):
        return None
    return TrialScript(path=path.relative_to(directory), parameters=_parameters(tree))


def _asks(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (isinstance(called, ast.Attribute) and called.attr == _CALL) or (
        isinstance(called, ast.Name) and called.id == _CALL
    )


def _parameters(tree: ast.Module) -> dict[str, Any]:
    """Keys that are read from what was asked for, and the literals that stand for them when the script runs alone."""
    holders = {name for node in ast.walk(tree) for name in _holders(node)}
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        for name, default in _keys(node, holders):
            if found.get(name) is None:
                found[name] = default
    return found


def _holders(node: ast.AST) -> Iterator[str]:
    """Variables that hold the parameters: ``params = nni.get_next_parameter()``, ``params.update(nni.…)``."""
    if isinstance(node, ast.Assign) and any(_asks(inner) for inner in ast.walk(node.value)):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "update"
        and isinstance(node.func.value, ast.Name)
        and any(_asks(argument) for argument in node.args)
    ):
        yield node.func.value.id


def _keys(node: ast.AST, holders: set[str]) -> Iterator[tuple[str, Any]]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict(keys=keys, values=values)) if name in holders:
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, _literal(value)
        case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str(key))) if name in holders:
            yield key, None
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[ast.Constant(value=str(key)), *rest]
        ) if name in holders:
            yield key, _literal(rest[0]) if rest else None
        case _:
            return


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None
