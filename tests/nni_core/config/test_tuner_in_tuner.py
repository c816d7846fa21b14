"""Tuners that work with another tuner, which is one of their arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from nni_core.client.starting import _drawn
from nni_core.config import LoadedConfig, load_config
from nni_core.config.json_schema import config_schema
from nni_core.errors import ConfigError
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry

PLUGIN = """
from attrs import field, frozen
from nni_core.api import Tuner, TunerChoice, TunerSpec
from nni_core.hookspecs import hookimpl

@frozen(kw_only=True)
class Arguments:
    optimize_mode: str = field(default="maximize", metadata={"doc": "which way is better"})
    proposer: TunerChoice = field(default=TunerChoice(name="TPE"), metadata={"doc": "who suggests"})

class Wrapped(Tuner):
    def __init__(self, optimize_mode, proposer): self.proposer = proposer
    def update_search_space(self, search_space): self.proposer.update_search_space(search_space)
    def generate_parameters(self, parameter_id, **_): return self.proposer.generate_parameters(parameter_id)

@hookimpl
def nni_tuners():
    return [TunerSpec(name="Wrapped", summary="s", implementation="wrapped:Wrapped", arguments=Arguments)]
"""

CONFIG = """
search_space: {{x: {{_type: uniform, _value: [0, 1]}}}}
trial_command: "true"
trial_concurrency: 1
plugins: [./wrapped.py]
seed: 7
tuner:
  name: Wrapped
  class_args: {class_args}
training_service: local
"""


@pytest.fixture
def registry() -> PluginRegistry:
    return PluginRegistry.discover()


def loaded(registry: PluginRegistry, tmp_path: Path, class_args: str) -> LoadedConfig:
    (tmp_path / "wrapped.py").write_text(PLUGIN)
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.format(class_args=class_args))
    return load_config(config, registry)


def built(registry: PluginRegistry, class_args: dict[str, Any]) -> Any:
    return registry.build_algorithm(PluginKind.TUNER, name="Wrapped", class_args=class_args)


@pytest.mark.parametrize("written", ["{}", "{proposer: tpe}", "{proposer: {name: TPE}}"])
def test_it_is_written_as_the_tuner_itself(registry: PluginRegistry, tmp_path: Path, written: str) -> None:
    """By its name, with a mapping, or not at all; it goes the same way and has a seed of its own."""
    canonical = _drawn(loaded(registry, tmp_path, written))["tuner"]["classArgs"]
    inner = canonical["proposer"]
    assert (inner["name"], inner["class_args"]["optimize_mode"]) == ("TPE", "maximize")
    assert isinstance(inner["class_args"]["seed"], int)
    tuner = built(registry, canonical)
    tuner.update_search_space({"x": {"_type": "uniform", "_value": [0, 1]}})
    again = built(registry, canonical)
    again.update_search_space({"x": {"_type": "uniform", "_value": [0, 1]}})
    assert tuner.generate_parameters(0) == again.generate_parameters(0)


def test_it_may_be_a_class_of_the_users_own(registry: PluginRegistry, tmp_path: Path) -> None:
    """Found where the config is, or where it says."""
    (tmp_path / "own_proposer.py").write_text(
        PLUGIN.split("@hookimpl")[0].replace("proposer): self.proposer", "x): self.x")
    )
    config = loaded(registry, tmp_path, "{proposer: {class_name: own_proposer.Wrapped, class_args: {x: 1}}}")
    canonical = config.canonical()["tuner"]["classArgs"]
    assert canonical["proposer"]["code_directory"] == str(tmp_path)
    with pytest.raises(Exception, match="optimize_mode"):
        built(registry, canonical)


@pytest.mark.parametrize(
    ("written", "line", "told"),
    [
        ("{proposer: Tpee}", "class_args.proposer", "did you mean 'TPE'"),
        ("{proposer: {name: TPE, class_args: {sed: 1}}}", "class_args.proposer.class_args.sed", "did you mean 'seed'"),
        ("{proposer: {nam: TPE}}", "class_args.proposer.nam", "did you mean 'name'"),
        ("{proposer: {name: TPE, class_args: {optimize_mode: minimize}}}", "optimize_mode", "the tuner around it"),
        ("{proposer: 3}", "class_args.proposer", "must be a tuner, as under `tuner`"),
    ],
)
def test_what_is_wrong_with_it_is_shown_in_its_place(
    registry: PluginRegistry, tmp_path: Path, written: str, line: str, told: str
) -> None:
    """As everything that is wrong with a tuner."""
    with pytest.raises(ConfigError) as caught:
        loaded(registry, tmp_path, written)
    text = "\n".join(f"{'.'.join(map(str, one.key_path))} {one.message} {one.help}" for one in caught.value.problems)
    assert line in text
    assert told in text


def test_editors_know_it_too(registry: PluginRegistry, tmp_path: Path) -> None:
    """The schema takes a name or a mapping, and nothing else."""
    loaded(registry, tmp_path, "{}")
    arguments = next(
        one["properties"]["class_args"]
        for one in config_schema(registry)["$defs"]["tuners"]["anyOf"]
        if "Wrapped" in str(one.get("properties", {}).get("name"))
    )
    valid = Draft202012Validator(arguments).is_valid
    assert valid({"proposer": "TPE"})
    assert valid({"proposer": {"name": "TPE", "class_args": {"seed": 1}}})
    assert not valid({"proposer": 3})
    assert not valid({"proposer": {"nam": "TPE"}})
