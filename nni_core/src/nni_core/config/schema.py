"""The experiment config as records, once everything in it is resolved: absolute paths, seconds, plugins' own names.

A field's metadata says what it is: ``doc`` in a sentence or two, with the reason for the default; ``unit``; an
``example`` for messages. Fields marked ``derived`` are not written by users.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import attrs
from attrs import field, frozen
from attrs.validators import and_, ge, le, optional

from nni_core.config.durations import Duration
from nni_core.config.failures import OnFailure, ShortRule
from nni_core.config.goals import ObjectiveConfig, StopWhen
from nni_core.config.gpu_indices import GpuIndices
from nni_core.config.metadata import described
from nni_core.config.order import lag_of
from nni_core.config.storage import SharedStorageConfig
from nni_core.model import Duplicates, Json

_LONGEST_NAME = 200
#: what every generator of random numbers takes
LARGEST_SEED = 2**32 - 1
_CLASS_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)+")


class LogLevel(StrEnum):
    """NNI's log levels."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"
    TRACE = "trace"


def _check_name(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is None:
        return
    if len(value) > _LONGEST_NAME:
        message = f"{attribute.name!r} must have at most {_LONGEST_NAME} characters, got {len(value)}"
        raise ValueError(message)
    if not value.strip() or not value.isprintable():
        raise ValueError(f"{attribute.name!r} must be printable text on one line, got {value[:60]!r}")


def _check_command(_: object, attribute: attrs.Attribute[Any], value: str | tuple[str, ...]) -> None:
    words = (value,) if isinstance(value, str) else value
    if not words or not words[0].strip():
        raise ValueError(f"{attribute.name!r} must not be empty; write what you would type in a shell")


def _check_class_name(_: object, attribute: attrs.Attribute[str | None], value: str | None) -> None:
    if value is not None and not _CLASS_NAME.fullmatch(value):
        raise ValueError(f"{attribute.name!r} must read module.Class, got {value!r}")


@frozen(kw_only=True)
class AlgorithmConfig:
    """A tuner or an assessor: the name of an installed one, or a class in the user's own code."""

    name: str | None = field(
        default=None,
        metadata=described("Name of an installed one, without regard to case; `distribution:name` picks one of two."),
    )
    class_name: str | None = field(
        default=None,
        validator=_check_class_name,
        metadata=described(
            "`module.Class` of an algorithm of your own, instead of a name.", example="my_tuner.MyTuner"
        ),
    )
    code_directory: Path | None = field(
        default=None,
        metadata=described("Directory in which the module of `class_name` lies; the config file's own when left out."),
    )
    class_args: Mapping[str, Any] = field(
        factory=dict,
        metadata=described("Arguments of the algorithm; `nnictl plugins list` and the documentation name them."),
    )
    #: ``class_args`` as the plugin's own record; None for a class of the user's
    arguments: Any = field(default=None, metadata={"derived": True})


@frozen(kw_only=True)
class SinkConfig:
    """A metric sink."""

    name: str = field(metadata=described("Name of an installed metric sink.", example="jsonl"))
    class_args: Mapping[str, Any] = field(factory=dict, metadata=described("Arguments of the sink."))
    #: ``class_args`` as the plugin's own record
    arguments: Any = field(default=None, metadata={"derived": True})


@frozen(kw_only=True)
class TrainingServiceConfig:
    """Where trials run. The other keys of the section are those of the service."""

    platform: str = field(metadata=described("Name of an installed training service.", example="local"))
    #: the service's own keys, as its own record
    arguments: Any = field(default=None, metadata={"derived": True})


@frozen(kw_only=True)
class ExperimentConfig:
    """One experiment."""

    experiment_name: str | None = field(
        default=None,
        validator=_check_name,
        metadata=described("Shown in lists and in the portal; experiments are told apart by their ids."),
    )
    experiment_type: Literal["hpo"] = field(
        default="hpo", metadata=described("Always `hpo`: NNI's other type, `nas`, is not supported.")
    )
    search_space: Mapping[str, Json] | None = field(
        default=None, metadata=described("The hyper-parameters and their ranges. Either this or `search_space_file`.")
    )
    search_space_file: Path | None = field(
        default=None,
        metadata=described("YAML or JSON file that holds the search space.", example="search_space.json"),
    )
    trial_command: str | tuple[str, ...] = field(
        validator=_check_command,
        metadata=described(
            "Command of a trial: a text for the shell, or a list of a program and its arguments.",
            example="python model.py",
        ),
    )
    trial_code_directory: Path = field(
        default=Path(),
        metadata=described("Where the command runs. Relative to the config file, so that the two can move together."),
    )
    trial_concurrency: int = field(
        validator=ge(1), metadata=described("How many trials run at the same time.", unit="trials", example="2")
    )
    trial_gpu_number: int | None = field(
        default=None,
        validator=optional(ge(0)),
        metadata=described(
            "GPUs for each trial. Left out: trials see what the machine shows them; 0: GPUs are hidden.", unit="GPUs"
        ),
    )
    max_experiment_duration: Duration | None = field(
        default=None,
        metadata=described(
            "How long the experiment may run: `1h`, `30m`, `1h30m`, or seconds. Left out: until it is stopped.",
            unit="seconds",
            example="1h",
        ),
    )
    max_trial_number: int | None = field(
        default=None,
        validator=optional(ge(1)),
        metadata=described("How many trials to run. Left out: until it is stopped.", unit="trials", example="10"),
    )
    max_trial_duration: Duration | None = field(
        default=None,
        metadata=described(
            "How long a trial may run before it is ended. Left out: as it takes.",
            unit="seconds",
            example="10m",
        ),
    )
    tuner_timeout: Duration | None = field(
        default=None,
        metadata=described(
            "How long one answer of the tuner or the assessor may take before its process is replaced. Left out: ten "
            "minutes, because some algorithms think long.",
            unit="seconds",
            example="30m",
        ),
    )
    nni_manager_ip: str | None = field(
        default=None,
        validator=_check_name,
        metadata=described(
            "Read for NNI's configs. Without effect: `nnictl create --host` chooses the addresses of the manager."
        ),
    )
    use_annotation: bool = field(
        default=False, metadata=described("Always false: annotations were removed from NNI; use a search space.")
    )
    debug: bool = field(default=False, metadata=described("Makes `log_level` default to `debug`."))
    log_level: LogLevel | None = field(
        default=None, metadata=described("Least serious messages kept in the logs; `info` when left out.")
    )
    experiment_working_directory: Path = field(
        default=Path("~/nni-experiments"),
        metadata=described("Where the folders of experiments are made; at home, so that they are found again."),
    )
    tuner_gpu_indices: GpuIndices | None = field(
        default=None,
        metadata=described("GPUs that the tuner's process may use, as a list. Left out: none.", example="[0]"),
    )
    tuner: AlgorithmConfig = field(metadata=described("The algorithm that suggests parameters."))
    assessor: AlgorithmConfig | None = field(
        default=None, metadata=described("The algorithm that stops unpromising trials early. Left out: none does.")
    )
    training_service: TrainingServiceConfig = field(metadata=described("Where trials run."))
    shared_storage: SharedStorageConfig | None = field(
        default=None,
        metadata=described(
            "Read for NNI's configs, and checked. Without effect: trials find what you have mounted under its path."
        ),
    )
    seed: int | None = field(
        default=None,
        validator=optional(and_(ge(0), le(LARGEST_SEED))),
        metadata=described(
            "Start of everything random: the tuner, the assessor, and what is drawn for them. Left out: it is drawn "
            "itself, and kept with the experiment.",
            unit="number",
            example="42",
        ),
    )
    env: Mapping[str, str | int | float | bool] = field(
        factory=dict,
        metadata=described(
            "Environment variables of the trials, by name, beside those of the machine. Numbers, true and false are "
            "passed on as text.",
            example="{OMP_NUM_THREADS: 1}",
        ),
    )
    initial_points: tuple[Mapping[str, Any], ...] = field(
        default=(),
        metadata=described(
            "Parameter sets to try first, in this order, whatever the tuner. What is left out of one is drawn.",
            example="[{lr: 0.001}]",
        ),
    )
    constraints: tuple[str, ...] = field(
        default=(),
        metadata=described(
            "Conditions on the parameters, as expressions. What breaks one is never tried, whatever the tuner.",
            example='["lr * batch_size <= 1"]',
        ),
    )
    duplicates: Duplicates = field(
        default=Duplicates.SKIP,
        metadata=described(
            "What becomes of a suggestion that was tried before. `skip`: on a finite search space something else is "
            "tried; `allow`: it is tried again; `reuse`: the trial ends at once with the earlier result."
        ),
    )
    deterministic: bool | int = field(
        default=0,
        converter=lag_of,
        validator=ge(0),
        metadata=described(
            "Whether the same seed gives the same trials again, however many run at a time and whichever ends first, "
            "as long as they report the same. Results reach the tuner in the order of trials: trial n is suggested "
            "when all up to trial n - 8 have ended, by their results alone. So 8 may run at a time; a number instead "
            "of true stands for another 8. It costs some quality where fewer run.",
            example="true",
        ),
    )
    objectives: tuple[ObjectiveConfig, ...] = field(
        default=(),
        metadata=described(
            "What is optimized: numbers in the results of trials, and which way each is better. Tuners learn the first "
            "one. Left out: the one result of a trial, in the direction of the tuner's `optimize_mode`.",
            example="[{name: loss, direction: minimize}]",
        ),
    )
    stop_when: StopWhen | None = field(
        default=None,
        metadata=described(
            "When the experiment has what it was made for, and ends before its other limits. Left out: never.",
            example="{target: 0.95}",
        ),
    )
    on_failure: ShortRule | OnFailure | None = field(
        default=None,
        metadata=described(
            "What becomes of a trial that fails, by what went wrong; a word stands for the rule of all failures. Left "
            "out: it is `FAILED`, the tuner is told so, and only lost executions are retried.",
            example="{exit_code: retry, max_consecutive_failures: 5}",
        ),
    )
    sinks: tuple[SinkConfig, ...] = field(
        default=(), metadata=described("Metric sinks: who else hears of trials and their results.")
    )
    plugins: tuple[Path, ...] = field(
        default=(), metadata=described("Python files that hold plugins of your own, which need no packaging.")
    )


#: what may stand inside ``training_service`` too, as NNI allows
SHARED_WITH_SERVICE = ("trial_command", "trial_code_directory", "trial_gpu_number", "nni_manager_ip", "debug")
