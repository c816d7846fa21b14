"""Tuners on made-up trials."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from nni_core.analysis import Result
from nni_core.analysis.surface import LearntSurface, SyntheticSurface
from nni_core.api import NoMoreTrialError
from nni_core.cli.main import run
from nni_core.client.simulating import Plan, _InTurn, simulate
from nni_core.client.study import Suggestion
from nni_core.errors import ConflictError
from nni_core.model import Direction
from nni_core.space import SearchSpace
from nni_core.testing.spaces import SPACES

SPACE: dict[str, Any] = {
    "x": {"_type": "uniform", "_value": [0, 1]},
    "y": {"_type": "loguniform", "_value": [1e-3, 1]},
    "c": {"_type": "choice", "_value": ["a", "b"]},
}
PARSED = SearchSpace.parse(SPACE)


def plan(**changed: Any) -> Plan:
    """Three repetitions of TPE and Random."""
    standard: dict[str, Any] = {
        "search_space": SPACE,
        "direction": Direction.MINIMIZE,
        "tuners": {"Random": {}, "TPE": {"optimize_mode": "minimize"}},
        "surface": lambda seed: SyntheticSurface(PARSED, seed),
        "trials": 40,
        "concurrency": 2,
        "repeats": 3,
        "seed": 1,
    }
    return Plan(**{**standard, **changed})


def test_who_learns_is_ahead_of_chance() -> None:
    """With ranks, regrets that only fall, and the cost of a trial; the same for the same seed."""
    standings = simulate(plan())
    assert [one.tuner for one in standings] == ["TPE", "Random"]
    assert sum(one.rank for one in standings) == pytest.approx(3)
    for one in standings:
        medians = [regret.median for regret in one.regrets]
        assert medians == sorted(medians, reverse=True)
        assert all(0 <= regret.low <= regret.median <= regret.high for regret in one.regrets)
        assert [regret.trials for regret in one.regrets] == [10, 20, 40]
    again = simulate(plan())
    assert [(one.tuner, one.regrets) for one in again] == [(one.tuner, one.regrets) for one in standings]


def test_a_space_that_is_gone_through_ends_a_run() -> None:
    """What was found then counts for the rest."""
    coin = {"side": {"_type": "choice", "_value": ["heads", "tails"]}}
    parsed = SearchSpace.parse(coin)
    standings = simulate(
        plan(search_space=coin, surface=lambda seed: SyntheticSurface(parsed, seed), tuners={"Random": {}})
    )
    assert standings[0].regrets[-1].high == 0


@pytest.mark.parametrize("name", ["TPE", "Random"])
def test_turns_make_concurrency_no_matter(name: str) -> None:
    """With a lag, the tuner is told the same at any number of trials at a time up to it; without, it is not."""

    def tried(concurrency: int, lag: int | None) -> set[str]:
        seen: set[str] = set()

        class Seen(SyntheticSurface):
            def result(self, parameters: Any) -> float:
                seen.add(json.dumps(parameters))
                return super().result(parameters)

        given = {"optimize_mode": "minimize", **({"tpe_args": {"n_startup_jobs": 5}} if name == "TPE" else {})}
        made = plan(tuners={name: given}, surface=lambda seed: Seen(PARSED, seed), repeats=1)
        simulate(evolve(made, concurrency=concurrency, lag=lag))
        return seen

    assert tried(1, 4) == tried(3, 4) == tried(4, 4)
    if name == "TPE":
        assert tried(1, None) != tried(4, None)


class InFours:
    """Works on four trials at a time, and says that it has nothing as long as they run. Keeps what it is called for."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self._running = 0
        self._asked = 0

    def ask(self) -> Suggestion:
        self.calls.append("ask")
        if self._running == 4:
            raise NoMoreTrialError("four are running")
        self._running += 1
        self._asked += 1
        return Suggestion(id=self._asked, parameters={})

    def tell(self, suggestion: Suggestion, value: float) -> None:
        self.calls.append(f"tell {suggestion.id}")
        self._running -= 4 if suggestion.id % 4 == 0 else 0


