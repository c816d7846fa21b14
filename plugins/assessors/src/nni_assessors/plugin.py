"""What this distribution offers to the framework. Imported whenever plugins are listed: keep it light."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import AssessorSpec
from nni_core.hookspecs import hookimpl

_ASSESSORS = (
    AssessorSpec(
        name="Medianstop",
        summary="ends trials whose best result is worse than the median of finished trials at the same step",
        implementation="nni_assessors.percentile:Medianstop",
        arguments="nni_assessors.arguments:MedianstopArguments",
    ),
    AssessorSpec(
        name="Percentile",
        summary="the median rule with a percentile of your own",
        implementation="nni_assessors.percentile:Percentile",
        arguments="nni_assessors.arguments:PercentileArguments",
    ),
    AssessorSpec(
        name="Patience",
        summary="ends trials that have not got better for a while",
        implementation="nni_assessors.patience:Patience",
        arguments="nni_assessors.arguments:PatienceArguments",
    ),
    AssessorSpec(
        name="ASHA",
        summary="asynchronous successive halving: at each rung the best share of the trials goes on",
        implementation="nni_assessors.asha:Asha",
        arguments="nni_assessors.arguments:AshaArguments",
    ),
    AssessorSpec(
        name="Curvefitting",
        summary="ends trials whose learning curve is not going to reach the best result",
        implementation="nni_assessors.curvefitting:Curvefitting",
        arguments="nni_assessors.arguments:CurvefittingArguments",
    ),
)


@hookimpl
def nni_assessors() -> Sequence[AssessorSpec]:
    """Medianstop, Percentile, Patience, ASHA and Curvefitting."""
    return _ASSESSORS
