"""The ten types: NNI's formulas, counts, and the forms that tuners compute with."""

from __future__ import annotations

import math
import subprocess
import sys
from random import Random
from typing import Any

import pytest

from nni_core.space import Choice, Integers, Normal, Numeric, ParameterType, Scale, SearchSpace, Uniform


def one(kind: str, *values: Any) -> SearchSpace:
    """A space of one parameter ``x``."""
    return SearchSpace.parse({"x": {"_type": kind, "_value": list(values)}})


MIXED: dict[str, Any] = {
    "u": {"_type": "uniform", "_value": [-5, 5]},
    "qu": {"_type": "quniform", "_value": [2, 10, 5]},
    "lu": {"_type": "loguniform", "_value": [0.0001, 0.1]},
    "qlu": {"_type": "qloguniform", "_value": [1, 100, 3]},
    "n": {"_type": "normal", "_value": [0, 1]},
    "qn": {"_type": "qnormal", "_value": [0, 10, 2]},
    "ln": {"_type": "lognormal", "_value": [0, 1]},
    "qln": {"_type": "qlognormal", "_value": [2, 1, 0.5]},
    "c": {"_type": "choice", "_value": ["a", "b", "c"]},
    "r": {"_type": "randint", "_value": [-2, 3]},
    "nest": {
        "_type": "choice",
        "_value": [{"_name": "A", "k": {"_type": "uniform", "_value": [0, 1]}}, {"_name": "B"}],
    },
}
#: what NNI 3.0 itself drew from this space
FROM_NNI: list[dict[str, Any]] = [
    {"u": 2.7395604855596334, "qu": 5.0, "lu": 0.03765249501831187, "qlu": 24.0, "n": -1.9510351886538364, "qn": -14.0,
     "ln": 1.136371626911503, "qln": 5.5, "c": "b", "r": -2, "nest": {"_name": "B"}},
    {"u": 1.8304895324245463, "qu": 10.0, "lu": 0.07989676538770213, "qlu": 3.0, "n": -0.8137727282478777, "qn": 6.0,
     "ln": 3.092476705634756, "qln": 6.5, "c": "a", "r": 1, "nest": {"_name": "A", "k": 0.2269093490508841}},
    {"u": -0.9147135627536382, "qu": 10.0, "lu": 0.0005032901810421671, "qlu": 1.0, "n": 0.49716074405376404,
     "qn": 2.0, "ln": 1.9946834260534705, "qln": 5.0, "c": "b", "r": 0, "nest": {"_name": "B"}},
]  # fmt: skip


@pytest.mark.parametrize("parameters", FROM_NNI)
def test_what_nni_draws_is_a_member_as_it_stands(parameters: dict[str, Any]) -> None:
    """External forms are NNI's own, value and type."""
    space = SearchSpace.parse(MIXED)
    assert space.contains(parameters) is None
    assert repr(space.normalised(parameters)) == repr(parameters)
    back = space.external(space.internal(parameters))
    assert space.internal(back) == pytest.approx(space.internal(parameters), rel=1e-14)


def test_keys_and_internal_values_are_those_of_nni() -> None:
    """A flat mapping: indices for choices, offsets for whole numbers, logarithms for logarithmic scales."""
    internal = SearchSpace.parse(MIXED).internal(FROM_NNI[1])
    assert internal["nest",] == 0
    assert internal["nest", 0, "k"] == 0.2269093490508841
    assert (internal["c",], internal["r",], internal["qu",]) == (0, 3, 10.0)
    assert internal["lu",] == math.log(0.07989676538770213)
    assert list(internal)[-2:] == [("nest",), ("nest", 0, "k")]


