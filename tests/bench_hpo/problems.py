"""What the contestants minimise: surrogates of trainings, and trainings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from tests.bench_hpo.learning import TASKS, Task
from tests.bench_hpo.spaces import Point, Space
from tests.bench_hpo.yahpo import Surrogate

#: the instances on which the settings of our own tuners were chosen
DEVELOPMENT = (
    "lcbench:7593",
    "lcbench:126026",
    "lcbench:34539",
    "lcbench:168331",
    "rbv2_xgboost:1040",
    "rbv2_xgboost:31",
    "rbv2_xgboost:1053",
    "rbv2_xgboost:1067",
)
#: the instances that were looked at when those were settled
KEPT_BACK = (
    "lcbench:167168",
    "lcbench:189873",
    "lcbench:189906",
    "lcbench:3945",
    "rbv2_xgboost:12",
    "rbv2_xgboost:1501",
    "rbv2_xgboost:16",
    "rbv2_xgboost:40499",
)


class Problem(Protocol):
    """A function of a point, the lower the better."""

    @property
    def name(self) -> str:
        """By which its results are kept."""

    @property
    def space(self) -> Space:
        """Where it is defined."""

    def values(self, points: Sequence[Point]) -> Sequence[float]:
        """What whole trials with these points report."""


@runtime_checkable
class WithEpochs(Problem, Protocol):
    """One that can be looked at after each epoch."""

    def curve(self, point: Point) -> Sequence[float]:
        """What is reported after the first, the second, ... epoch."""


#: names of sets of problems, for people who choose
SETS: Mapping[str, Sequence[str]] = {
    "development": DEVELOPMENT,
    "kept-back": KEPT_BACK,
    "learning": tuple(TASKS),
    "epochs": tuple(name for name in DEVELOPMENT if name.startswith("lcbench:")),
}


def problem(name: str, yahpo: Path | None) -> Problem:
    """The problem of that name: a task of :mod:`learning`, or ``scenario:instance`` of YAHPO."""
    scenario, _, instance = name.partition(":")
    return Surrogate.load(yahpo_folder(yahpo), scenario, instance) if instance else Task(name=name)


def yahpo_folder(yahpo: Path | None) -> Path:
    """:raises SystemExit: when it is not known."""
    if yahpo is None or not (yahpo / "lcbench" / "model.onnx").is_file():
        message = (
            "the surrogates of YAHPO are not part of this project: get github.com/slds-lmu/yahpo_data and say where\n"
            "its folders are, with --yahpo or NNI_YAHPO; --problems learning does without"
        )
        raise SystemExit(message)
    return yahpo
