"""What this distribution offers to the framework. Imported whenever plugins are listed: keep it light."""

from __future__ import annotations

from collections.abc import Sequence

from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl

_TUNERS = (
    TunerSpec(
        name="Optuna",
        summary="any sampler of Optuna, for one objective or several",
        implementation="nni_tuner_optuna.optuna_tuner:OptunaTuner",
        arguments="nni_tuner_optuna.arguments:OptunaArguments",
    ),
)


@hookimpl
def nni_tuners() -> Sequence[TunerSpec]:
    """Optuna."""
    return _TUNERS
