"""How an experiment is shown to Python programs: records, tables, bars."""

import builtins
import json
from typing import Any

import pytest

from nni_core.client.data_frame import trials_frame
from nni_core.client.progress_bar import Lines, TerminalBar, in_notebook, progress_display
from nni_core.client.summaries import ExperimentSummary
from nni_core.client.summary_html import summary_html
from nni_core.client.trial_data import TrialJob, TrialMetricData, TrialResult
from nni_core.errors import MachineError


def document(number: int, value: Any, status: str = "SUCCEEDED", **more: Any) -> dict[str, Any]:
    """A trial as NNI's REST interface tells it."""
    record = {"parameter_id": number, "parameter_source": "algorithm", "parameters": {"lr": 0.1 * number}}
    metric = {
        "timestamp": 2000,
        "trialJobId": f"t{number}",
        "parameterId": str(number),
        "type": "FINAL",
        "sequence": 0,
        "data": json.dumps(json.dumps(value)),
    }
    final = {"finalMetricData": [metric]} if value is not None else {}
    return {
        "trialJobId": f"t{number}",
        "status": status,
        "hyperParameters": [json.dumps(record)],
        "logPath": "/x",
        "startTime": 1000,
        "sequenceId": number,
        **final,
        **more,
    }


def test_a_trial_is_read() -> None:
    """JSON inside JSON is unwrapped; what is not there has NNI's default; a customised trial is a trial like any."""
    trial = TrialJob.from_document(document(3, {"default": 0.5}, endTime=2000, novelty=1))
    assert trial.hyperParameters[0].parameters == {"lr": pytest.approx(0.3)}
    assert trial.hyperParameters[0].parameter_index == 0
    assert trial.finalMetricData[0].data == {"default": 0.5}
    waiting = TrialJob.from_document(document(4, None, "WAITING"))
    assert (waiting.endTime, waiting.message, waiting.stderrPath, waiting.finalMetricData) == (-1, "--", "", [])


def test_results_and_reports_are_read() -> None:
    """The other two records."""
    result = TrialResult.from_document({"parameter": {"x": 1}, "value": "0.5", "trialJobId": "a"})
    assert (result.parameter, result.value) == ({"x": 1}, 0.5)
    assert TrialMetricData.from_document(document(1, 7)["finalMetricData"][0]).data == 7


def test_a_data_frame_has_a_row_for_every_trial() -> None:
    """Parameters, metrics, times."""
    trials = [document(0, {"default": 1, "loss": 2}, endTime=3000), document(1, None, "RUNNING")]
    frame = trials_frame([TrialJob.from_document(one) for one in trials])
    assert list(frame.sequence_id) == [0, 1]
    assert frame.params_lr.tolist() == [0.0, 0.1]
    assert frame.value.tolist()[0] == 1
    assert frame.metrics_loss.tolist()[0] == 2
    assert (frame.ended - frame.started).dt.total_seconds().tolist()[0] == 2
    assert frame.ended.isna().tolist() == [False, True]
    assert trials_frame([]).empty


def test_without_pandas_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the user's to install."""
    real = builtins.__import__

    def refuse(name: str, *rest: Any) -> Any:
        if name == "pandas":
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MachineError, match=r"NNI640.*pandas, which is not installed\n.*pip install pandas"):
        trials_frame([])


def summary(finished: int, status: str = "RUNNING", **more: Any) -> ExperimentSummary:
    given = {"counts": {"SUCCEEDED": finished, "RUNNING": 1}, "max_trial_number": 10, "best": 0.5, "best_trial": 3}
    return ExperimentSummary(id="abc", directory="/x", status=status, **{**given, **more})


def test_html_escapes_what_users_wrote() -> None:
    """A name and a reason may hold anything."""
    html = summary_html(summary(3, name="<b>&", reason="<script>"), ["http://127.0.0.1:8080"])
    assert "&lt;b&gt;&amp;" in html
    assert "<script>" not in html
    assert "<progress value='3' max='10'>" in html
    assert "0.5 (trial 3)" in html


def test_html_of_an_experiment_without_limit_or_result() -> None:
    """There is no bar to fill, and no best."""
    html = summary_html(summary(3, max_trial_number=None, best=None), [])
    assert "<progress" not in html
    assert "best" not in html


def test_lines_come_with_news_and_not_too_often(capsys: pytest.CaptureFixture[str]) -> None:
    """At most one in ten seconds, but at once when the state changes."""
    now = [0.0]
    lines = Lines(lambda: now[0])
    for time, one in [(0, summary(0)), (1, summary(1)), (11, summary(2)), (12, summary(2)), (13, summary(3, "DONE"))]:
        now[0] = time
        lines.show(one)
    lines.close()
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(" trials")[0] for line in said] == ["RUNNING: 0/10", "RUNNING: 2/10", "DONE: 3/10"]


def test_a_bar_in_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with what was shown last."""
    bar = TerminalBar()
    bar.show(summary(7, counts={"SUCCEEDED": 6, "FAILED": 1}))
    bar.close()
    assert "7/10 trials, 1 failed, best 0.5 (trial 3)" in capsys.readouterr().out


def test_outside_notebook_and_terminal_lines_are_shown() -> None:
    """As here."""
    assert not in_notebook()
    assert isinstance(progress_display([]), Lines)
