"""Names and random points of a search space, for tuners that mutate one parameter at a time as NNI's Evolution does.

Every parameter has a name that says where it is and of what type, ``root[conv]-choice``, and a chosen value of a
``choice`` is kept with its index, which :func:`nni.utils.split_index` takes away again.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from nni import parameter_expressions

__all__ = ["NodeType", "json2parameter", "json2space"]


class NodeType:
    """Keys of a search space and of parameters with indices."""

    ROOT = "root"
    TYPE = "_type"
    VALUE = "_value"
    INDEX = "_index"
    NAME = "_name"


def json2space(x: Any, oldy: Any = None, name: str = NodeType.ROOT) -> list[str]:
    """The names of a space's parameters, those of nested ones before their parent's. With ``oldy``, parameters with
    indices, only of the branches that were chosen there.

    :raises RuntimeError: when a branch has no ``_name``.
    """
    return list(_names(x, oldy, name))


def _names(space: Any, old: Any, name: str) -> Iterator[str]:
    if isinstance(space, Mapping) and NodeType.TYPE in space:
        own = f"{name}-{space[NodeType.TYPE]}"
        if space[NodeType.TYPE] == "choice":
            candidates = space[NodeType.VALUE]
            if old is None:
                yield from _names(candidates, None, own)
            else:
                index = old[NodeType.INDEX]
                yield from _names(candidates[index], old[NodeType.VALUE], f"{own}[{index}]")
        yield own
    else:
        for key, item in _children(space):
            yield from _names(item, old[key] if old else None, f"{name}[{key}]")


def json2parameter(
    x: Any,
    is_rand: Mapping[str, bool],
    random_state: Any,
    oldy: Any = None,
    Rand: bool = False,  # noqa: N803 - NNI's name
    name: str = NodeType.ROOT,
) -> Any:
    """Parameters with indices. Those whose names ``is_rand`` has True for, and what is nested in them, are drawn from
    ``random_state``, a ``numpy.random.RandomState``; the others are taken from ``oldy``.

    :raises RuntimeError: when a branch has no ``_name``.
    """
    if isinstance(x, Mapping) and NodeType.TYPE in x:
        own = f"{name}-{x[NodeType.TYPE]}"
        if not (Rand or is_rand[own]):
            return copy.deepcopy(oldy)
        return _drawn(x[NodeType.TYPE], x[NodeType.VALUE], is_rand, random_state, own)
    if not isinstance(x, Mapping | list):
        return copy.deepcopy(x)
    inner = {
        key: json2parameter(item, is_rand, random_state, oldy[key] if oldy else None, Rand, f"{name}[{key}]")
        for key, item in _children(x)
    }
    return inner if isinstance(x, Mapping) else list(inner.values())


def _drawn(type_: str, value: list[Any], is_rand: Mapping[str, bool], random_state: Any, name: str) -> Any:
    if type_ != "choice":
        return getattr(parameter_expressions, type_)(*value, random_state)
    index = random_state.randint(len(value))
    chosen = json2parameter(value[index], is_rand, random_state, None, True, f"{name}[{index}]")
    return {NodeType.INDEX: index, NodeType.VALUE: chosen}


def _children(node: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, Mapping):
        yield from node.items()
    elif isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, Mapping) and NodeType.NAME not in item:
                raise RuntimeError(f"candidate {index} of a nested choice has no '_name': {item!r}")
            yield index, item