def test_who_has_nothing_to_suggest_is_asked_again_with_each_end() -> None:
    """And not more often: the calls are the same whichever trials end first."""

    def calls(ends_first: Callable[[list[int]], int]) -> list[str]:
        study, running = InFours(), {}
        tuner = _InTurn(study, 8)  # type: ignore[arg-type] # it has the two calls that are made of a study
        for _ in range(200):
            try:
                asked = tuner.ask()
            except NoMoreTrialError:
                asked = None
            if asked is not None and asked[0] < 16:
                running[asked[0]] = asked[1]
            elif running:
                ended = ends_first(sorted(running))
                tuner.end(ended, running.pop(ended), 0.0)
            else:
                break
        return study.calls

    assert calls(min) == calls(max) == calls(lambda running: running[len(running) // 2])
    assert "tell 16" in calls(min)


def test_a_space_that_is_gone_through_in_turns_ends_a_run() -> None:
    """The tuner is asked once more with each end that it was not told."""
    coin = {"side": {"_type": "choice", "_value": ["heads", "tails"]}}
    parsed = SearchSpace.parse(coin)
    made = plan(search_space=coin, surface=lambda seed: SyntheticSurface(parsed, seed), tuners={"Random": {}})
    assert simulate(evolve(made, lag=8))[0].regrets[-1].high == 0


def test_constraints_and_initial_points_are_kept() -> None:
    """Nothing is tried that an experiment would not try, and first comes what comes first."""
    seen: list[Any] = []

    class Seen(SyntheticSurface):
        def duration(self, parameters: Any, random: random.Random) -> float:
            seen.append(parameters)
            return super().duration(parameters, random)

    point = {"x": 0.25, "y": 0.5, "c": "b"}
    made = plan(surface=lambda seed: Seen(PARSED, seed), repeats=1, tuners={"Random": {}})
    simulate(evolve(made, constraints=["x <= 0.5"], initial_points=[point]))
    assert seen[0] == point
    assert max(one["x"] for one in seen) <= 0.5


def test_tuners_with_budgets_are_refused() -> None:
    """Made-up results do not heed them."""
    with pytest.raises(ConflictError, match="Hyperband gives trials budgets"):
        simulate(plan(tuners={"Hyperband": {"optimize_mode": "minimize"}}))


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_every_space_has_a_surface(space: Any) -> None:
    """With a finite result and a duration everywhere."""
    parsed, source = SearchSpace.parse(space), random.Random(2)
    surface = SyntheticSurface(parsed, 5)
    for _ in range(20):
        parameters = parsed.sample(source)
        assert abs(surface.result(parameters)) < 1e6
        assert surface.duration(parameters, source) > 0


def test_a_learnt_surface_follows_the_results() -> None:
    """Where they are, it is what they are; between them, something between."""
    source = random.Random(3)
    drawn = [PARSED.sample(source) for _ in range(200)]
    results = [Result(parameters=one, number=float((one["x"] - 0.3) ** 2), others={}) for one in drawn]
    surface = LearntSurface(PARSED, results, [2.0] * 200, Direction.MINIMIZE)
    assert surface.result(drawn[7]) == pytest.approx(results[7].number, abs=1e-3)
    fresh = [PARSED.sample(source) for _ in range(100)]
    errors = [abs(surface.result(one) - (one["x"] - 0.3) ** 2) for one in fresh]
    assert sum(errors) / 100 < 0.03
    assert surface.duration(fresh[0], source) == pytest.approx(2.0)


CONFIG = """
search_space: {x: {_type: uniform, _value: [0, 1]}, y: {_type: uniform, _value: [0, 1]}}
trial_command: "true"
trial_concurrency: 2
max_trial_number: 12
deterministic: true
tuner: {name: Anneal, class_args: {optimize_mode: maximize}}
training_service: local
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A config, and a home without experiments."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)
    return path


def test_the_command_compares(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The config's tuner beside the usual ones; as a table, and as JSON."""
    assert run(["simulate", "-c", str(config), "--repeats", "2"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "2 simulated runs of 12 trials, 2 at a time, on made-up functions"
    assert sorted(line.split()[0] for line in told[4:]) == ["Anneal", "Random", "TPE"]
    assert run(["simulate", "-c", str(config), "--tuners", "Random,TPE", "--repeats", "1", "--json"]) == 0
    assert {one["tuner"] for one in json.loads(capsys.readouterr().out)} == {"Random", "TPE"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--tuners", "Rnadom"], "did you mean 'Random'"),
        (["--from", "nowhere"], "nowhere"),
        (["--repeats", "0"], "0 is not in the range"),
        (["--concurrency", "9"], "9 trials never run at the same time"),
    ],
)
def test_what_cannot_be_simulated_is_said(
    arguments: list[str], told: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is run."""
    assert run(["simulate", "-c", str(config), *arguments]) == 2
    assert told in capsys.readouterr().err
