"""The trial's half of an experiment: fetch parameters, report results. Outside an experiment, print them.

The manager leaves the parameters in a file and names its folder in the environment; results are appended to the
spool (:mod:`nni.spool`) in the same folder. Nothing here waits for the manager, and no trouble with the spool ends a
trial: it is said once, as a warning.
"""

# No pathlib, as in nni.spool.
# ruff: noqa: PTH118, PTH123

from __future__ import annotations

import functools
import os
import time
import warnings

from nni.metric import checked
from nni.spool import ERROR, FINAL, PERIODICAL, Appended, Spool, dump, load

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging
    from typing import Any

__all__ = [
    "get_current_parameter",
    "get_experiment_id",
    "get_next_parameter",
    "get_next_parameters",
    "get_sequence_id",
    "get_trial_id",
    "report_final_result",
    "report_intermediate_result",
]

PARAMETER_FILE = "parameter.cfg"

# From the warning's place, past the method and the public function, to the user's line.
_USER_LINE = 3


def get_next_parameter() -> dict[str, Any]:
    """The parameters that this trial is to try, as ``{name: value}``. The same ones however often it is called.

    Outside an experiment: a RuntimeWarning and an empty dict, so that defaults of your own are used.

    :raises RuntimeError: when the parameter file is missing or damaged.
    """
    return _trial().next_parameters()


get_next_parameters = get_next_parameter


def get_current_parameter(tag: str | None = None) -> Any:
    """What :func:`get_next_parameter` returned, or the value named ``tag`` of it; None before that call.

    :raises KeyError: when there is no parameter of this name.
    """
    parameters = _trial().current_parameters()
    return parameters if tag is None or parameters is None else parameters[tag]


def report_intermediate_result(metric: object) -> None:
    """Report how well the trial does so far: a number, or a dict with a number under ``default``.

    Numpy scalars and tensors of one element are taken too, and so are NaN and infinities, which no tuner learns from.
    Ignored with a warning after the final result. When several processes train together, report from rank 0 only.

    :raises TypeError, ValueError: when ``metric`` is not such a value.
    """
    _trial().report(PERIODICAL, checked(metric))


def report_final_result(metric: object) -> None:
    """Report the result of the trial, once. The first one counts: another is ignored with a warning.

    ``metric`` is as for :func:`report_intermediate_result`.

    :raises TypeError, ValueError: when ``metric`` is not such a value.
    """
    _trial().report(FINAL, checked(metric))


def get_experiment_id() -> str:
    """The experiment's id; ``STANDALONE`` outside one."""
    return os.environ.get("NNI_EXP_ID", "STANDALONE")


def get_trial_id() -> str:
    """The trial's id; ``STANDALONE`` outside an experiment."""
    return os.environ.get("NNI_TRIAL_JOB_ID", "STANDALONE")


def get_sequence_id() -> int:
    """The trial's number in its experiment, counted from 0; 0 outside one."""
    return int(os.environ.get("NNI_TRIAL_SEQ_ID", "0"))


def give_up(message: str, *, retryable: bool) -> None:
    """Tell the manager why the trial fails; for :class:`nni.TrialError`, which ends it.

    :raises OSError, RuntimeError: when that cannot be written down.
    """
    _trial().give_up(message, retryable=retryable)


@functools.cache
def _trial() -> _TrialOfExperiment | _StandAlone:
    directory = os.environ.get("NNI_SYS_DIR")
    return _TrialOfExperiment(directory) if directory else _StandAlone()


class _TrialOfExperiment:
    """Reads its parameters from the trial's directory and writes results to the spool there."""

    def __init__(self, directory: str) -> None:
        self._parameter_file = os.path.join(directory, PARAMETER_FILE)
        self._spool = Spool(directory)
        self._was_asked = False
        self._said: set[str] = set()

    def next_parameters(self) -> dict[str, Any]:
        self._was_asked = True
        return self._parameters()

    def current_parameters(self) -> dict[str, Any] | None:
        return self._parameters() if self._was_asked else None

    def report(self, kind: str, value: Any) -> None:
        if remark := self._append(kind, value):
            self._said.add(remark)
            warnings.warn(remark, RuntimeWarning, stacklevel=_USER_LINE)

    def give_up(self, message: str, *, retryable: bool) -> None:
        self._spool.append(ERROR, self._about({"message": message, "retryable": retryable}))

    def _about(self, value: Any) -> dict[str, Any]:
        return {
            "parameter_id": self._record["parameter_id"],
            "trial_job_id": get_trial_id(),
            "value": value,
            "timestamp": time.time_ns() // 1_000_000,
        }

    def _append(self, kind: str, value: Any) -> str | None:
        """Write the result; what there is to say about it, unless it was said before."""
        about = self._about(value)
        try:
            appended = self._spool.append(kind, about)
        except OSError as error:
            return self._once(f"results cannot be written to {self._spool.path} and are lost: {error.strerror}")
        if appended is Appended.AFTER_FINAL:
            return _ignored(kind)
        if appended is Appended.AMONG_OTHERS:
            return self._once("several processes of this trial report results: report from one, rank 0, only")
        if not self._was_asked:
            return self._once(
                "a result came before nni.get_next_parameter() was called: does the trial use its parameters?"
            )
        return None

    def _once(self, remark: str) -> str | None:
        return None if remark in self._said else remark

    def _parameters(self) -> dict[str, Any]:
        # A copy of its own for every caller: what one changes, another does not see.
        return dict(load(dump(self._record["parameters"])))

    @functools.cached_property
    def _record(self) -> dict[str, Any]:
        try:
            with open(self._parameter_file, "rb") as file:
                record = load(file.read())
            return {"parameter_id": record["parameter_id"], "parameters": dict(record["parameters"])}
        except OSError as error:
            raise RuntimeError(f"cannot read the trial's parameters: {error}") from error
        except (ValueError, TypeError, KeyError) as error:
            raise RuntimeError(f"{self._parameter_file} is not a parameter file: {error!r}") from error


class _StandAlone:
    """Stands in for an experiment when the script is run by itself."""

    def __init__(self) -> None:
        self._was_asked = False
        self._intermediates = 0
        self._has_final = False

    def next_parameters(self) -> dict[str, Any]:
        self._was_asked = True
        warnings.warn(
            "this script runs outside an experiment: nni.get_next_parameter() returns an empty dict, and results are "
            "only printed; `nnictl create` starts an experiment",
            RuntimeWarning,
            stacklevel=_USER_LINE,
        )
        return {}

    def current_parameters(self) -> dict[str, Any] | None:
        return {} if self._was_asked else None

    def report(self, kind: str, value: Any) -> None:
        if self._has_final:
            warnings.warn(_ignored(kind), RuntimeWarning, stacklevel=_USER_LINE)
        elif kind == PERIODICAL:
            _logger().info("Intermediate result: %s  (Index %s)", value, self._intermediates)
            self._intermediates += 1
        else:
            _logger().info("Final result: %s", value)
            self._has_final = True

    def give_up(self, message: str, *, retryable: bool) -> None:
        """Nobody listens; the traceback says it all."""


def _ignored(kind: str) -> str:
    name = "intermediate" if kind == PERIODICAL else "second final"
    return f"this {name} result is ignored: the trial has reported its final result"


@functools.cache
def _logger() -> logging.Logger:
    """The logger ``nni``, shown on stdout unless the script has set up logging itself."""
    import logging
    import sys

    logger = logging.getLogger("nni")
    if not logger.hasHandlers():
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("[%(asctime)s] %(message)s", "%Y-%m-%d %H:%M:%S"))
        logger.addHandler(handler)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    return logger
