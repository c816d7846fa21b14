"""What this distribution offers to the framework. Imported whenever plugins are listed: keep it light."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl

_TUNERS = (
    TunerSpec(
        name="TPE",
        summary="tree-structured Parzen estimator over all parameters together, or NNI's, for one objective or several",
        implementation="nni_tuner_tpe.tpe:TpeTuner",
        arguments="nni_tuner_tpe.arguments:TpeTunerArguments",
    ),
    TunerSpec(
        name="TPE_legacy",
        summary="tree-structured Parzen estimator of hyperopt",
        implementation="nni_tuner_tpe.hyperopt_tuner:HyperoptTpeTuner",
        arguments="nni_tuner_tpe.arguments:HyperoptArguments",
    ),
    TunerSpec(
        name="Anneal",
        summary="simulated annealing of hyperopt: random draws that close in on the best trials",
        implementation="nni_tuner_tpe.hyperopt_tuner:HyperoptAnnealTuner",
        arguments="nni_tuner_tpe.arguments:HyperoptArguments",
    ),
)


@hookimpl
def nni_tuners() -> Sequence[TunerSpec]:
    """TPE, TPE_legacy and Anneal."""
    return _TUNERS
