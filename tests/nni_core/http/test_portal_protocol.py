"""The portal's protocol: documents, snapshot, logs and actions."""

import gzip
import json
import math
import time
from collections.abc import Callable
from typing import Any

import pytest

from nni_core.http.snapshot import Snapshots, flatten
from nni_core.model import ExperimentState, MetricKind, TrialState
from nni_core.testing.control import BEGINNING, FakeControl

from .conftest import Served

COLUMNS = "/api/v1/trials?layout=columns"


async def test_the_experiment_document(served: Served) -> None:
    """Counts of every state, limits, the best succeeded trial and the notes."""
    control = served.control
    for trial_id, value, state in (("A", 0.5, TrialState.SUCCEEDED), ("B", 0.9, TrialState.FAILED)):
        control.create(trial_id)
        control.report(trial_id, value, MetricKind.FINAL)
        control.finish(trial_id, state)
    control.note("second final result ignored", "A")
    document = (await served.client.get("/api/v1/experiment")).json()
    assert document["counts"] == {**dict.fromkeys(document["counts"], 0), "SUCCEEDED": 1, "FAILED": 1}
    assert len(document["counts"]) == len(TrialState)
    assert document["best"] == {"trial_id": "A", "sequence_id": 0, "value": 0.5}
    assert document["limits"] == {"trial_concurrency": 2, "max_trial_number": 10, "max_experiment_duration": 3600}
    assert (document["role"], document["state"], document["epoch"], document["cursor"]) == ("owner", "RUNNING", "1", 7)
    assert document["notes"][0]["message"] == "second final result ignored"


async def test_the_snapshot_in_columns(served: Served) -> None:
    """Nested parameters are flat, extra metrics have columns, what is missing is null."""
    control = served.control
    control.create("A", {"net": {"_name": "conv", "width": 3}, "lr": 0.1})
    control.report("A", 0.25)
    control.report("A", {"default": math.nan, "loss": 0.5, "note": "x"}, MetricKind.FINAL)
    control.finish("A", exit_code=0)
    control.create("B", {"net": {"_name": "dense"}, "lr": [1, 2]})
    columns = (await served.client.get(COLUMNS)).json()
    assert [columns["states"][index] for index in columns["state"]] == ["SUCCEEDED", "WAITING"]
    assert columns["parameters"] == {"net": ["conv", "dense"], "net/width": [3, None], "lr": [0.1, [1, 2]]}
    assert columns["metrics"] == {"loss": [0.5, None], "note": [None, None]}
    assert (columns["value"], columns["latest"], columns["duration"]) == ([None, None], [0.25, None], [2.5, None])
    assert (columns["epoch"], columns["cursor"]) == (control.epoch, control.cursor)
    lists = [column for column in columns.values() if isinstance(column, list) and column is not columns["states"]]
    assert {len(column) for column in lists} == {2}


