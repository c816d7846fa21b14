"""What this distribution offers to the framework. Imported whenever plugins are listed: keep it light."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl

_TUNERS = (
    TunerSpec(
        name="Auto",
        summary="picks the tuner by search space, budget and results, says why, and hands over as the experiment grows",
        implementation="nni_tuner_auto.auto:AutoTuner",
        arguments="nni_tuner_auto.arguments:AutoArguments",
    ),
)


@hookimpl
def nni_tuners() -> Sequence[TunerSpec]:
    """Auto."""
    return _TUNERS
