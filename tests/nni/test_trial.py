"""The trial SDK inside an experiment."""

import math
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nni
from nni.spool import encode
from nni_core.model import MetricKind
from nni_core.wire import SpoolRecord

EnterTrial = Callable[..., Path]
ReadSpool = Callable[[], list[SpoolRecord]]


def values(records: list[SpoolRecord]) -> list[tuple[str, int, Any]]:
    return [(record.kind.value, record.sequence, record.value) for record in records]


def test_ids_are_those_of_the_environment(enter_trial: EnterTrial) -> None:
    """A trial knows who it is."""
    enter_trial()
    assert (nni.get_experiment_id(), nni.get_trial_id(), nni.get_sequence_id()) == ("p43ny6ew", "AbCdE", 7)


def test_parameters_are_the_same_every_time(enter_trial: EnterTrial) -> None:
    """A second call gives the same parameters, whatever the script did to the first answer."""
    enter_trial({"lr": 0.1, "layer": {"_name": "conv", "size": 3}})
    first = nni.get_next_parameter()
    first["layer"]["size"] = 99
    assert nni.get_next_parameters() == {"lr": 0.1, "layer": {"_name": "conv", "size": 3}}


def test_infinite_parameters_arrive(enter_trial: EnterTrial) -> None:
    """What JSON cannot hold is still a float in the trial."""
    enter_trial({"bound": math.inf})
    assert nni.get_next_parameter() == {"bound": math.inf}


def test_current_parameter(enter_trial: EnterTrial) -> None:
    """None before the parameters were fetched; then all of them, or one by name."""
    enter_trial({"lr": 0.1})
    assert nni.get_current_parameter() is None
    assert nni.get_current_parameter("lr") is None
    nni.get_next_parameter()
    assert nni.get_current_parameter() == {"lr": 0.1}
    assert nni.get_current_parameter("lr") == 0.1
    with pytest.raises(KeyError, match="momentum"):
        nni.get_current_parameter("momentum")


def test_reports_reach_the_spool(enter_trial: EnterTrial, read_spool: ReadSpool) -> None:
    """Intermediate results are counted from 0, the final one is 0; each names its parameters."""
    enter_trial()
    nni.get_next_parameter()
    nni.report_intermediate_result(0.25)
    nni.report_intermediate_result({"default": 0.5, "loss": math.inf})
    nni.report_final_result(0.75)
    records = read_spool()
    assert values(records) == [
        ("PERIODICAL", 0, 0.25),
        ("PERIODICAL", 1, {"default": 0.5, "loss": math.inf}),
        ("FINAL", 0, 0.75),
    ]
    assert {record.parameter_id for record in records} == {3}
    assert all(record.timestamp > 1_700_000_000_000 for record in records)


def test_spool_is_private(enter_trial: EnterTrial) -> None:
    """Other users of the machine cannot read or write results."""
    directory = enter_trial()
    nni.get_next_parameter()
    nni.report_final_result(1)
    assert (directory / ".nni").stat().st_mode & 0o077 == 0
    assert (directory / ".nni" / "metrics").stat().st_mode & 0o077 == 0


def test_nan_is_tagged(enter_trial: EnterTrial, read_spool: ReadSpool) -> None:
    """NaN travels as strict JSON."""
    directory = enter_trial()
    nni.get_next_parameter()
    nni.report_final_result(math.nan)
    assert b'{"$float":"nan"}' in (directory / ".nni" / "metrics").read_bytes()
    assert math.isnan(read_spool()[0].value)


def test_first_final_counts(enter_trial: EnterTrial, read_spool: ReadSpool) -> None:
    """A second final result is ignored, and the user's own line is named."""
    enter_trial()
    nni.get_next_parameter()
    nni.report_final_result(1)
    with pytest.warns(RuntimeWarning, match="^this second final result is ignored") as caught:
        nni.report_final_result(2)
    assert caught[0].filename == __file__
    assert values(read_spool()) == [("FINAL", 0, 1)]