async def test_a_snapshot_is_sent_again_only_when_something_happened(served: Served) -> None:
    """The tag is the cursor; 304 until it moves, and plain bytes for clients without gzip."""
    first = await served.client.get(COLUMNS)
    tag = first.headers["etag"]
    assert (tag, first.headers["content-encoding"]) == ('"1-0"', "gzip")
    again = await served.client.get(COLUMNS, headers={"if-none-match": f'W/"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    served.control.create("A")
    changed = await served.client.get(COLUMNS, headers={"if-none-match": tag, "accept-encoding": "identity"})
    assert (changed.status_code, changed.json()["id"], "content-encoding" in changed.headers) == (200, ["A"], False)


async def test_one_trial_in_full(served: Served) -> None:
    """Raw values with what is not finite tagged; parameters as they were drawn."""
    control = served.control
    control.create("A", {"net": {"_name": "conv", "width": 3}})
    control.report("A", {"default": -math.inf, "loss": 10**400}, MetricKind.FINAL)
    answer = await served.client.get("/api/v1/trials/A")
    row = answer.json()
    assert row["final"] == {"default": {"$float": "-inf"}, "loss": 10**400}
    assert (row["value"], row["metrics"], row["parameters"]) == (
        None,
        {"loss": None},
        {"net": {"_name": "conv", "width": 3}},
    )
    assert (row["attempt_id"], row["directory"]) == ("A-1", f"{served.directory}/trials/A")


async def test_metrics_of_a_trial_in_columns(served: Served) -> None:
    """Intermediate reports only."""
    served.control.create("A")
    served.control.report("A", 0.5)
    served.control.report("A", {"default": 0.75, "lone": "\ud800"})
    served.control.report("A", 1, MetricKind.FINAL)
    columns = (await served.client.get("/api/v1/trials/A/metrics")).json()
    assert (columns["sequence"], columns["value"]) == ([0, 1], [0.5, 0.75])
    assert columns["raw"] == [0.5, {"default": 0.75, "lone": "\ud800"}]


@pytest.mark.parametrize(
    ("query", "data", "following"),
    [
        ("", b"0123456789", 10),
        ("?offset=4&limit=3", b"456", 7),
        ("?offset=-3", b"789", 10),
        ("?offset=-300", b"0123456789", 10),
        ("?offset=10", b"", 10),
        ("?offset=9999", b"", 10),
    ],
)
async def test_logs_come_in_pieces(served: Served, query: str, data: bytes, following: int) -> None:
    """Trial output and the manager's log follow the same rules."""
    served.control.create("A")
    for path in (served.directory / "trials/A/stdout", served.directory / "log/nnimanager.log"):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"0123456789")
    for path in ("/api/v1/trials/A/log/stdout", "/api/v1/log/manager"):
        answer = await served.client.get(path + query)
        assert (answer.content, answer.headers["x-log-next-offset"]) == (data, str(following))
        assert (answer.headers["x-log-size"], answer.headers["content-type"]) == ("10", "text/plain; charset=utf-8")


async def test_logs_that_are_no_plain_files_are_empty(served: Served) -> None:
    """A link, a pipe or nothing in the place of a log gives nothing away, and blocks nothing."""
    import os

    folder = served.directory / "log"
    folder.mkdir()
    (served.directory / "secret").write_text("secret")
    (folder / "nnimanager.log").symlink_to(served.directory / "secret")
    os.mkfifo(folder / "dispatcher.log")
    for name in ("manager", "tuner"):
        answer = await served.client.get(f"/api/v1/log/{name}")
        assert (answer.content, answer.headers["x-log-size"]) == (b"", "0")


async def test_limits_are_changed(served: Served) -> None:
    """Several at once, null lifts one, and the answer is the experiment as it stands then."""
    body = {"trial_concurrency": 5, "max_trial_number": None, "max_experiment_duration": "1h30m"}
    answer = await served.client.patch("/api/v1/experiment", json=body)
    expected = {"trial_concurrency": 5, "max_trial_number": None, "max_experiment_duration": 5400}
    assert (answer.status_code, answer.json()["limits"]) == (200, expected)


async def test_actions(served: Served) -> None:
    """Kill, stop, stop again, and a customised trial."""
    served.control.create("A")
    assert (await served.client.post("/api/v1/trials/A/kill")).status_code == 202
    added = await served.client.post("/api/v1/trials", json={"parameters": {"lr": 0.05, "layers": 2}})
    assert (added.status_code, added.json()) == (201, {"id": "custom1", "sequence_id": 1})
    for _ in range(2):
        assert (await served.client.post("/api/v1/experiment/stop")).status_code == 202
    assert served.control.profile().state is ExperimentState.STOPPING


async def test_a_snapshot_of_ten_thousand_trials(
    control: FakeControl, record_property: Callable[[str, object], None]
) -> None:
    """CPU of the first snapshot and of one after a single change; the bar allows for a busy machine."""
    for number in range(10_000):
        control.create(f"T{number:05}", {f"p{index}": number / (index + 1) for index in range(10)})
        control.report(f"T{number:05}", {"default": number / 7, "loss": 1 / (number + 1)}, MetricKind.FINAL)
        control.finish(f"T{number:05}", exit_code=0)
    snapshots = Snapshots(control)
    times = []
    for _ in range(3):
        began = time.process_time()
        snapshot = snapshots.take()
        times.append((time.process_time() - began) * 1000)
        control.note("something happened")
    record_property("snapshot ms", times)
    print(
        f"\nsnapshot: {times[0]:.0f} ms first, {min(times[1:]):.0f} ms later, "
        f"{len(snapshot.plain)} bytes, {len(snapshot.compressed)} compressed"
    )
    assert json.loads(gzip.decompress(snapshot.compressed))["created_at"][-1] == BEGINNING + 9999
    assert min(times[1:]) < 150


@pytest.mark.parametrize(
    ("parameters", "flat"),
    [
        ({}, {}),
        ({"a": {"_name": "x", "b": {"_name": "y", "c": 1}}}, {"a": "x", "a/b": "y", "a/b/c": 1}),
        ({"a": {"free": 1}}, {"a": {"free": 1}}),
        ({"a": math.inf}, {"a": {"$float": "inf"}}),
    ],
)
def test_parameters_are_flattened(parameters: dict[str, Any], flat: dict[str, Any]) -> None:
    """Only nested choices nest; other dicts are values."""
    assert dict(flatten(parameters)) == flat
