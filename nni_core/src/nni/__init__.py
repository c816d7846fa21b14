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

    from nni.checkpoints import get_checkpoint_directory
    from nni.class_args import ClassArgsValidator
    from nni.experiment import Experiment
    from nni.json_text import dump, load
    from nni.printing import enable_global_logging, silence_stdout
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
    from nni.trial_error import TrialError
    from nni_core import __version__
    from nni_core.api import NoMoreTrialError
    from nni_core.client.study import Study

__all__ = [
    "ClassArgsValidator",
    "Experiment",
    "NoMoreTrialError",
    "Study",
    "TrialError",
    "__version__",
    "dump",
    "enable_global_logging",
    "get_checkpoint_directory",
    "get_current_parameter",
    "get_experiment_id",
    "get_next_parameter",
    "get_next_parameters",
    "get_sequence_id",
    "get_trial_id",
    "load",
    "report_final_result",
    "report_intermediate_result",
    "silence_stdout",
]

_ELSEWHERE = {
    "ClassArgsValidator": "nni.class_args",
    "Experiment": "nni.experiment",
    "NoMoreTrialError": "nni_core.api",
    "Study": "nni_core.client.study",
    "TrialError": "nni.trial_error",
    "__version__": "nni_core",
    "dump": "nni.json_text",
    "enable_global_logging": "nni.printing",
    "get_checkpoint_directory": "nni.checkpoints",
    "load": "nni.json_text",
    "silence_stdout": "nni.printing",
}
_SUBMODULES = frozenset({"assessor", "experiment", "parameter_expressions", "trial", "tuner", "typehint", "utils"})
#: names of NNI's neural architecture search and model compression, which this project leaves out
_ARCHITECTURE_SEARCH = frozenset(
    {
        "choice", "get_default_framework", "lognormal", "loguniform", "nas", "normal", "qlognormal", "qloguniform",
        "qnormal", "quniform", "randint", "set_default_framework", "trace", "training_update", "uniform",
    }
)  # fmt: skip


def __getattr__(name: str) -> "Any":
    """Import a public name, or a submodule, when it is first used."""
    from importlib import import_module

    if name in _SUBMODULES:
        return import_module(f"nni.{name}")
    if name in _ARCHITECTURE_SEARCH:
        raise AttributeError(f"nni.{name} belongs to NNI's architecture search, which is not part of this project")
    if name not in __all__:
        raise AttributeError(f"module 'nni' has no attribute {name!r}")
    value = getattr(import_module(_ELSEWHERE.get(name, "nni.trial")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
