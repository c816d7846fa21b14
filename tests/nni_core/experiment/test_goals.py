"""``objectives`` and ``stop_when`` while an experiment runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nni_core.errors import ConflictError
from nni_core.experiment.goals import StopWhen
from nni_core.experiment.live_control import LiveControl
from nni_core.experiment.objectives import Objective, objectives_of, pareto_set, values_of, with_default
from nni_core.experiment.profile import profile_of
from nni_core.experiment.sieve import SearchRules
from nni_core.experiment.tuner_messages import AlgorithmRef
from nni_core.experiment.tuner_worker import built
from nni_core.experiment.why import Why
from nni_core.model import (
    AttemptId,
    Direction,
    ExperimentState,
    Json,
    Metric,
    MetricKind,
    Trial,
    TrialId,
    TrialState,
)
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry
from nni_core.testing.clock import settle
from nni_core.testing.experiment import CountingTuner, ExperimentKit

LOSS = {"name": "loss", "direction": "minimize"}
ACCURACY = {"name": "acc", "direction": "maximize"}


@asynccontextmanager
async def running(goal: Mapping[str, Json] | None, **options: Any) -> AsyncIterator[ExperimentKit]:
    search = {"stopWhen": goal, **options.pop("search", {})}
    kit = ExperimentKit(search=search, **options)
    await kit.start()
    try:
        yield kit
    finally:
        await kit.stop()


def told(kit: ExperimentKit) -> CountingTuner:
    assert isinstance(kit.tuner.tuner, CountingTuner)
    return kit.tuner.tuner


# --- stop_when ----------------------------------------------------------------------------------------------------


async def test_a_target_ends_the_experiment_when_running_trials_have_finished() -> None:
    """Nothing is created any more; it is DONE, and says why, when the last trial is over."""
    async with running({"target": 5}, concurrency=2, max_trials=9) as kit:
        await kit.succeed(0, 4)
        await kit.succeed(1, 5)
        assert (kit.state, len(kit.trials)) == (ExperimentState.NO_MORE_TRIAL, 3)
        await kit.succeed(2, 1)
        assert (kit.states(), kit.state) == ([TrialState.SUCCEEDED] * 3, ExperimentState.DONE)
        assert kit.ledger.reason == "the target was reached: the result of trial 1 is 5, the target 5"
        with pytest.raises(ConflictError, match="takes no more trials: the target was reached"):
            await kit.engine.add_trial({"x": 3.0})


async def test_running_trials_can_be_ended_with_it() -> None:
    """As SYS_CANCELED, and a resume leaves them so; the tuner never hears of them."""
    goal = {"target": 0.1, "running": "cancel"}
    kit = ExperimentKit(search={"stopWhen": goal, "objectives": [LOSS]}, concurrency=3, max_trials=9)
    await kit.start()
    for number in (1, 2):
        await kit.begin(number)
    await kit.succeed(0, 0.05)
    assert kit.service.cancelled == [kit.attempt(1), kit.attempt(2)]
    for number in (1, 2):
        await kit.exit(number, None, signal=15)
    ended = [TrialState.SUCCEEDED, TrialState.SYS_CANCELED, TrialState.SYS_CANCELED]
    assert (kit.states(), kit.state, told(kit).ends) == (ended, ExperimentState.DONE, [(0, True)])
    await kit.stop()
    later = ExperimentKit(log=kit.log)
    await later.start()
    assert (later.states(), later.state) == (ended, ExperimentState.DONE)
    assert later.ledger.reason == "the target was reached: loss of trial 0 is 0.05, the target 0.1"
    await later.stop()


async def test_no_improvement_counts_trials_that_were_judged() -> None:
    """Equal results are no improvement; failed and killed trials are not counted."""
    async with running({"noImprovement": 2}, max_trials=9) as kit:
        await kit.succeed(0, 1)
        await kit.succeed(1, 3)
        await kit.succeed(2, 3)
        await kit.fail(3)
        assert kit.state is ExperimentState.RUNNING
        await kit.succeed(4, 2)
        assert kit.state is ExperimentState.DONE
        assert kit.ledger.reason == "the last 2 trials brought nothing better than trial 1, whose result is 3"


async def test_some_trials_are_run_in_any_case() -> None:
    """``min_trials`` holds for both conditions."""
    async with running({"target": 1, "noImprovement": 1, "minTrials": 3}, max_trials=9) as kit:
        for number, value in enumerate((5, 4)):
            await kit.succeed(number, value)
            assert kit.state is ExperimentState.RUNNING
        await kit.succeed(2, 3)
        assert kit.state is ExperimentState.DONE


async def test_an_extended_experiment_goes_on() -> None:
    """The target is set aside, the trials without improvement are counted anew, ended trials run again."""
    async with running({"target": 5, "noImprovement": 2, "running": "cancel"}, concurrency=2, max_trials=5) as kit:
        await kit.begin(1)
        await kit.succeed(0, 6)
        await kit.exit(1, None, signal=15)
        assert (kit.state, kit.states()[1]) == (ExperimentState.DONE, TrialState.SYS_CANCELED)
        await kit.engine.change({"maxTrialNumber": 8})
        await settle()
        assert (kit.state, kit.states()[1]) == (ExperimentState.RUNNING, TrialState.WAITING)
        await kit.succeed(1, 9)
        await kit.succeed(2, 8)
        assert kit.state is ExperimentState.RUNNING
        await kit.succeed(3, 7)
        await kit.exit(4, None, signal=15)
        assert kit.state is ExperimentState.DONE
        assert "nothing better than trial 1" in kit.ledger.reason


async def test_more_concurrency_is_not_more_trials() -> None:
    """Only limits and the search space bring an experiment back that has what it wants."""
    async with running({"target": 5}, max_trials=5) as kit:
        await kit.succeed(0, 6)
        await kit.engine.change({"trialConcurrency": 4})
        await settle()
        assert (kit.state, len(kit.trials)) == (ExperimentState.DONE, 1)


async def test_a_goal_that_a_killed_manager_did_not_note_is_noted_by_the_next() -> None:
    """It follows from the results alone; nothing is created in between."""
    kit = ExperimentKit(search={"stopWhen": {"target": 5}}, max_trials=5)
    await kit.start()
    await kit.succeed(0, 6)
    await kit.stop()
    entries = kit.log.entries
    noted = next(place for place, entry in enumerate(entries) if entry.row[2] == "GoalReached")
    del entries[noted:]
    later = ExperimentKit(log=kit.log)
    await later.start()
    assert (later.state, len(later.trials)) == (ExperimentState.DONE, 1)
    await later.stop()


@pytest.mark.parametrize("mode", ["finish", "cancel"])
async def test_a_retried_trial_of_a_finished_experiment_runs(mode: str) -> None:
    """A user may want one trial again though the goal is reached."""
    async with running({"target": 5, "running": mode}, concurrency=2, max_trials=5) as kit:
        await kit.fail(0)
        await kit.succeed(1, 6)
        await kit.fail(2)
        assert kit.state is ExperimentState.DONE
        await kit.engine.retry(kit.trials[0].id)
        await settle()
        await kit.succeed(0, 7)
        assert (kit.states()[0], kit.state, len(kit.trials)) == (TrialState.SUCCEEDED, ExperimentState.DONE, 3)


# --- objectives ---------------------------------------------------------------------------------------------------


async def test_the_first_objective_is_what_is_learnt() -> None:
    """The tuner and the best result follow its key, whatever ``default`` says; a number is it, too."""
    async with running(None, concurrency=3, max_trials=3, search={"objectives": [LOSS]}) as kit:
        await kit.succeed(0, {"loss": 0.5, "other": 1})
        await kit.succeed(1, {"default": 9, "loss": 0.25})
        await kit.succeed(2, 0.75)
        taught = [value for *_, value in told(kit).results]
        assert taught == [{"default": 0.5, "loss": 0.5, "other": 1}, {"default": 0.25, "loss": 0.25}, 0.75]
        assert (kit.ledger.progress.best, kit.ledger.progress.worst) == (0.25, 0.75)
        assert "they differ: 'loss' counts" in kit.ledger.notes[0].message
        assert kit.service.submitted[kit.attempt(0)].environment == {"NNI_OBJECTIVE": "loss"}


async def test_a_result_without_the_objective_teaches_nothing() -> None:
    """And the note says which key is missing."""
    async with running(None, max_trials=1, search={"objectives": [LOSS]}) as kit:
        await kit.succeed(0, {"los": 0.5})
        assert (kit.states(), told(kit).results) == ([TrialState.SUCCEEDED], [])
        assert "a dict whose 'loss' is one" in kit.ledger.notes[0].message


async def test_a_result_that_lacks_an_objective_is_noted() -> None:
    """It is taught, and not compared with others."""
    async with running(None, max_trials=1, search={"objectives": [LOSS, ACCURACY]}) as kit:
        await kit.succeed(0, {"loss": 0.5})
        assert "no number for 'acc': it is not in the Pareto set" in kit.ledger.notes[0].message
        assert len(told(kit).results) == 1


def trial(number: int, value: Json, state: TrialState = TrialState.SUCCEEDED) -> Trial:
    name = TrialId(f"T{number}")
    final = Metric(trial_id=name, parameter_id=number, kind=MetricKind.FINAL, sequence=0, value=value, timestamp=0)
    return Trial(
        id=name,
        sequence_id=number,
        parameter_id=number,
        attempt_id=AttemptId("a"),
        created_at=0,
        state=state,
        final=final,
    )


BOTH = objectives_of({"objectives": [LOSS, ACCURACY]})


def chosen(*values: Json) -> Sequence[int]:
    trials = [trial(number, with_default(value, BOTH)) for number, value in enumerate(values)]
    return [choice.trial.sequence_id for choice in pareto_set(trials, BOTH)]


def test_a_pareto_set_holds_what_nothing_surpasses() -> None:
    """Equals stay side by side; what lacks a number, or has failed, is not in it."""
    assert chosen({"loss": 1, "acc": 0.5}, {"loss": 2, "acc": 0.9}, {"loss": 2, "acc": 0.4}) == [0, 1]
    assert chosen({"loss": 1, "acc": 0.5}, {"loss": 1, "acc": 0.5}) == [0, 1]
    assert chosen({"loss": 1, "acc": 0.5}, {"loss": 0}, 0, {"loss": float("nan"), "acc": 1}) == [0]
    assert list(pareto_set([trial(0, {"default": 1, "acc": 1}, TrialState.FAILED)], BOTH)) == []


NUMBER = st.integers(0, 4)


@given(
    points=st.lists(st.tuples(NUMBER, NUMBER, NUMBER), max_size=30),
    directions=st.tuples(*[st.sampled_from(Direction)] * 3),
)
def test_a_pareto_set_is_what_the_definition_says(
    points: list[tuple[int, int, int]], directions: tuple[Direction, ...]
) -> None:
    """None of it is surpassed by any trial, and every trial outside is surpassed by one inside."""
    names = ("default", "b", "c")
    objectives = [Objective(name=name, direction=way) for name, way in zip(names, directions, strict=True)]

    def surpasses(one: Sequence[float], other: Sequence[float]) -> bool:
        pairs = list(zip(one, other, directions, strict=True))
        return any(way.prefers(a, b) for a, b, way in pairs) and not any(way.prefers(b, a) for a, b, way in pairs)

    trials = [trial(number, dict(zip(names, point, strict=True))) for number, point in enumerate(points)]
    inside = {choice.trial.sequence_id for choice in pareto_set(trials, objectives)}
    assert inside == {
        number for number, point in enumerate(points) if not any(surpasses(other, point) for other in points)
    }


def test_objectives_of_older_configs() -> None:
    """One, in the direction that the tuner was told, else the assessor."""
    told_it = {"tuner": {"name": "TPE", "classArgs": {"optimize_mode": "minimize"}}}
    assert objectives_of(told_it) == [Objective(direction=Direction.MINIMIZE)]
    assert objectives_of({}) == [Objective(direction=Direction.MAXIMIZE)]
    assert values_of(3, BOTH) == {"loss": 3.0}


VALUES = st.lists(st.integers(0, 9), min_size=1, max_size=12)


@settings(max_examples=40)
@given(values=VALUES, cut=st.integers(0, 12), patience=st.integers(1, 4), target=st.integers(5, 9))
async def test_an_interrupted_experiment_stops_where_an_uninterrupted_one_does(
    values: list[int], cut: int, patience: int, target: int
) -> None:
    """The same trials, the same reason, wherever a manager takes over from another."""
    goal = {"target": target, "noImprovement": patience}

    async def play(cut: int | None) -> tuple[int, str, ExperimentState]:
        kit = ExperimentKit(search={"stopWhen": goal}, max_trials=len(values))
        await kit.start()
        for number, value in enumerate(values):
            if number == cut:
                await kit.stop()
                kit = ExperimentKit(log=kit.log)
                await kit.start()
            if number == len(kit.trials):
                break
            await kit.succeed(number, value)
        outcome = len(kit.trials), kit.ledger.reason, kit.state
        await kit.stop()
        return outcome

    assert await play(cut) == await play(None)


def test_a_goal_has_a_condition_or_is_never_reached() -> None:
    """Without stop_when nothing ends early."""
    assert StopWhen.of({}) == StopWhen.of({"stopWhen": None}) == StopWhen()


async def test_why_tells_of_the_goal() -> None:
    """Not of limits that are not used up."""
    async with running({"target": 5}, max_trials=9) as kit:
        await kit.succeed(0, 6)
        control = LiveControl(
            engine=kit.engine,
            store=kit.store,
            service=kit.service,
            profile=lambda: profile_of(kit.ledger, directory=Path(), duration=0),
            request_stop=lambda: None,
        )
        reason = Why(control).experiment()
        assert reason.reason == "the target was reached: the result of trial 0 is 6, the target 5"
        assert "nnictl experiment extend" in reason.help


OWN = """
from nni.tuner import Tuner

class Mine(Tuner):
    def __init__(self, optimize_mode="maximize"):
        self.mode = optimize_mode
    def update_search_space(self, space):
        pass
    def generate_parameters(self, parameter_id, **kwargs):
        return {}
"""


@pytest.mark.parametrize(
    ("config", "mode"),
    [({"objectives": [LOSS, ACCURACY]}, "minimize"), ({"objectives": [ACCURACY]}, "maximize"), ({}, "maximize")],
)
def test_a_class_of_the_users_own_follows_the_first_objective(
    tmp_path: Path, config: Mapping[str, Json], mode: str
) -> None:
    """When it takes ``optimize_mode``; without objectives its own default stands."""
    module = f"follows_{len(config)}_{mode}_{len(config.get('objectives', ()))}"
    (tmp_path / f"{module}.py").write_text(OWN)
    ref = AlgorithmRef(class_name=f"{module}.Mine", code_directory=str(tmp_path), class_args={})
    tuner = built(PluginRegistry(), PluginKind.TUNER, ref.as_json(), SearchRules.of(config))
    assert tuner.mode == mode
