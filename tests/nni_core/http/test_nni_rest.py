"""NNI's REST interface: names, shapes and double encoding as NNI's clients expect them."""

import json
import math
import os
from pathlib import Path
from typing import Any

import pytest

from nni_core.folders import ExperimentFolder
from nni_core.model import ExperimentState, MetricKind, TrialState
from nni_core.store import events as ev
from nni_core.store.sqlite import create_store
from nni_core.testing.control import BEGINNING, CONFIG, FakeControl

from .conftest import Served

ROOT = "/api/v1/nni"


async def get(served: Served, path: str) -> Any:
    answer = await served.client.get(ROOT + path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


@pytest.fixture
def ran(control: FakeControl) -> FakeControl:
    """One trial of each kind."""
    control.create("AAAAA", {"lr": 0.1, "layers": 2})
    control.report("AAAAA", 0.5)
    control.report("AAAAA", {"default": 0.75, "loss": math.inf})
    control.report("AAAAA", {"default": 0.9, "loss": math.nan}, MetricKind.FINAL)
    control.finish("AAAAA", exit_code=0)
    control.create("BBBBB")
    control.report("BBBBB", 1, MetricKind.FINAL)
    control.finish("BBBBB", TrialState.FAILED, exit_code=3, message="exit code 3")
    control.create("CCCCC")
    return control


async def test_version_is_bare_text(served: Served) -> None:
    """As NNI's: no quotes."""
    answer = await served.client.get(f"{ROOT}/version")
    assert answer.text == "0.1.0"


async def test_a_slash_at_the_end_changes_nothing(served: Served) -> None:
    """NNI's paths have one here and there, and its server takes both."""
    assert await get(served, "/check-status/") == await get(served, "/check-status")
    assert await get(served, "/metric-data-latest/") == []


async def test_check_status(served: Served) -> None:
    """The state, and the reason when it is ERROR."""
    assert await get(served, "/check-status") == {"status": "RUNNING", "errors": []}
    served.control.become(ExperimentState.ERROR, "the tuner died three times")
    assert await get(served, "/check-status") == {"status": "ERROR", "errors": ["the tuner died three times"]}


async def test_experiment_profile(served: Served) -> None:
    """The end time is there only when there is one."""
    profile = await get(served, "/experiment")
    assert profile == {
        "params": CONFIG,
        "id": "fake",
        "execDuration": 12,
        "logDir": str(served.directory),
        "startTime": BEGINNING,
        "nextSequenceId": 0,
        "revision": 0,
    }
    served.control.become(ExperimentState.DONE)
    assert (await get(served, "/experiment"))["endTime"] == BEGINNING + 60_000


async def test_trial_objects(served: Served, ran: FakeControl) -> None:
    """Results only of succeeded trials, error output only of failed ones, optional keys left out."""
    first, second, third = await get(served, "/trial-jobs")
    assert first == {
        "trialJobId": "AAAAA",
        "status": "SUCCEEDED",
        "hyperParameters": first["hyperParameters"],
        "logPath": f"{served.directory}/trials/AAAAA",
        "startTime": BEGINNING + 1000,
        "endTime": BEGINNING + 3500,
        "sequenceId": 0,
        "envId": "local-env",
        "finalMetricData": first["finalMetricData"],
    }
    assert json.loads(first["hyperParameters"][0]) == {
        "parameter_id": 0,
        "parameter_source": "algorithm",
        "parameters": {"lr": 0.1, "layers": 2},
        "parameter_index": 0,
    }
    assert (second["stderrPath"], second["message"]) == (f"{second['logPath']}/stderr", "exit code 3")
    assert "finalMetricData" not in second
    assert (third["status"], third["startTime"], "endTime" in third) == ("WAITING", BEGINNING + 2, False)


async def test_trials_by_state_and_id(served: Served, ran: FakeControl) -> None:
    """One state, one trial, or none such."""
    assert [trial["trialJobId"] for trial in await get(served, "/trial-jobs?status=FAILED")] == ["BBBBB"]
    assert (await get(served, "/trial-jobs/CCCCC"))["sequenceId"] == 2
    for path in ("/trial-jobs/DDDDD", "/metric-data/DDDDD", "/trial-file/DDDDD/stdout"):
        answer = await served.client.get(ROOT + path)
        assert (answer.status_code, answer.json()["error"]) == (404, "there is no trial 'DDDDD'")


async def test_metric_data_is_json_in_json(served: Served, ran: FakeControl) -> None:
    """Clients decode twice; what is not finite is tagged, never NaN."""
    final = (await get(served, "/metric-data/AAAAA?type=FINAL"))[0]
    assert {key: final[key] for key in final if key not in {"data", "timestamp"}} == {
        "trialJobId": "AAAAA",
        "parameterId": "0",
        "type": "FINAL",
        "sequence": 0,
    }
    assert json.loads(json.loads(final["data"])) == {"default": 0.9, "loss": {"$float": "nan"}}
    assert [metric["data"] for metric in await get(served, "/metric-data/BBBBB")] == ['"1"']
    assert len(await get(served, "/metric-data")) == 4
    assert [metric["sequence"] for metric in await get(served, "/metric-data?type=PERIODICAL")] == [0, 1]


async def test_latest_metrics_and_ranges(served: Served, ran: FakeControl) -> None:
    """All finals and the last intermediates; ranges count both ends."""
    latest = await get(served, "/metric-data-latest")
    assert [(m["trialJobId"], m["type"], m["sequence"]) for m in latest] == [
        ("AAAAA", "FINAL", 0),
        ("BBBBB", "FINAL", 0),
        ("AAAAA", "PERIODICAL", 1),
    ]
    assert {m["trialJobId"] for m in await get(served, "/metric-data-range/1/2")} == {"BBBBB"}
    answer = await served.client.get(f"{ROOT}/metric-data-range/0/x")
    assert answer.status_code == 422


async def test_job_statistics_and_export(served: Served, ran: FakeControl) -> None:
    """Counts by state; export holds what succeeded."""
    assert await get(served, "/job-statistics") == [
        {"trialJobStatus": "SUCCEEDED", "trialJobNumber": 1},
        {"trialJobStatus": "FAILED", "trialJobNumber": 1},
        {"trialJobStatus": "WAITING", "trialJobNumber": 1},
    ]
    (exported,) = await get(served, "/export-data")
    assert (exported["parameter"], exported["trialJobId"]) == ({"lr": 0.1, "layers": 2}, "AAAAA")
    assert json.loads(exported["value"])["default"] == 0.9


async def test_metadata_tells_where_the_experiment_runs(served: Served) -> None:
    """The addresses are those that listen."""
    metadata = await get(served, "/experiment-metadata")
    assert metadata["webuiUrl"] == [
        f"http://127.0.0.1:{served.port}",
        f"http://[::1]:{served.port}",
        f"http://192.168.1.1:{served.port}",
    ]
    assert (metadata["port"], metadata["pid"], metadata["endTime"]) == (served.port, os.getpid(), "N/A")
    assert (metadata["platform"], metadata["experimentName"], metadata["tag"]) == ("local", "fake", [])


@pytest.mark.parametrize(
    ("update_type", "key", "value"),
    [
        ("TRIAL_CONCURRENCY", "trialConcurrency", 7),
        ("MAX_EXEC_DURATION", "maxExperimentDuration", "2h"),
        ("MAX_TRIAL_NUM", "maxTrialNumber", 99),
        ("SEARCH_SPACE", "searchSpace", {"x": {"_type": "choice", "_value": [1, 2]}}),
    ],
)
async def test_settings_are_changed_by_sending_the_profile_back(
    served: Served, update_type: str, key: str, value: Any
) -> None:
    """Only the named setting is taken from the profile."""
    profile = await get(served, "/experiment")
    profile["params"] = {**profile["params"], key: value, "trialCommand": "rm -rf /"}
    answer = await served.client.put(f"{ROOT}/experiment", params={"update_type": update_type}, json=profile)
    assert (answer.status_code, answer.content) == (200, b"")
    changed = (await get(served, "/experiment"))["params"]
    assert changed == {**CONFIG, key: 7200 if value == "2h" else value}


@pytest.mark.parametrize(
    ("query", "body", "message"),
    [
        ("", {}, "'update_type' is missing"),
        ("?update_type=TRIAL_COMMAND", {}, "'update_type' must be one of TRIAL_CONCURRENCY, "),
        ("?update_type=MAX_TRIAL_NUM", {"params": {}}, "the profile has no 'params.maxTrialNumber'"),
        ("?update_type=TRIAL_CONCURRENCY", {"params": {"trialConcurrency": 0}}, "must be a whole number from 1"),
    ],
)
async def test_bad_updates_are_answered(served: Served, query: str, body: Any, message: str) -> None:
    """NNI left the caller waiting; here each is a 422 that says what is wrong."""
    answer = await served.client.put(f"{ROOT}/experiment{query}", json=body)
    assert answer.status_code == 422
    assert message in answer.json()["error"]


async def test_trials_are_added_and_cancelled(served: Served) -> None:
    """A customised trial, its end, and a second end that is refused."""
    added = await served.client.post(f"{ROOT}/trial-jobs", json={"lr": 0.05, "layers": 3})
    assert added.json() == {"sequenceId": 0}
    assert json.loads((await get(served, "/trial-jobs"))[0]["hyperParameters"][0])["parameter_source"] == "customized"
    answer = await served.client.delete(f"{ROOT}/trial-jobs/custom0")
    assert (answer.status_code, answer.content) == (200, b"")
    answer = await served.client.delete(f"{ROOT}/trial-jobs/custom0")
    assert (answer.status_code, answer.json()["error"]) == (409, "trial 'custom0' is over already")


async def test_import_and_stop(served: Served) -> None:
    """Imported rows come back as JSON texts; DELETE asks for the stop."""
    row = {"parameter": {"lr": 0.1, "layers": 1}, "value": 0.5}
    answer = await served.client.post(f"{ROOT}/experiment/import-data", json=[row])
    assert (answer.status_code, answer.content) == (200, b"")
    assert [json.loads(text) for text in await get(served, "/experiment/imported-data")] == [[row]]
    assert (await served.client.delete(f"{ROOT}/experiment")).status_code == 200
    assert ("stop",) in served.control.calls


async def test_trial_files(served: Served, ran: FakeControl) -> None:
    """Whole outputs, an empty one said to be empty, and no other file."""
    folder = served.directory / "trials" / "AAAAA"
    folder.mkdir(parents=True)
    content = b"line\n" * 200_000
    (folder / "stdout").write_bytes(content)
    for name in ("stdout", "trial.log"):
        answer = await served.client.get(f"{ROOT}/trial-file/AAAAA/{name}")
        assert (answer.content == content, answer.headers["content-type"]) == (True, "text/plain; charset=utf-8")
    assert (await served.client.get(f"{ROOT}/trial-file/AAAAA/stderr")).text == "stderr is empty."
    for name in ("parameter.cfg", "..", "%2e%2e%2fsecret", "stdout%00", "..%5Cstdout", "stdout;x"):
        assert (await served.client.get(f"{ROOT}/trial-file/AAAAA/{name}")).status_code == 404


async def test_the_trials_with_the_highest_and_the_lowest_results(served: Served, ran: FakeControl) -> None:
    """Succeeded ones with a finite result only; equal ones stay in their order."""
    for name, value in (("HHHHH", 7), ("NNNNN", math.nan), ("MMMMM", {"default": 0.9})):
        ran.create(name)
        ran.report(name, value, MetricKind.FINAL)
        ran.finish(name)
    assert [trial["trialJobId"] for trial in await get(served, "/trial-jobs?head=9")] == ["HHHHH", "AAAAA", "MMMMM"]
    assert [trial["trialJobId"] for trial in await get(served, "/trial-jobs?tail=1")] == ["AAAAA"]
    for query in ("head=1&tail=1", "head=0", "head=1&head=2"):
        assert (await served.client.get(f"{ROOT}/trial-jobs?{query}")).status_code == 422


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        ([{"parameter": {}, "value": "abc"}, {"parameter": {}, "value": []}], [[0, "value"], [1, "value"]]),
        ([{"parameter": {}, "value": 1}, {"parameter": 3, "value": 1}], [[1, "parameter"]]),
        ([{"parameter": {}, "value": True}], [[0, "value"]]),
        ([{"parameter": {}, "value": "[[[["}, 5], [[0, "value"], [1]]),
    ],
)
async def test_what_is_no_result_is_not_imported(served: Served, rows: Any, places: Any) -> None:
    """Every wrong row is told by its place, and none is taken."""
    answer = await served.client.post(f"{ROOT}/experiment/import-data", json=rows)
    assert (answer.status_code, [one["key_path"] for one in answer.json()["problems"]]) == (422, places)
    assert served.control.imported_data() == []


