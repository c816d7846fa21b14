"""The environment variables that a config sets for its trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nni_core.config.codes import ConfigCode
from nni_core.config.wording import is_secret, quoted
from nni_core.errors import Problem
from nni_core.wire import TrialVariable

#: variables that are NNI's, present and future
_PREFIX = "NNI_"
#: stands for a value that is not shown
HIDDEN = "(hidden)"

Variables = Mapping[str, str | int | float | bool]


def as_text(variables: Variables) -> Mapping[str, str]:
    """What trials find in their environment: ``true`` and not ``True``."""
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in variables.items()}


def shown_environment(variables: Variables) -> Variables:
    """The same without the values whose name looks like that of a password."""
    return {name: HIDDEN if is_secret((name,)) else value for name, value in variables.items()}


def environment_problems(variables: Variables, key: str = "env") -> Iterator[Problem]:
    """Variables that cannot be set, or must not."""
    for name, value in variables.items():
        if name.startswith(_PREFIX) or name in set(TrialVariable):
            yield Problem(
                code=ConfigCode.RESERVED_VARIABLE,
                message=f"{quoted(name)} is set by NNI for every trial, and cannot be set here",
                help=_instead(name),
                key_path=(key, name),
                at_key=True,
            )
        elif not name or "=" in name or "\0" in name:
            message = f"{quoted(name)} cannot be the name of an environment variable"
            yield Problem(code=ConfigCode.VARIABLE_NAME, message=message, key_path=(key, name), at_key=True)
        elif "\0" in str(value):
            message = f"the value of {quoted(name)} holds a NUL character"
            yield Problem(code=ConfigCode.VARIABLE_NAME, message=message, key_path=(key, name))


def _instead(name: str) -> str:
    if name == TrialVariable.GPUS:
        return "delete it; `trial_gpu_number`, and `gpu_indices` of the training service, say which GPUs a trial sees"
    return f"delete it, or choose a name that does not begin with {_PREFIX}"
