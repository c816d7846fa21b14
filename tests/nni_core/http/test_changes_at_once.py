"""Changes of limits and search space: all that a request asks for or nothing, and every mistake by its place in it."""

from typing import Any

import pytest

from nni_core.model import ExperimentState

from .conftest import Served

EXPERIMENT = "/api/v1/experiment"
EXTEND = "/api/v1/experiment/extend"
SPACE = {"x": {"_type": "choice", "_value": [1, 2]}}


async def test_several_limits_and_the_space_are_one_change(served: Served) -> None:
    """One revision, however many there are."""
    body = {"trial_concurrency": 5, "max_trial_number": None, "max_experiment_duration": "1h30m", "search_space": SPACE}
    document = (await served.client.patch(EXPERIMENT, json=body)).json()
    limits = {"trial_concurrency": 5, "max_trial_number": None, "max_experiment_duration": 5400}
    assert (document["limits"], document["config"]["searchSpace"], document["revision"]) == (limits, SPACE, 1)


async def test_one_mistake_keeps_everything_as_it_was(served: Served) -> None:
    """And all of them are told at once, by the names of the request."""
    space = {"x": {"_type": "uniform", "_value": [0, "1"]}}
    body = {"trial_concurrency": 5, "max_trial_number": 0, "max_experiment_duration": "soon", "search_space": space}
    answer = await served.client.patch(EXPERIMENT, json=body)
    places = [problem["key_path"] for problem in answer.json()["problems"]]
    assert (answer.status_code, served.control.profile().revision) == (422, 0)
    assert places == [["max_trial_number"], ["max_experiment_duration"], ["search_space", "x", "_value", 1]]


async def test_no_change_is_no_revision(served: Served) -> None:
    """An empty request changes nothing."""
    assert (await served.client.patch(EXPERIMENT, json={})).json()["revision"] == 0


async def test_a_limit_is_extended_from_where_it_is(served: Served) -> None:
    """Or from where the experiment is, when it is beyond it; both at once."""
    document = (await served.client.post(EXTEND, json={"trials": 3, "duration": "1h"})).json()
    assert (document["limits"]["max_trial_number"], document["limits"]["max_experiment_duration"]) == (13, 7200)
    await served.client.patch(EXPERIMENT, json={"max_experiment_duration": 5, "max_trial_number": 1})
    served.control.become(ExperimentState.DONE)
    for name in "ABC":
        served.control.create(name)
    document = (await served.client.post(EXTEND, json={"trials": 1, "duration": 60})).json()
    assert (document["limits"]["max_trial_number"], document["limits"]["max_experiment_duration"]) == (4, 72.5)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({}, 422, "there is nothing to extend"),
        ({"trials": 0}, 422, "'trials' must be a whole number"),
        ({"trials": True}, 422, "'trials' must be a whole number"),
        ({"duration": -1}, 422, "'duration' must be a duration"),
        ({"trails": 1}, 422, "there is no field 'trails'"),
    ],
)
async def test_bad_extensions(served: Served, body: Any, status: int, message: str) -> None:
    """Each says what is wanted."""
    answer = await served.client.post(EXTEND, json=body)
    assert (answer.status_code, served.control.profile().revision) == (status, 0)
    assert message in answer.json()["detail"]


@pytest.mark.parametrize("state", [ExperimentState.ERROR, ExperimentState.STOPPING])
async def test_what_is_over_for_another_reason_is_not_extended(served: Served, state: ExperimentState) -> None:
    """409, and what to type."""
    served.control.become(state)
    answer = await served.client.post(EXTEND, json={"trials": 1})
    assert (answer.status_code, "nnictl resume" in answer.json()["problems"][0]["help"]) == (409, True)


async def test_a_limit_that_is_not_there_is_not_extended(served: Served) -> None:
    """There would be nothing to add to: what sets one is said, or what else has ended the experiment."""
    await served.client.patch(EXPERIMENT, json={"max_trial_number": None})
    answer = await served.client.post(EXTEND, json={"trials": 1})
    problem = answer.json()["problems"][0]
    assert (answer.status_code, problem["code"]) == (409, "NNI743")
    assert "nnictl update trialnum fake --value N" in problem["help"]
    served.control.become(ExperimentState.DONE, "all 6 points of the search space have been tried")
    problem = (await served.client.post(EXTEND, json={"trials": 1})).json()["problems"][0]
    assert "DONE for another reason: the tuner has nothing left to suggest: all 6 points" in problem["message"]
    assert "nnictl update searchspace fake" in problem["help"]


async def test_a_goal_changes_by_its_parts(served: Served) -> None:
    """What is left out stays, null lifts it; the last condition takes the goal with it."""

    async def goal(change: Any) -> Any:
        document = (await served.client.patch(EXPERIMENT, json={"stop_when": change})).json()
        return document["config"]["stopWhen"]

    standard = {"minTrials": 0, "running": "finish"}
    assert await goal({"target": 0.9}) == {"target": 0.9, **standard}
    assert await goal({"no_improvement": 5, "running": "cancel"}) == {
        "target": 0.9, "noImprovement": 5, "minTrials": 0, "running": "cancel",
    }  # fmt: skip
    assert await goal({"target": None, "running": None}) == {"noImprovement": 5, **standard}
    assert await goal({"no_improvement": None}) is None
    assert (await goal({"target": 1}), await goal(None)) == ({"target": 1, **standard}, None)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"target": "high"}, ["stop_when", "target"]),
        ({"no_improvement": 0}, ["stop_when", "no_improvement"]),
        ({"targte": 1}, ["stop_when", "targte"]),
        ({}, ["stop_when"]),
        ([], ["stop_when"]),
    ],
)
async def test_a_goal_that_cannot_be_is_told_by_its_place(served: Served, change: Any, place: Any) -> None:
    """As in a config."""
    answer = await served.client.patch(EXPERIMENT, json={"stop_when": change})
    assert (answer.status_code, served.control.profile().revision) == (422, 0)
    assert [problem["key_path"] for problem in answer.json()["problems"]] == [place]


async def test_nni_profiles_carry_the_goal(served: Served) -> None:
    """Whole, as every setting there."""
    url = "/api/v1/nni/experiment?update_type=STOP_WHEN"
    goal = {"noImprovement": 3, "minTrials": 1, "running": "finish"}
    assert (await served.client.put(url, json={"params": {"stopWhen": goal}})).status_code == 200
    assert served.control.profile().config["stopWhen"] == goal
    answer = await served.client.put(url, json={"params": {"stopWhen": {"noImprovement": -3}}})
    assert answer.json()["problems"][0]["key_path"] == ["params", "stopWhen", "noImprovement"]


async def test_nni_profiles_are_told_by_their_own_keys(served: Served) -> None:
    """The place of a mistake is that in the profile that was sent."""
    url = "/api/v1/nni/experiment?update_type=MAX_EXEC_DURATION"
    answer = await served.client.put(url, json={"params": {"maxExecDuration": "soon"}, "clusterMetaData": []})
    assert answer.json()["problems"][0]["key_path"] == ["params", "maxExecDuration"]


async def test_the_place_inside_the_parameters_of_a_trial(served: Served) -> None:
    """From the top of the request."""
    answer = await served.client.post("/api/v1/trials", json={"parameters": {"lr": 5, "layers": 1}})
    assert answer.json()["problems"][0]["key_path"] == ["parameters", "lr"]
    answer = await served.client.post("/api/v1/nni/trial-jobs", json={"lr": 5, "layers": 1})
    assert answer.json()["problems"][0]["key_path"] == ["lr"]