async def test_exported_rows_are_imported_as_they_are(served: Served, ran: FakeControl) -> None:
    """Their values are JSON texts."""
    exported = await get(served, "/export-data")
    exported[0]["value"] = '{"default": 0.9, "loss": 1}'
    answer = await served.client.post(f"{ROOT}/experiment/import-data", json=exported)
    assert answer.status_code == 200, answer.text
    assert served.control.imported_data() == [
        [{"parameter": {"lr": 0.1, "layers": 2}, "value": {"default": 0.9, "loss": 1}}]
    ]


async def test_the_first_objective_is_result_enough(served: Served, ran: FakeControl) -> None:
    """It is taken as default; a row that lacks it is told what it lacks."""
    served.control._config["objectives"] = [{"name": "loss", "direction": "minimize"}]
    path, row = f"{ROOT}/experiment/import-data", {"parameter": {"lr": 0.1, "layers": 2}}
    refused = await served.client.post(path, json=[{**row, "value": {"accuracy": 1}}])
    assert (refused.status_code, "'loss'" in refused.text) == (422, True)
    answer = await served.client.post(path, json=[{**row, "value": {"loss": 0.5}}])
    assert answer.status_code == 200, answer.text
    assert served.control.imported_data() == [[{**row, "value": {"default": 0.5, "loss": 0.5}}]]


