"""Starts that fail: the message has its place and its reason, and nothing is left behind."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]

SINKS = """
from nni_core.api import MetricSink, MetricSinkSpec
from nni_core.hookspecs import hookimpl

class Shut(MetricSink):
    def __init__(self):
        raise OSError("the door is shut")

@hookimpl
def nni_metric_sinks():
    return [
        MetricSinkSpec(name="shut", summary="cannot be opened", implementation=f"{__name__}:Shut"),
        MetricSinkSpec(name="vague", summary="is not there", implementation=f"{__name__}:Vague"),
    ]
"""


@pytest.mark.parametrize(("name", "reason"), [("shut", "the door is shut"), ("vague", "has no 'Vague'")])
def test_a_sink_that_cannot_be_opened_is_shown_at_its_line(user: Any, name: str, reason: str) -> None:
    """As a tuner is: file, line, the plugin's own words, exit code 2."""
    user.write("more.py", SINKS)
    user.config(extra=f"\nplugins: [./more.py]\nsinks: [{{name: {name}}}]\n")
    done = user.nnictl("create", "-c", "config.yaml", "-p", "0")
    line = (user.work / "config.yaml").read_text().splitlines().index(f"sinks: [{{name: {name}}}]") + 1
    assert done.returncode == 2, done.stderr
    assert f"config.yaml:{line}:" in done.stderr
    assert reason in done.stderr
    assert list((user.home / "nni-experiments").iterdir()) == []


def test_a_fault_of_the_manager_shows_its_log_before_it_is_removed(user: Any) -> None:
    """Nobody is sent to a file that is gone."""
    user.write("more.py", "from nni_core.hookspecs import hookimpl\n")
    user.config(extra="\nplugins: [./more.py]\n")
    user.write("more.py", "import os\nif 'nni_core.experiment.engine' in __import__('sys').modules: os._exit(9)\n")
    done = user.nnictl("create", "-c", "config.yaml", "-p", "0")
    assert done.returncode == 3, done.stderr
    assert "the manager ended while starting" in done.stderr
    assert "nnimanager.log" not in done.stderr
    assert list((user.home / "nni-experiments").iterdir()) == []