def test_nothing_follows_the_final(enter_trial: EnterTrial, read_spool: ReadSpool) -> None:
    """An intermediate result after the final one is ignored with a warning."""
    enter_trial()
    nni.get_next_parameter()
    nni.report_final_result(1)
    with pytest.warns(RuntimeWarning, match="^this intermediate result is ignored: the trial has reported its final"):
        nni.report_intermediate_result(2)
    assert len(read_spool()) == 1


def test_a_refused_value_leaves_no_trace(enter_trial: EnterTrial, read_spool: ReadSpool) -> None:
    """After a TypeError the trial may report something better."""
    enter_trial()
    nni.get_next_parameter()
    with pytest.raises(TypeError, match=r"report float\(x\)"):
        nni.report_final_result("0.9")
    nni.report_final_result(0.9)
    assert values(read_spool()) == [("FINAL", 0, 0.9)]


def test_reporting_first_is_remarked_once(enter_trial: EnterTrial, read_spool: ReadSpool) -> None:
    """Results that came before the parameters were fetched count, with one warning."""
    enter_trial()
    with pytest.warns(RuntimeWarning, match=r"a result came before nni\.get_next_parameter\(\) was called"):
        nni.report_intermediate_result(1)
    nni.report_intermediate_result(2)
    assert [record.sequence for record in read_spool()] == [0, 1]


def test_missing_parameter_file(enter_trial: EnterTrial) -> None:
    """Without its parameters a trial cannot go on; the path is named."""
    (enter_trial() / "parameter.cfg").unlink()
    with pytest.raises(RuntimeError, match=r"cannot read the trial's parameters: .*parameter\.cfg"):
        nni.get_next_parameter()


@pytest.mark.parametrize("content", ["", "[]", '{"parameter_id": 3}', '{"parameter_id": 3, "parameters": 1}', "\udcff"])
def test_damaged_parameter_file(enter_trial: EnterTrial, content: str) -> None:
    """A file that holds no parameters is named too."""
    (enter_trial() / "parameter.cfg").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(RuntimeError, match=r"parameter\.cfg is not a parameter file"):
        nni.get_next_parameter()


def test_deleted_directory_is_remarked_once(enter_trial: EnterTrial) -> None:
    """A trial whose directory was deleted goes on; it does not make the directory again."""
    directory = enter_trial()
    nni.get_next_parameter()
    shutil.rmtree(directory)
    with pytest.warns(RuntimeWarning, match=r"cannot be written to .* and are lost: No such file or directory"):
        nni.report_intermediate_result(1)
    nni.report_final_result(2)
    assert not directory.exists()


def test_full_disk_is_remarked_once(enter_trial: EnterTrial) -> None:
    """A full disk does not end a trial."""
    directory = enter_trial()
    (directory / ".nni").mkdir()
    (directory / ".nni" / "metrics").symlink_to("/dev/full")
    nni.get_next_parameter()
    with pytest.warns(RuntimeWarning, match="are lost: No space left on device"):
        nni.report_intermediate_result(1)
    nni.report_final_result(2)


def test_reports_go_on_when_the_spool_was_deleted(enter_trial: EnterTrial, read_spool: ReadSpool) -> None:
    """A deleted spool is begun anew, and numbers are not used twice."""
    directory = enter_trial()
    nni.get_next_parameter()
    nni.report_intermediate_result(1)
    shutil.rmtree(directory / ".nni")
    nni.report_intermediate_result(2)
    assert values(read_spool()) == [("PERIODICAL", 1, 2)]


def test_foreign_lines_in_the_spool_do_no_harm(enter_trial: EnterTrial) -> None:
    """Sound records of strange content, written by someone else, do not disturb a report."""
    directory = enter_trial()
    (directory / ".nni").mkdir()
    strange = [encode({"kind": ["FINAL"]}), b"rubbish\n", b"00000002 0d4a1185 []"]
    (directory / ".nni" / "metrics").write_bytes(b"".join(strange))
    nni.get_next_parameter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nni.report_intermediate_result(1)
    assert (directory / ".nni" / "metrics").read_bytes().count(b"\n") == 4


def test_kinds_are_the_manager_s(enter_trial: EnterTrial) -> None:
    """Both halves of the protocol mean the same by a kind."""
    from nni import spool

    assert {spool.PERIODICAL, spool.FINAL} == set(MetricKind)