async def test_what_a_manager_does_not_do_is_said(served: Served, ran: FakeControl) -> None:
    """With what to do instead."""
    refused = await served.client.post(f"{ROOT}/experiment", json={"trialCommand": "x"})
    assert (refused.status_code, refused.json()["problems"][0]["help"]) == (409, "nnictl create starts another one")
    refused = await served.client.put(f"{ROOT}/experiment/cluster-metadata", json={})
    assert refused.status_code == 501
    refused = await served.client.post(f"{ROOT}/tensorboard", json={"trials": "AAAAA,BBBBB"})
    folder = served.directory / "trials"
    command = f"tensorboard --logdir_spec 0-AAAAA:{folder}/AAAAA/tensorboard,1-BBBBB:{folder}/BBBBB/tensorboard"
    assert (refused.status_code, refused.json()["problems"][0]["help"]) == (501, command)
    assert (await served.client.post(f"{ROOT}/tensorboard", json={"trials": "ZZZZZ"})).status_code == 404
    assert await get(served, "/tensorboard-tasks") == []
    assert (await served.client.get(f"{ROOT}/tensorboard/abc")).json()["error"].startswith("there is no TensorBoard")


async def test_logs_by_their_file_names(served: Served) -> None:
    """As NNI serves them, and nothing else of the folder."""
    (served.directory / "log").mkdir()
    (served.directory / "log" / "nnimanager.log").write_text("a line\n")
    (served.directory / "log" / "secret").write_text("x")
    answer = await served.client.get("/logs/nnimanager.log")
    assert (answer.text, answer.headers["content-type"]) == ("a line\n", "text/plain; charset=utf-8")
    assert (await served.client.get("/logs/dispatcher.log")).text == ""
    for name in ("secret", "..%2fsecret", "experiment.log"):
        assert (await served.client.get(f"/logs/{name}")).status_code == 404


async def test_every_experiment_of_this_machine(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From their folders; one whose log cannot be read is left out."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "nni-experiments" / "broken").mkdir(parents=True)
    (tmp_path / "nni-experiments" / "broken" / "experiment.sqlite").write_bytes(b"no database")
    folder = ExperimentFolder(tmp_path / "nni-experiments" / "abcd1234")
    folder.path.mkdir()
    store = create_store(folder.database, network=False)
    created = ev.ExperimentCreated(experiment_id=folder.id, config=CONFIG, version="test")
    running = ev.ExperimentStateChanged(state=ExperimentState.RUNNING)
    store.submit([created, ev.ManagerStarted(epoch=1, pid=1), running], timestamp=BEGINNING)
    await store.close()
    assert await get(served, "/experiments-info") == [
        {
            "id": "abcd1234", "startTime": BEGINNING, "endTime": BEGINNING, "status": "STOPPED", "platform": "local",
            "experimentName": "fake", "tag": [], "webuiUrl": [], "logDir": str(folder.path), "prefixUrl": None,
        }
    ]  # fmt: skip
