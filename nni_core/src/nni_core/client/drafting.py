"""A first config, with comments that say what else there is. It can be used as it is."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from attrs import field, frozen

from nni_core.config.describe import bounds_of, choices, describe
from nni_core.config.json_schema import description
from nni_core.config.lookup import ConfiguredSpec
from nni_core.config.schema import ExperimentConfig
from nni_core.config.structure import is_required, name_of, settable
from nni_core.config.yaml_writing import yaml_of
from nni_core.model import Json

#: names under which search spaces usually lie beside a script
SPACE_FILES = ("search_space.json", "search_space.yaml", "search_space.yml", "searchspace.json")

#: settings that are shown and left out, with what they might say
_SHOWN = {
    "max_experiment_duration": "1h",
    "max_trial_duration": "10m",
    "trial_gpu_number": "0",
    "log_level": "debug",
    "experiment_working_directory": "~/nni-experiments",
}


@frozen(kw_only=True)
class Draft:
    """What a first config is made of."""

    command: str
    #: relative to the config
    space_file: Path | None = None
    #: the search space itself, when it is in no file
    space: Mapping[str, Json] = field(factory=dict)
    #: where the space was guessed from; None: it was not guessed
    guessed_from: Path | None = None
    tuner: ConfiguredSpec
    service: ConfiguredSpec
    trials: int
    concurrency: int
    maximize: bool
    name: str | None = None
    #: the comment that names the editor's schema; empty for none
    modeline: str = ""


def python_command(script: Path) -> str:
    """The command that runs a script with this Python."""
    return f"{python_program()} {shlex.quote(script.as_posix())}"


def python_program() -> str:
    """How to call this Python, which has nni, from a trial: by its name when that is what a shell would find."""
    for name in ("python", "python3"):
        found = shutil.which(name)
        if found and Path(found).parent == Path(sys.executable).parent:
            return name
    return shlex.quote(sys.executable)


def guessed_space(parameters: Mapping[str, Any]) -> dict[str, Json]:
    """A search space round the defaults that a script gives its parameters; one parameter when it names none."""
    return {name: _guess(default) for name, default in parameters.items()} or {"x": _guess(None)}


def _guess(default: Any) -> Json:
    """A range that a script which works with the default most likely works with."""
    match default:
        case bool():
            return _parameter("choice", True, False)
        case str():
            return _parameter("choice", default)
        case int() if default > 0:
            return _parameter("randint", max(1, default // 4), default * 4 + 1)
        case int() | float() if default < 0:
            return _parameter("uniform", default * 2, 0)
        case float() if 0.5 <= default < 1:
            return _parameter("uniform", _rounded(default / 2), _rounded((1 + default) / 2))
        case float() if default > 0:
            return _parameter("loguniform", _rounded(default / 10), _rounded(default * 10))
        case _:
            return _parameter("uniform", 0, 1)


def _parameter(kind: str, *values: Json) -> Json:
    return {"_type": kind, "_value": list(values)}


def _rounded(number: float) -> float:
    return float(f"{number:.2g}")


def draft_text(draft: Draft) -> str:
    """The text of the config."""
    parts = [
        draft.modeline,
        "# An experiment: nnictl validate checks this file, nnictl create starts it.",
        _named(draft.name),
        "\n".join(_space(draft)),
        "\n".join(_trial(draft)),
        "\n".join(_algorithm(draft)),
        "\n".join(_service(draft.service)),
    ]
    first, *rest = (part for part in parts if part)
    return f"{first}\n" + "".join(f"{part}\n\n" for part in rest).rstrip("\n") + "\n"


def _named(name: str | None) -> str:
    return yaml_of({"experiment_name": name}).rstrip() if name else ""


def _space(draft: Draft) -> Iterator[str]:
    yield "# The hyper-parameters and their ranges."
    if draft.space_file is not None:
        yield yaml_of({"search_space_file": draft.space_file.as_posix()}).rstrip()
        return
    if draft.guessed_from is not None:
        yield f"# Guessed from the defaults in {draft.guessed_from.as_posix()}: set the ranges right."
    yield "search_space:"
    for name, parameter in draft.space.items():
        key = yaml_of({name: 0}).removesuffix(": 0\n")
        yield f"  {key}:"
        yield f"    _type: {parameter['_type']}"
        alone = parameter["_type"] == "choice" and len(parameter["_value"]) == 1
        yield f"    _value: {_flow(parameter['_value'])}{'  # add what else to try' if alone else ''}"


def _flow(value: Sequence[Json]) -> str:
    items = [yaml_of([item]).removeprefix("- ").rstrip() for item in value]
    return f"[{', '.join(items)}]"


def _trial(draft: Draft) -> Iterator[str]:
    yield "# What a trial runs: it asks for parameters with nni.get_next_parameter() and reports with"
    yield "# nni.report_final_result(value)."
    yield yaml_of({"trial_command": draft.command}).rstrip()
    yield "trial_code_directory: ."
    yield ""
    yield f"trial_concurrency: {draft.concurrency}  # trials at the same time"
    yield f"max_trial_number: {draft.trials}  # trials in all"
    fields = attrs.fields_dict(ExperimentConfig)
    for name, example in _SHOWN.items():
        yield f"# {name}: {example}  # {_first_sentence(fields[name].metadata['doc'])}"


def _algorithm(draft: Draft) -> Iterator[str]:
    yield f"# {draft.tuner.summary}"
    yield "tuner:"
    yield f"  name: {draft.tuner.name}"
    arguments = settable(draft.tuner.arguments) if draft.tuner.arguments else []
    given = {name_of(one): _given(one, draft) for one in arguments}
    written = {name: value for name, value in given.items() if value is not None}
    left_out = [one for one in arguments if name_of(one) not in written]
    if written:
        yield "  class_args:"
        yield from (f"    {line}" for line in yaml_of(written).splitlines())
    elif left_out:
        yield "  # class_args:"
    for one in left_out:
        yield f"    # {name_of(one)}: {_example(one)}  # {_first_sentence(description(one))}"


def _given(argument: attrs.Attribute[Any], draft: Draft) -> Json:
    """The value of an argument that a config cannot do without, or that was asked for; None for every other."""
    if name_of(argument) == "optimize_mode":
        return "maximize" if draft.maximize else "minimize"
    if not is_required(argument):
        return None
    if allowed := choices(argument.type):
        return allowed[0]
    numbers = bounds_of(argument.validator).numbers
    return next((bound for sign, bound in numbers if sign in "≥≤"), 1)


def _example(argument: attrs.Attribute[Any]) -> str:
    default = argument.default
    if isinstance(default, attrs.Factory) or default is None:  # type: ignore[arg-type]
        return f"({describe(argument.type, bounds_of(argument.validator))})"
    return yaml_of([getattr(default, "value", default)]).removeprefix("- ").rstrip()


def _service(service: ConfiguredSpec) -> Iterator[str]:
    yield f"# {service.summary}"
    yield "training_service:"
    yield f"  platform: {service.name}"


def _first_sentence(text: str) -> str:
    first, stop, _ = text.partition(". ")
    return f"{first}{'' if first.endswith('.') or not stop else '.'}"
