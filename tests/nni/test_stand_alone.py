"""A trial script run by hand, outside any experiment."""

import subprocess
import sys

import pytest

import nni

SCRIPT = """
import nni
print(nni.get_next_parameter())
for accuracy in (0.5, 0.75):
    nni.report_intermediate_result(accuracy)
nni.report_final_result({"default": 0.75, "loss": float("nan")})
"""


def test_a_script_runs_and_prints_its_results() -> None:
    """No parameters, one note on stderr, results on stdout."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert lines[0] == "{}"
    assert [line.partition("] ")[2] for line in lines[1:]] == [
        "Intermediate result: 0.5  (Index 0)",
        "Intermediate result: 0.75  (Index 1)",
        "Final result: {'default': 0.75, 'loss': nan}",
    ]
    assert done.stderr.count("RuntimeWarning: this script runs outside an experiment") == 1


def test_results_go_to_the_script_s_own_logging(caplog: pytest.LogCaptureFixture) -> None:
    """A script that has set up logging gets results there, at INFO, from the logger ``nni``."""
    nni.report_intermediate_result(0.5)
    assert caplog.record_tuples == [("nni", 20, "Intermediate result: 0.5  (Index 0)")]


def test_ids() -> None:
    """Ids are NNI's for stand-alone runs."""
    assert (nni.get_experiment_id(), nni.get_trial_id(), nni.get_sequence_id()) == ("STANDALONE", "STANDALONE", 0)


def test_current_parameter() -> None:
    """None before the parameters were asked for, an empty dict afterwards."""
    assert nni.get_current_parameter() is None
    with pytest.warns(RuntimeWarning, match="runs outside an experiment") as caught:
        assert nni.get_next_parameter() == {}
    assert caught[0].filename == __file__
    assert nni.get_current_parameter() == {}


def test_mistakes_show_before_an_experiment_is_started() -> None:
    """Wrong values and a second final result are named here as they would be in an experiment."""
    with pytest.raises(TypeError, match="must be a number"):
        nni.report_final_result("0.9")
    nni.report_final_result(0.9)
    with pytest.warns(RuntimeWarning, match="this second final result is ignored"):
        nni.report_final_result(0.8)
