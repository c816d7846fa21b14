"""Search spaces to test tuners with: one for each type of parameter, a nested one, and one of everything."""

from __future__ import annotations

from collections.abc import Mapping

from nni_core.model import Json

Space = Mapping[str, Json]


def _of(type_: str, *value: Json) -> dict[str, Json]:
    return {"_type": type_, "_value": list(value)}


NESTED: Space = {
    "network": _of(
        "choice",
        {"_name": "linear"},
        {"_name": "mlp", "width": _of("randint", 8, 512), "dropout": _of("uniform", 0.0, 0.7)},
        {"_name": "cnn", "kernel": _of("choice", 3, 5, 7), "head": _of("choice", {"_name": "max"}, {"_name": "mean"})},
    )
}

#: by type of parameter, and ``nested`` for a choice whose candidates have parameters of their own
SPACES: Mapping[str, Space] = {
    "choice": {"x": _of("choice", "relu", 3, 0.5, True, None)},
    "randint": {"x": _of("randint", -5, 1000)},
    "uniform": {"x": _of("uniform", -1.0, 4.0)},
    "quniform": {"x": _of("quniform", 0, 10, 2.5)},
    "loguniform": {"x": _of("loguniform", 1e-6, 1.0)},
    "qloguniform": {"x": _of("qloguniform", 1, 1024, 3)},
    "normal": {"x": _of("normal", 10.0, 2.0)},
    "qnormal": {"x": _of("qnormal", 0.0, 10.0, 0.5)},
    "lognormal": {"x": _of("lognormal", 0.0, 1.0)},
    "qlognormal": {"x": _of("qlognormal", 1.0, 1.0, 0.25)},
    "nested": NESTED,
}

EVERYTHING: Space = {
    **{name: specification for name, space in SPACES.items() if name != "nested" for specification in space.values()},
    **NESTED,
}

#: twelve points
FINITE: Space = {"a": _of("choice", "x", "y", "z"), "b": _of("randint", 0, 4)}
