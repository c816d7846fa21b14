"""A search space in NNI's words, and its points without the nesting. NNI 3.0 reads it, and so do we."""

from __future__ import annotations

from typing import Any


def search_space(space: list[dict[str, Any]], *, whole_numbers: str) -> dict[str, Any]:
    """A parameter that depends on another is nested in each candidate with which it is there.

    ``whole_numbers`` names the type of the whole numbers without a logarithm: ``randint`` or ``quniform``.
    """
    nested: dict[str, list[dict[str, Any]]] = {}
    for parameter in space:
        if parameter["parent"] is not None:
            nested.setdefault(parameter["parent"], []).append(parameter)

    def of(parameter: dict[str, Any]) -> dict[str, Any]:
        if parameter["kind"] == "choice":
            children = nested.get(parameter["name"])
            if children is None:
                return {"_type": "choice", "_value": list(parameter["choices"])}
            candidates = [
                {"_name": value, **{one["name"]: of(one) for one in children if value in one["parent_values"]}}
                for value in parameter["choices"]
            ]
            return {"_type": "choice", "_value": candidates}
        bounds = [parameter["low"], parameter["high"]]
        if parameter["kind"] == "float":
            return {"_type": "loguniform" if parameter["log"] else "uniform", "_value": bounds}
        if parameter["log"]:
            return {"_type": "qloguniform", "_value": [*bounds, 1]}
        if whole_numbers == "randint":
            return {"_type": "randint", "_value": [parameter["low"], parameter["high"] + 1]}
        return {"_type": "quniform", "_value": [*bounds, 1]}

    return {parameter["name"]: of(parameter) for parameter in space if parameter["parent"] is None}


def flat(space: list[dict[str, Any]], parameters: dict[str, Any]) -> dict[str, Any]:
    """The values by the names of the space."""
    whole = {parameter["name"] for parameter in space if parameter["kind"] == "int"}
    point: dict[str, Any] = {}
    for name, value in parameters.items():
        if isinstance(value, dict):
            point[name] = value["_name"]
            point.update({inner: one for inner, one in value.items() if inner != "_name"})
        else:
            point[name] = value
    return {name: int(value) if name in whole else value for name, value in point.items()}
