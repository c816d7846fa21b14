"""What this distribution offers to the framework. Imported whenever plugins are listed: keep it light."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl

_TUNERS = (
    TunerSpec(
        name="SMAC",
        summary="SMAC3: a random forest learns what results to expect",
        implementation="nni_tuner_smac.smac_tuner:SmacTuner",
        arguments="nni_tuner_smac.arguments:SmacArguments",
    ),
)


@hookimpl
def nni_tuners() -> Sequence[TunerSpec]:
    """SMAC."""
    return _TUNERS
