"""Types of hyper-parameters, each with what the search space itself says about a small example of it."""

from __future__ import annotations

import random
from collections.abc import Mapping

from generators.markdown import code, page, table
from nni_core.space import ParameterType, SearchSpace

#: what each type draws, and an example of its ``_value``
MEANINGS: Mapping[ParameterType, tuple[str, str]] = {
    ParameterType.CHOICE: (
        "One of the listed values, all equally likely. A value that is a mapping with `_name` opens a nested space.",
        "[linear, rbf, poly]",
    ),
    ParameterType.RANDINT: ("A whole number; the upper bound is not included.", "[1, 10]"),
    ParameterType.UNIFORM: ("A number, all equally likely.", "[0.0, 1.0]"),
    ParameterType.QUNIFORM: (
        "As `uniform`, rounded to a multiple of q and kept within the bounds.",
        "[0.0, 1.0, 0.25]",
    ),
    ParameterType.LOGUNIFORM: ("A number whose logarithm is uniform. Bounds above 0.", "[0.0001, 0.1]"),
    ParameterType.QLOGUNIFORM: (
        "As `loguniform`, rounded to a multiple of q and kept within the bounds.",
        "[1.0, 1000.0, 1.0]",
    ),
    ParameterType.NORMAL: ("A number from a normal distribution; no bounds.", "[0.0, 1.0]"),
    ParameterType.QNORMAL: ("As `normal`, rounded to a multiple of q.", "[10.0, 3.0, 1.0]"),
    ParameterType.LOGNORMAL: ("A number whose logarithm is normal: mu and sigma are the logarithm's.", "[0.0, 1.0]"),
    ParameterType.QLOGNORMAL: ("As `lognormal`, rounded to a multiple of q.", "[2.0, 1.0, 1.0]"),
}


def space_types_page() -> str:
    """The ten types with the shape of their ``_value``."""
    rows = [(code(kind.value), code(kind.shape), MEANINGS[kind][0], _example(kind)) for kind in ParameterType]
    return page(
        "# Types of hyper-parameters",
        "How a space is written, nested and counted is in [the search space](../search_space.md).",
        table(["`_type`", "`_value`", "what is drawn", "example, and three draws from it"], rows),
    )


def _example(kind: ParameterType) -> str:
    written = MEANINGS[kind][1]
    values = [_plain(word) for word in written.strip("[]").split(", ")]
    space = SearchSpace.parse({"x": {"_type": kind.value, "_value": values}})
    source = random.Random(1)  # noqa: S311 - no secret
    drawn = [space.sample(source)["x"] for _ in range(3)]
    shown = ", ".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in drawn)
    return f"{code(written)}: {shown}"


def _plain(word: str) -> str | int | float:
    try:
        return float(word) if "." in word else int(word)
    except ValueError:
        return word
