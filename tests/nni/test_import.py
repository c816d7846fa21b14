"""``import nni`` costs nothing and offers the names that NNI users know."""

import subprocess
import sys

import pytest

import nni
import nni_core
import nni_core.api

TRIAL_NAMES = [
    "get_current_parameter",
    "get_experiment_id",
    "get_next_parameter",
    "get_next_parameters",
    "get_sequence_id",
    "get_trial_id",
    "report_final_result",
    "report_intermediate_result",
]


def modules_loaded_by(code: str) -> set[str]:
    script = f"import sys\nbefore = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


def test_import_loads_no_other_module() -> None:
    """The package itself is all that ``import nni`` loads."""
    assert modules_loaded_by("import nni") == {"nni"}


def test_a_trial_needs_the_standard_library_only() -> None:
    """Fetching parameters and reporting loads our trial half and the standard library, nothing else."""
    loaded = modules_loaded_by(
        "import nni, warnings\nwarnings.simplefilter('ignore')\n"
        "nni.get_next_parameter(); nni.report_intermediate_result({'default': 1}); nni.report_final_result(1.0)"
    )
    foreign = {name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign == {"nni", "nni.trial", "nni.spool", "nni.metric"}


def test_import_leaves_stdout_and_logging_alone() -> None:
    """Nothing is replaced or set up before the first call."""
    code = "import sys, logging; out = sys.stdout\nimport nni, nni.trial\nassert sys.stdout is out\n"
    code += "assert not logging.getLogger('nni').handlers and not logging.root.handlers"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", TRIAL_NAMES)
def test_trial_names_are_exported(name: str) -> None:
    """The names of NNI's trial SDK are functions of ``nni``."""
    assert callable(getattr(nni, name))
    assert name in dir(nni)


def test_submodules_are_reached_as_attributes() -> None:
    """``import nni`` is enough for ``nni.utils.merge_parameter``."""
    code = "import nni; nni.utils.merge_parameter; nni.trial.get_trial_id; nni.tuner.Tuner; nni.assessor.AssessResult"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_core_names_are_those_of_the_core() -> None:
    """Names that need the core are handed on from it."""
    assert nni.NoMoreTrialError is nni_core.api.NoMoreTrialError
    assert issubclass(nni.tuner.Tuner, nni_core.api.Tuner)
    assert issubclass(nni.assessor.Assessor, nni_core.api.Assessor)
    assert nni.assessor.AssessResult is nni_core.api.AssessResult
    assert nni.__version__ == nni_core.__version__


def test_an_unknown_name_is_an_attribute_error() -> None:
    """A misspelt name says which module lacks which attribute."""
    with pytest.raises(AttributeError, match="module 'nni' has no attribute 'get_parameter'"):
        nni.get_parameter  # noqa: B018
