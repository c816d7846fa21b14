"""What trial code imports: fetch the parameters to try, report how well they did.

.. code-block:: python

    parameters = nni.get_next_parameter()
    nni.report_intermediate_result(accuracy)
    nni.report_final_result(accuracy)

Importing this package loads nothing and does nothing: a name is imported when it is first used. The trial's own names
need the standard library only; ``Experiment`` and ``NoMoreTrialError`` bring the core with them.
"""

# Type checkers take this for typing.TYPE_CHECKING, whose import would cost more than everything else here.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from typing import Any

    from nni.experiment import Experiment
    from nni.trial import (
        get_current_parameter,
        get_experiment_id,
        get_next_parameter,
        get_next_parameters,
        get_sequence_id,
        get_trial_id,
        report_final_result,
        report_intermediate_result,
    )
    from nni_core import __version__
    from nni_core.api import NoMoreTrialError

__all__ = [
    "Experiment",
    "NoMoreTrialError",
    "__version__",
    "get_current_parameter",
    "get_experiment_id",
    "get_next_parameter",
    "get_next_parameters",
    "get_sequence_id",
    "get_trial_id",
    "report_final_result",
    "report_intermediate_result",
]

_ELSEWHERE = {"Experiment": "nni.experiment", "NoMoreTrialError": "nni_core.api", "__version__": "nni_core"}
_SUBMODULES = frozenset({"assessor", "experiment", "trial", "tuner", "utils"})


def __getattr__(name: str) -> "Any":
    """Import a public name, or a submodule, when it is first used."""
    from importlib import import_module

    if name in _SUBMODULES:
        return import_module(f"nni.{name}")
    if name not in __all__:
        raise AttributeError(f"module 'nni' has no attribute {name!r}")
    value = getattr(import_module(_ELSEWHERE.get(name, "nni.trial")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
