"""Parameters as other libraries know them: there and back again."""

from __future__ import annotations

import random

import pytest

from nni_core.space import SearchSpace
from nni_core.space.foreign import Foreign, ForeignKind
from nni_core.testing.spaces import EVERYTHING

KINDS = {
    "choice": ForeignKind.CATEGORY,
    "randint": ForeignKind.WHOLE,
    "quniform": ForeignKind.WHOLE,
    "uniform": ForeignKind.FLOAT,
    "loguniform": ForeignKind.FLOAT,
    "qloguniform": ForeignKind.FLOAT,
    "normal": ForeignKind.FLOAT,
    "qlognormal": ForeignKind.FLOAT,
}


def test_every_value_has_its_own() -> None:
    """Inside what the library is told to search, and the same after the way back."""
    space = SearchSpace.parse(EVERYTHING)
    foreign = {parameter.key: Foreign(parameter) for parameter in space.parameters}
    assert len({one.label for one in foreign.values()}) == len(foreign)
    source = random.Random(5)
    for _ in range(200):
        internal = space.internal(space.sample(source))
        back = {}
        for key, value in internal.items():
            one = foreign[key]
            there = one.outward(value)
            if one.kind is ForeignKind.FLOAT:
                assert one.low <= there <= one.high
                assert one.low > 0 or not one.log
            else:
                assert there in range(one.size)
            back[key] = one.inward(there)
        encoded = space.encode(space.external(back))
        assert encoded == pytest.approx(space.encode(space.external(internal)), abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("type_", KINDS)
def test_a_type_is_searched_as_what_it_is(type_: str) -> None:
    values = {"choice": ["a", "b"], "randint": [0, 9], "quniform": [0, 1, 0.25], "qloguniform": [1, 64, 1]}
    ends = [1, 8, 1] if type_ == "qlognormal" else [1, 8]
    space = SearchSpace.parse({"p": {"_type": type_, "_value": values.get(type_, ends)}})
    one = Foreign(space.parameters[0])
    assert one.kind is KINDS[type_]
    if one.kind is ForeignKind.FLOAT:
        assert one.log == type_.endswith("loguniform")


def test_no_two_labels_are_the_same() -> None:
    """Whatever signs the names hold."""
    nested = [{"_name": "a", "b|c": {"_type": "uniform", "_value": [0, 1]}}]
    space = SearchSpace.parse({"x": {"_type": "choice", "_value": nested}, "'x'|0|'b|c'": nested_choice()})
    assert len({Foreign(parameter).label for parameter in space.parameters}) == 3


def nested_choice() -> dict[str, object]:
    return {"_type": "choice", "_value": [1, 2]}
