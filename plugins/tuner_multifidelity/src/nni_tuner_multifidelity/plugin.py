"""What this distribution offers to the framework. Imported whenever plugins are listed: keep it light."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl

_TUNERS = (
    TunerSpec(
        name="ASHA",
        summary="asynchronous successive halving: the best of each budget go on with more, any tuner suggests new ones",
        implementation="nni_tuner_multifidelity.asha:AshaTuner",
        arguments="nni_tuner_multifidelity.arguments:AshaArguments",
    ),
    TunerSpec(
        name="Hyperband",
        summary="brackets of successive halving over random parameter sets",
        implementation="nni_tuner_multifidelity.hyperband:HyperbandTuner",
        arguments="nni_tuner_multifidelity.arguments:HyperbandArguments",
    ),
    TunerSpec(
        name="BOHB",
        summary="Hyperband whose parameter sets come from a model of the results",
        implementation="nni_tuner_multifidelity.bohb:BohbTuner",
        arguments="nni_tuner_multifidelity.arguments:BohbArguments",
    ),
    TunerSpec(
        name="DEHB",
        summary="Hyperband whose parameter sets come from differential evolution at each budget",
        implementation="nni_tuner_multifidelity.dehb:DehbTuner",
        arguments="nni_tuner_multifidelity.arguments:DehbArguments",
    ),
    TunerSpec(
        name="PBT",
        summary="population-based training: the worst go on from checkpoints of the best, with other parameters",
        implementation="nni_tuner_multifidelity.pbt:PbtTuner",
        arguments="nni_tuner_multifidelity.arguments:PbtArguments",
        aliases=("PBTTuner",),
    ),
)


@hookimpl
def nni_tuners() -> Sequence[TunerSpec]:
    """ASHA, Hyperband, BOHB, DEHB and PBT."""
    return _TUNERS
