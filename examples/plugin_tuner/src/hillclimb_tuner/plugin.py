"""What this distribution offers. Imported whenever plugins are listed, so it imports nothing heavy: the tuner itself is
named by its dotted path, and imported where it is used."""

from __future__ import annotations

from collections.abc import Sequence

from hillclimb_tuner.arguments import HillClimbArguments
from nni_core.api import TunerSpec
from nni_core.hookspecs import hookimpl


@hookimpl
def nni_tuners() -> Sequence[TunerSpec]:
    """Offer ``HillClimb``."""
    return [
        TunerSpec(
            name="HillClimb",
            summary="small changes of the best parameters so far, with a step size that adapts itself",
            implementation="hillclimb_tuner.tuner:HillClimbTuner",
            arguments=HillClimbArguments,
        )
    ]
