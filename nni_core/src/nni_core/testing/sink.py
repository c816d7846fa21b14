"""What every metric sink must do. Subclass :class:`SinkContract` and override its fixture ``sink``."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import evolve

from nni_core.api import ExperimentInfo, MetricSink
from nni_core.model import (
    AttemptId,
    ExperimentId,
    ExperimentState,
    Json,
    Metric,
    MetricKind,
    Parameters,
    Trial,
    TrialId,
    TrialState,
)

#: makes a new sink
SinkFactory = Callable[[], MetricSink]


def an_experiment(directory: Path, *, resumed: bool = False) -> ExperimentInfo:
    """An experiment that lives in a directory."""
    config = {"trialCommand": "python trial.py", "trialConcurrency": 2, "tuner": {"name": "TPE"}}
    return ExperimentInfo(
        id=ExperimentId("aBcDeFgH"), name="digits", directory=directory, config=config, resumed=resumed
    )


def a_trial(sequence_id: int = 0, parameters: Parameters | None = None) -> Trial:
    """A trial that waits."""
    return Trial(
        id=TrialId(f"trial{sequence_id}"),
        sequence_id=sequence_id,
        parameter_id=sequence_id,
        parameters={"lr": 0.01, "layer": {"_name": "cnn", "kernel": 3}} if parameters is None else parameters,
        attempt_id=AttemptId(f"attempt{sequence_id}"),
        created_at=1_700_000_000_000 + sequence_id,
    )


def a_metric(trial: Trial, value: Json, *, sequence: int = 0, kind: MetricKind = MetricKind.PERIODICAL) -> Metric:
    """A report of a trial."""
    return Metric(
        trial_id=trial.id,
        parameter_id=trial.parameter_id,
        kind=kind,
        sequence=sequence,
        value=value,
        timestamp=trial.created_at + 1000 * (sequence + 1),
    )


def tell_life(sink: MetricSink, trial: Trial, *values: Json, state: TrialState = TrialState.SUCCEEDED) -> None:
    """Everything that a sink hears of one trial; the last value is the final result, the others are intermediate."""
    sink.trial_created(trial)
    running = evolve(trial, state=TrialState.RUNNING, started_at=trial.created_at + 10)
    sink.trial_started(running)
    for sequence, value in enumerate(values[:-1]):
        sink.metric_reported(running, a_metric(running, value, sequence=sequence))
    final = a_metric(running, values[-1], kind=MetricKind.FINAL) if values else None
    if final is not None:
        sink.metric_reported(running, final)
    exit_code = 0 if state is TrialState.SUCCEEDED else 1
    sink.trial_ended(evolve(running, state=state, final=final, exit_code=exit_code, ended_at=trial.created_at + 9000))


class SinkContract:
    """``sink`` answers with a function that makes a new sink; if it writes somewhere, each writes to the same place."""

    @pytest.fixture
    def sink(self) -> SinkFactory:
        raise NotImplementedError("override this fixture")

    def test_a_whole_experiment_is_heard(self, sink: SinkFactory, tmp_path: Path) -> None:
        """Trials that succeed, fail, are killed, are stopped early, and one that reports nothing."""
        instance = sink()
        instance.start(an_experiment(tmp_path))
        ends = (TrialState.SUCCEEDED, TrialState.FAILED, TrialState.USER_CANCELED, TrialState.EARLY_STOPPED)
        for number, state in enumerate(ends):
            tell_life(instance, a_trial(number), 0.1, 0.5, 0.9, state=state)
        tell_life(instance, a_trial(len(ends)))
        instance.stop(ExperimentState.DONE)

    def test_trials_may_be_interleaved(self, sink: SinkFactory, tmp_path: Path) -> None:
        """Trials that run at the same time report in turn."""
        instance = sink()
        instance.start(an_experiment(tmp_path))
        trials = [a_trial(number) for number in range(3)]
        for trial in trials:
            instance.trial_created(trial)
        for sequence in range(4):
            for trial in trials:
                instance.metric_reported(trial, a_metric(trial, sequence / 4, sequence=sequence))
        for trial in trials:
            instance.trial_ended(evolve(trial, state=TrialState.SYS_CANCELED))
        instance.stop(ExperimentState.STOPPED)

    @pytest.mark.parametrize(
        "value",
        [
            7,
            1e300,
            float("nan"),
            float("-inf"),
            {"default": 0.5, "loss": float("inf"), "table": [1, {"deep": None}]},
            {"default": 0.5, "название": "\N{SNOWMAN}\n\x1b[31m"},
        ],
        ids=repr,
    )
    def test_any_value_is_heard(self, sink: SinkFactory, tmp_path: Path, value: Json) -> None:
        """Whatever a trial may report: sinks hear values that are not numbers too."""
        instance = sink()
        instance.start(an_experiment(tmp_path))
        tell_life(instance, a_trial(), value, value)
        instance.stop(ExperimentState.DONE)

    def test_any_parameters_are_heard(self, sink: SinkFactory, tmp_path: Path) -> None:
        """Names and values in any script, with signs that mean something elsewhere, and lone surrogates."""
        instance = sink()
        instance.start(an_experiment(tmp_path))
        tell_life(instance, a_trial(0, {"größe/λ": "a,b;\t'\"\n", "=1+1": [None, True], "odd": "\ud800"}), 0.5)
        instance.stop(ExperimentState.DONE)

    def test_a_resumed_experiment_is_heard(self, sink: SinkFactory, tmp_path: Path) -> None:
        """A new sink after a resume hears of trials whose beginning an earlier one heard."""
        first = sink()
        first.start(an_experiment(tmp_path))
        first.trial_created(a_trial())
        first.stop(ExperimentState.STOPPED)
        second = sink()
        second.start(an_experiment(tmp_path, resumed=True))
        second.metric_reported(a_trial(), a_metric(a_trial(), 0.5, kind=MetricKind.FINAL))
        second.trial_ended(evolve(a_trial(), state=TrialState.SUCCEEDED, exit_code=0))
        second.stop(ExperimentState.DONE)

    def test_events_may_have_been_dropped(self, sink: SinkFactory, tmp_path: Path) -> None:
        """A sink that was too slow misses events: an end may come without a beginning."""
        instance = sink()
        instance.start(an_experiment(tmp_path))
        instance.trial_ended(evolve(a_trial(5), state=TrialState.FAILED, message="lost"))
        instance.stop(ExperimentState.ERROR)

    def test_an_experiment_may_be_empty(self, sink: SinkFactory, tmp_path: Path) -> None:
        """Stopped as soon as it began."""
        instance = sink()
        instance.start(an_experiment(tmp_path))
        instance.stop(ExperimentState.STOPPED)

    def test_it_is_called_in_another_thread(self, sink: SinkFactory, tmp_path: Path) -> None:
        """Made in one thread, a sink is called in another; stopped, it leaves no thread that keeps Python alive."""
        instance = sink()
        raised: list[BaseException] = []

        def life() -> None:
            try:
                instance.start(an_experiment(tmp_path))
                tell_life(instance, a_trial(), 0.1, 0.9)
                instance.stop(ExperimentState.DONE)
            except BaseException as error:  # noqa: BLE001 - handed on to the test
                raised.append(error)

        before = set(threading.enumerate())
        thread = threading.Thread(target=life)
        thread.start()
        thread.join(30)
        assert raised == [], f"the sink raised {raised}"
        left = [thread.name for thread in threading.enumerate() if thread not in before and not thread.daemon]
        assert left == [], f"the sink left threads behind: {left}"
