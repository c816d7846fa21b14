"""What a plugin author reads: the things a plugin implements, and the specs its hooks return.

A tuner needs nothing but :class:`Tuner` and :class:`TunerSpec`. Everything here is stable under ``API_VERSION``.
"""

from __future__ import annotations

from nni_core.api.assessors import Assessor, AssessorSpec, AssessResult, Verdict
from nni_core.api.interfaces import CliCommandSpec, WebAppSpec
from nni_core.api.services import (
    AttemptStatus,
    Capabilities,
    LogChunk,
    NoCapacity,
    Rejected,
    ServiceContext,
    ServiceEvent,
    Submission,
    Submitted,
    TrainingService,
    TrainingServiceSpec,
    TrialExited,
    TrialLost,
    TrialOutput,
    TrialRequirements,
    TrialSpec,
    TrialStarted,
)
from nni_core.api.sinks import ExperimentInfo, MetricSink, MetricSinkSpec
from nni_core.api.tuners import (
    NoMoreTrialError,
    Proposal,
    TunedObjective,
    Tuner,
    TunerChoice,
    TunerSpec,
    objective_numbers,
)

__all__ = [
    "AssessResult",
    "Assessor",
    "AssessorSpec",
    "AttemptStatus",
    "Capabilities",
    "CliCommandSpec",
    "ExperimentInfo",
    "LogChunk",
    "MetricSink",
    "MetricSinkSpec",
    "NoCapacity",
    "NoMoreTrialError",
    "Proposal",
    "Rejected",
    "ServiceContext",
    "ServiceEvent",
    "Submission",
    "Submitted",
    "TrainingService",
    "TrainingServiceSpec",
    "TrialExited",
    "TrialLost",
    "TrialOutput",
    "TrialRequirements",
    "TrialSpec",
    "TrialStarted",
    "TunedObjective",
    "Tuner",
    "TunerChoice",
    "TunerSpec",
    "Verdict",
    "WebAppSpec",
    "objective_numbers",
]