@pytest.mark.parametrize(
    ("kind", "values", "internal", "external"),
    [
        ("choice", ["a", None], 1, None),
        ("randint", [-2, 3], 4, 2),
        ("uniform", [0, 1], 0.25, 0.25),
        ("uniform", [0, 1], 1.5, 1.0),
        ("quniform", [2, 10, 5], 3.0, 5.0),
        ("quniform", [2, 10, 5], 2.4, 2.0),
        ("quniform", [2, 10, 5], 8.0, 10.0),
        ("quniform", [0, 10, 1], 2.5, 2.0),
        ("quniform", [0, 10, 1], 3.5, 4.0),
        ("loguniform", [0.001, 1], math.log(0.01), math.exp(math.log(0.01))),
        ("loguniform", [0.001, 1], -100, 0.001),
        ("qloguniform", [1, 100, 3], math.log(50), 51.0),
        ("qloguniform", [1, 100, 3], 0.0, 1.0),
        ("normal", [0, 1], -7.5, -7.5),
        ("normal", [0, 1], math.inf, sys.float_info.max),
        ("qnormal", [0, 10, 2], -13.2, -14.0),
        ("lognormal", [0, 1], 2.0, math.exp(2.0)),
        ("lognormal", [0, 1], 10_000.0, sys.float_info.max),
        ("qlognormal", [2, 1, 0.5], math.log(0.2), 0.0),
        ("qlognormal", [2, 1, 0.5], math.log(6.7), 6.5),
    ],
)
def test_external_values_follow_nnis_formulas(kind: str, values: list[Any], internal: float, external: Any) -> None:
    """Rounded to q with halves to even, clipped to the bounds; beyond a bound, the bound."""
    found = one(kind, *values).external({("x",): internal})["x"]
    assert (found, type(found)) == (external, type(external))


@pytest.mark.parametrize(
    ("kind", "values", "members"),
    [
        ("quniform", [2, 10, 5], [2.0, 5.0, 10.0]),
        ("quniform", [0, 7, 5], [0.0, 5.0]),
        ("quniform", [0, 7.5, 5], [0.0, 5.0, 7.5]),
        ("quniform", [2.6, 11, 5], [5.0, 10.0]),
        ("quniform", [-1, 1, 1], [-1.0, 0.0, 1.0]),
        ("qloguniform", [0.3, 3, 1], [0.3, 1.0, 2.0, 3.0]),
        ("qloguniform", [1, 7.5, 5], [1.0, 5.0, 7.5]),
        ("randint", [-1, 2], [-1, 0, 1]),
        ("choice", [[1], {"a": 2}, 1, True], [[1], {"a": 2}, 1, True]),
    ],
)
def test_finite_types_are_counted_and_listed(kind: str, values: list[Any], members: list[Any]) -> None:
    """Rounded types with bounds are finite too, and each member survives every form."""
    space = one(kind, *values)
    assert space.size == len(members)
    assert repr([parameters["x"] for parameters in space.enumerate()]) == repr(members)
    for rank, member in enumerate(members):
        assert space.rank({"x": member}) == rank
        assert space.decode(space.encode({"x": member})) == {"x": member}
        assert space.external(space.internal({"x": member})) == {"x": member}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("uniform", [0, 1]),
        ("loguniform", [1, 2]),
        ("normal", [0, 1]),
        ("qnormal", [0, 1, 1]),
        ("qlognormal", [0, 1, 1]),
    ],
)
def test_the_others_are_endless(kind: str, values: list[float]) -> None:
    """They have no size, and asking for a list of members says why."""
    space = one(kind, *values)
    assert space.size is None
    with pytest.raises(ValueError, match="the search space is endless"):
        space.enumerate()


def test_nested_spaces_are_counted_by_what_is_active() -> None:
    """A candidate counts as often as its own parameters have combinations."""
    inner = {"_type": "choice", "_value": [{"_name": "p", "d": {"_type": "randint", "_value": [0, 4]}}, {"_name": "q"}]}
    space = SearchSpace.parse(
        {
            "a": {"_type": "choice", "_value": [{"_name": "m", "b": inner, "c": inner}, {"_name": "n"}]},
            "e": {"_type": "randint", "_value": [0, 2]},
        }
    )
    assert space.size == (5 * 5 + 1) * 2
    assert [parameter.key for parameter in space.parameters][:3] == [("a",), ("a", 0, "b"), ("a", 0, "b", 0, "d")]
    assert space.at(0) == {"a": {"_name": "m", "b": {"_name": "p", "d": 0}, "c": {"_name": "p", "d": 0}}, "e": 0}
    assert space.at(51) == {"a": {"_name": "n"}, "e": 1}
    with pytest.raises(ValueError, match="no position 52"):
        space.at(52)


