"""The assessors: what each ends, what it never ends, and what it says."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_assessors.asha import Asha
from nni_assessors.curvefitting import Curvefitting, predict
from nni_assessors.patience import Patience
from nni_assessors.percentile import Medianstop, Percentile
from nni_core.api import Assessor, Verdict
from nni_core.model import Direction
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry
from nni_core.testing.assessor import AssessorContract, AssessorFactory
from nni_core.testing.plugin import PluginContract

Story = list[list[int]]
#: results of some trials, one after the other
STORIES = st.lists(st.lists(st.integers(-64, 64), min_size=1, max_size=12), min_size=1, max_size=8)
FACTORIES: dict[str, Callable[[str], Assessor]] = {
    "Medianstop": Medianstop,
    "Percentile": lambda mode: Percentile(mode, percentile=30),
    "Patience": lambda mode: Patience(mode, patience=3),
    "ASHA": Asha,
}


class TestMedianstop(AssessorContract):
    @pytest.fixture
    def assessor(self) -> AssessorFactory:
        return Medianstop


class TestPercentile(AssessorContract):
    @pytest.fixture
    def assessor(self) -> AssessorFactory:
        return lambda: Percentile(Direction.MINIMIZE, percentile=25, min_trials=2)


class TestPatience(AssessorContract):
    @pytest.fixture
    def assessor(self) -> AssessorFactory:
        return lambda: Patience(patience=5, min_delta=0.001)


class TestAsha(AssessorContract):
    @pytest.fixture
    def assessor(self) -> AssessorFactory:
        return lambda: Asha(min_steps=2, eta=2)


class TestCurvefitting(AssessorContract):
    @pytest.fixture
    def assessor(self) -> AssessorFactory:
        return lambda: Curvefitting(epoch_num=20, start_step=12, gap=6)


class TestPlugin(PluginContract):
    plugin = "nni_assessors.plugin"


def told(assessor: Assessor, story: Sequence[Sequence[float]], scale: float = 1.0) -> list[list[bool]]:
    """Verdicts of trials one after the other; who is not ended succeeds."""
    verdicts: list[list[bool]] = []
    for number, results in enumerate(story):
        good: list[bool] = []
        for length in range(1, len(results) + 1):
            verdict = assessor.assess_trial(f"t{number}", [scale * value for value in results[:length]])
            assert isinstance(verdict, Verdict)
            assert verdict.good != bool(verdict.reason)
            good.append(verdict.good)
            if not verdict.good:
                break
        assessor.trial_end(f"t{number}", good[-1])
        verdicts.append(good)
    return verdicts


def test_the_median_rule_is_nni_s() -> None:
    """As recorded of NNI 3.0: four trials one after the other, all of which succeed."""
    recorded = json.loads((Path(__file__).parent / "recorded_medianstop.json").read_text())
    assessor = Medianstop("maximize")
    for trial, history in recorded["history_in_order"].items():
        verdicts = [assessor.assess_trial(trial, history[: step + 1]) for step in range(len(history))]
        assert ["Good" if one.good else "Bad" for one in verdicts] == recorded["decisions"][trial]
        assessor.trial_end(trial, True)


@pytest.mark.parametrize("name", FACTORIES)
@given(story=STORIES)
def test_both_directions_are_mirror_images(name: str, story: Story) -> None:
    """To maximize a number is to minimize its opposite."""
    make = FACTORIES[name]
    assert told(make("maximize"), story) == told(make("minimize"), story, -1.0)


@pytest.mark.parametrize("name", FACTORIES)
@given(story=STORIES, power=st.integers(-8, 8))
def test_units_do_not_matter(name: str, story: Story, power: int) -> None:
    """Results in other units get the same verdicts."""
    make = FACTORIES[name]
    assert told(make("maximize"), story) == told(make("maximize"), story, 2.0**power)


@pytest.mark.parametrize("name", ["Medianstop", "Percentile", "ASHA"])
@given(story=STORIES, best=st.integers(64, 128))
def test_the_best_trial_is_never_ended(name: str, story: Story, best: int) -> None:
    """Whatever the others have done before it."""
    assert all(told(FACTORIES[name]("maximize"), [*story, [best] * 12])[-1])


@given(results=st.lists(st.integers(-50, 50), min_size=1, max_size=20, unique=True))
def test_who_gets_better_all_the_time_has_patience(results: list[int]) -> None:
    """However slowly."""
    assert all(told(Patience("maximize", patience=1), [sorted(results)])[0])


def test_patience_ends_after_so_many_results() -> None:
    """Counted from the best; a little better is not better when that is asked for."""
    assert told(Patience("maximize", patience=2), [[1, 3, 2, 3, 4]]) == [[True, True, True, False]]
    assert told(Patience("maximize", patience=2, min_delta=1.0), [[1, 1.5, 2.5, 2, 3]]) == [
        [True, True, True, True, False]
    ]


def test_rungs_keep_the_best_share() -> None:
    """Nobody waits: the order in which trials come decides how many are compared when each is judged."""
    values = range(1, 10)
    assert all(all(one) for one in told(Asha("maximize", min_steps=1, eta=3), [[value] * 3 for value in values]))
    worst_first = told(Asha("maximize", min_steps=1, eta=3), [[value] * 3 for value in reversed(values)])
    assert [all(one) for one in worst_first] == [True] + [False] * 8
    mixed = told(Asha("maximize", min_steps=2, eta=2), [[5, 5, 5, 5], [4, 4, 4, 4], [6, 6, 6, 6], [5, 5, 5, 1]])
    assert [len(one) for one in mixed] == [4, 2, 4, 4]


@pytest.mark.parametrize(("assessor", "reason"), [
    (Medianstop("maximize"), "best 1 by step 1 is below 5, the median of 2 finished trials"),
    (Percentile("minimize", percentile=25), "best 1 by step 1 is above 0, the 25th percentile of 2 finished trials"),
    (Asha("maximize"), "best 1 at step 1 is place 3 of 3, and 1 go on"),
])  # fmt: skip
def test_a_verdict_says_why(assessor: Assessor, reason: str) -> None:
    """In numbers that the user knows."""
    for trial, value in (("one", 5.0), ("two", 5.0 if "median" in reason or "place" in reason else 0.0)):
        assessor.assess_trial(trial, [value])
        assessor.trial_end(trial, True)
    verdict = assessor.assess_trial("three", [1.0])
    assert isinstance(verdict, Verdict)
    assert verdict.reason == reason


def rising(height: float, steps: int, pace: float = 0.25) -> list[float]:
    return [height * (1 - math.exp(-pace * step)) for step in range(1, steps + 1)]


@pytest.mark.parametrize("height", [0.5, 0.9, 120.0])
@pytest.mark.parametrize("direction", Direction)
def test_a_curve_is_followed(height: float, direction: Direction) -> None:
    """From ten results to the thirtieth, up or down, within a twentieth."""
    sign = 1 if direction is Direction.MAXIMIZE else -1
    predicted = predict([sign * value for value in rising(height, 10)], 30, direction)
    assert predicted == pytest.approx(sign * height, rel=0.05)


@pytest.mark.parametrize("direction", Direction)
def test_who_will_not_get_there_is_ended(direction: Direction) -> None:
    """Half as good as the best; who is as good runs on."""
    sign = 1 if direction is Direction.MAXIMIZE else -1
    assessor = Curvefitting(direction, epoch_num=30, start_step=8, gap=8)
    story = [[sign * value for value in rising(height, 30)] for height in (0.9, 0.45, 0.95)]
    first, second, third = told(assessor, story)
    assert (all(first), all(third)) == (True, True)
    assert not second[-1]
    assert len(second) == 8


@settings(max_examples=10)
@given(results=st.lists(st.floats(-1e308, 1e308), min_size=6, max_size=20))
def test_any_results_have_a_prediction_or_none(results: list[float]) -> None:
    """Never a fault, and never something that is no number."""
    predicted = predict(results, 40, Direction.MAXIMIZE)
    assert predicted is None or math.isfinite(predicted)


@pytest.mark.parametrize("name", ["Medianstop", "Percentile", "Patience", "ASHA", "Curvefitting"])
def test_they_are_found_by_name(name: str) -> None:
    """And built from what a config says, with a metric of one's own."""
    built = PluginRegistry.discover().build_algorithm(
        PluginKind.ASSESSOR, name=name.lower(), class_args={"optimize_mode": "minimize", "metric": "loss"}
    )
    assert built.metric == "loss"
