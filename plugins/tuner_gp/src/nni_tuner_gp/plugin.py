"""What this distribution offers to the framework. Imported whenever plugins are listed: keep it light."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl

_TUNERS = (
    TunerSpec(
        name="GP",
        summary="Gaussian process: fewest trials, for one objective or several, with bounds on other results",
        implementation="nni_tuner_gp.gp:GpTuner",
        arguments="nni_tuner_gp.arguments:GpArguments",
        aliases=("GPTuner",),
    ),
    TunerSpec(
        name="Metis",
        summary="the tuner of NNI by this name: GP in its place",
        implementation="nni_tuner_gp.metis:MetisTuner",
        arguments="nni_tuner_gp.arguments:MetisArguments",
        aliases=("MetisTuner",),
    ),
)


@hookimpl
def nni_tuners() -> Sequence[TunerSpec]:
    """GP and Metis."""
    return _TUNERS
