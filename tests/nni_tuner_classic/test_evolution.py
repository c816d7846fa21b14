"""Evolution: the population, its children, and never waiting."""

from __future__ import annotations

from typing import Any

import pytest

from nni_core.space import SearchSpace
from nni_tuner_classic.evolution import EvolutionTuner

NESTED = [{"_name": "a", "k": {"_type": "uniform", "_value": [0, 1]}}, {"_name": "b"}]
SPACE = {
    "x": {"_type": "uniform", "_value": [0, 1]},
    "y": {"_type": "uniform", "_value": [0, 1]},
    "net": {"_type": "choice", "_value": NESTED},
}


def evolution(size: int = 4, mode: str = "maximize", seed: int = 1) -> EvolutionTuner:
    """A tuner at the beginning."""
    tuner = EvolutionTuner(optimize_mode=mode, population_size=size, seed=seed)
    tuner.update_search_space(SPACE)
    return tuner


def run(tuner: EvolutionTuner, count: int, score: Any) -> list[Any]:
    """One trial after the other."""
    tried = []
    for number in range(count):
        parameters = tuner.generate_parameters(number)
        tried.append(parameters)
        tuner.receive_trial_result(number, parameters, score(parameters))
        tuner.trial_end(number, True)
    return tried


def differences(one: Any, other: Any) -> int:
    """How many of the top-level parameters differ."""
    return sum(one[name] != other[name] for name in one)


def test_a_child_differs_from_somebody_in_one_place() -> None:
    """From the fifth trial on, with a population of four; it may be what somebody was before."""
    tried = run(evolution(), 40, lambda one: one["x"])
    for place, child in enumerate(tried[4:], 4):
        assert min(differences(child, parent) for parent in tried[:place]) <= 1


@pytest.mark.parametrize("mode", ["maximize", "minimize"])
def test_it_gets_better(mode: str) -> None:
    """In either direction."""
    tried = run(evolution(8, mode), 120, lambda one: one["x"])
    late = [one["x"] for one in tried[-20:]]
    middle = sum(late) / len(late)
    assert middle > 0.65 if mode == "maximize" else middle < 0.35


def test_it_never_waits() -> None:
    """However many trials run, and whatever becomes of them."""
    tuner = evolution(2)
    first = [tuner.generate_parameters(number) for number in range(20)]
    for number in range(20):
        tuner.trial_end(number, False)
    space = SearchSpace.parse(SPACE)
    assert all(space.contains(one) is None for one in first)
    assert space.contains(tuner.generate_parameters(20)) is None


def test_imported_results_are_part_of_the_population() -> None:
    """And fewer random ones are needed."""
    tuner = evolution(2)
    known = [{"x": 0.1, "y": 0.2, "net": {"_name": "b"}}, {"x": 0.9, "y": 0.2, "net": {"_name": "b"}}]
    tuner.import_data([{"parameter": one, "value": one["x"]} for one in known])
    assert differences(tuner.generate_parameters(0), known[1]) == 1


def test_a_population_survives_a_wider_space() -> None:
    """Those that lie in the new one."""
    tuner = evolution(2)
    run(tuner, 2, lambda one: one["x"])
    tuner.update_search_space({**SPACE, "x": {"_type": "uniform", "_value": [0, 2]}})
    assert len(tuner._population) == 2
    tuner.update_search_space({**SPACE, "x": {"_type": "uniform", "_value": [5, 6]}})
    assert not tuner._population
