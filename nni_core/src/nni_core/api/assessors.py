"""Assessors: what ends trials that are not worth their time, and how it is offered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar

from attrs import frozen


class AssessResult(StrEnum):
    """An assessor's verdict on a running trial."""

    Good = "Good"
    Bad = "Bad"


@frozen(kw_only=True)
class Verdict:
    """An assessor's verdict with its reason."""

    #: False ends the trial
    good: bool
    #: why, for people: it becomes the message of a trial that is ended
    reason: str = ""


class Assessor(ABC):
    """Decides which running trials are not worth their time. Lives beside the tuner, called from the same thread."""

    #: which number of intermediate results that are dicts it judges by; a plain number is ``default``
    metric: str = "default"

    #: True for assessors that are given results as they were reported, :class:`nni.assessor.Assessor`, whether there is
    #: a finite number in them or not
    free_form: ClassVar[bool] = False

    @abstractmethod
    def assess_trial(self, trial_job_id: str, trial_history: Sequence[float]) -> AssessResult | bool | Verdict:
        """Judge a trial by its intermediate results so far, in order; ``Bad`` or False ends it as EARLY_STOPPED.
        Results without a finite number under :attr:`metric` are left out."""

    def trial_end(self, trial_job_id: str, success: bool) -> None:
        """A trial is over; ``success`` is True when it ended as SUCCEEDED."""

    def close(self, *, failed: bool) -> None:
        """The last call, as :meth:`Tuner.close`."""


@frozen(kw_only=True)
class AssessorSpec:
    """Offers an assessor under a name. Fields as for :class:`TunerSpec`."""

    name: str
    summary: str
    implementation: str
    arguments: Any = None
    aliases: Sequence[str] = ()