def test_a_space_too_large_to_list_is_still_counted() -> None:
    """Sizes are exact whole numbers of any length, and any position can be asked for."""
    space = SearchSpace.parse({f"x{index}": {"_type": "randint", "_value": [0, 1000]} for index in range(100)})
    assert space.size == 1000**100
    assert set(space.at(1000**100 - 1).values()) == {999}


def test_vectors_have_one_entry_a_parameter() -> None:
    """Bounded types lie in the unit interval, normal ones in deviations; inactive ones are NaN."""
    space = SearchSpace.parse(MIXED)
    vector = space.encode(FROM_NNI[0])
    assert len(vector) == len(space.parameters) == 12
    assert vector[0] == pytest.approx(0.77395604855596334)
    assert vector[4:6] == pytest.approx([-1.9510351886538364, -1.4])
    assert vector[8:11] == [1.0, pytest.approx(0.1), 1.0]
    assert math.isnan(vector[11])
    assert space.decode([0.0] * 12)["lu"] == 0.0001
    assert space.decode([9.0] * 12)["nest"] == {"_name": "B"}


def test_vectors_that_say_nothing_are_refused() -> None:
    """A wrong length and NaN for an active parameter are errors."""
    for kind, values in [("choice", [1, 2]), ("randint", [0, 3]), ("uniform", [0, 1]), ("normal", [0, 1])]:
        with pytest.raises(ValueError, match=r"NaN|nan"):
            one(kind, *values).decode([math.nan])
    with pytest.raises(ValueError, match="shorter"):
        one("uniform", 0, 1).decode([])
    with pytest.raises(ValueError, match="no index from 0 to 1"):
        one("choice", 1, 2).external({("x",): 2})


def test_parameters_tell_tuners_their_shape() -> None:
    """Distribution, scale and step are separate; a nested choice knows its branches."""
    by_name = {parameter.name: parameter for parameter in SearchSpace.parse(MIXED).parameters}
    log = by_name["qlu"].domain
    assert isinstance(log, Numeric)
    assert (log.scale, log.q, log.low, log.high) == (Scale.LOG, 3.0, 1.0, 100.0)
    assert log.distribution == Uniform(low=0.0, high=math.log(100))
    normal = by_name["qln"].domain
    assert isinstance(normal, Numeric)
    assert (normal.distribution, normal.scale, normal.q) == (Normal(mu=2.0, sigma=1.0), Scale.LOG, 0.5)
    assert by_name["r"].domain == Integers(low=-2, high=3)
    assert by_name["nest"].domain == Choice(values=("A", "B"))
    assert by_name["nest"].branches == ((by_name["k"],), ())
    assert by_name["k"].is_active_in({("nest",): 0})
    assert not by_name["k"].is_active_in({("nest",): 1})
    assert by_name["lu"].type is ParameterType.LOGUNIFORM


def test_draws_repeat_for_a_seed_and_fill_the_range() -> None:
    """One seed, one sequence; logarithmic draws are even in the logarithm; bell curves have their mean and width."""
    space = SearchSpace.parse(MIXED)
    assert [space.sample(Random(5)) for _ in range(2)] == [space.sample(Random(5))] * 2
    random = Random(1)
    drawn = [space.sample(random) for _ in range(2000)]
    below = sum(parameters["lu"] < math.sqrt(0.0001 * 0.1) for parameters in drawn)
    assert 900 < below < 1100
    assert abs(sum(parameters["n"] for parameters in drawn)) / 2000 < 0.1
    assert 8.5 < math.sqrt(sum(parameters["qn"] ** 2 for parameters in drawn) / 2000) < 11.5
    assert {parameters["r"] for parameters in drawn} == {-2, -1, 0, 1, 2}


def test_the_room_needs_no_numpy() -> None:
    """Importing it brings nothing heavy."""
    script = "import sys, nni_core.space; sys.exit(any(name in sys.modules for name in ('numpy', 'yaml', 'asyncio')))"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
