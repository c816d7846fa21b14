"""Configs and plugins that the documentation shows are sound: they are loaded as a user would load them."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from nni_core.config import load_config, load_config_data
from nni_core.config.json_schema import config_schema
from nni_core.plugins import PluginRegistry

#: what a snippet is put into when it shows a part of a config only
BASE: dict[str, Any] = {
    "search_space": {"x": {"_type": "uniform", "_value": [0, 1]}},
    "trial_command": "true",
    "trial_concurrency": 1,
    "max_trial_number": 1,
    "tuner": {"name": "TPE"},
    "training_service": {"platform": "local"},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a page's files; modules imported from it are forgotten afterwards."""
    import sys

    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def test_configs_can_be_used(docs, folder: Path) -> None:
    """Every YAML block is a config, or a part of one, beside the files that its page shows."""
    for number, block in enumerate(one for one in docs.blocks() if one.language == "yaml"):
        home = folder / f"page{number}"
        home.mkdir()
        for other in docs.blocks():
            if other.page == block.page and other.caption:
                (home / other.caption).write_text(other.text, encoding="utf-8")
        (home / "config.yaml").write_text(yaml.safe_dump(BASE | yaml.safe_load(block.text)), encoding="utf-8")
        registry = PluginRegistry.discover()
        loaded = load_config(home / "config.yaml", registry)
        Draft202012Validator(config_schema(registry)).validate(BASE | yaml.safe_load(block.text))
        # As the manager reads it, from the log.
        again = load_config_data(loaded.canonical(), home, PluginRegistry.discover())
        assert again.canonical() == loaded.canonical(), block
        sections = [again.config.tuner, *again.config.sinks]
        assert all(isinstance(section.class_args, Mapping) for section in sections), block


def test_python_is_python(docs) -> None:
    """Every Python block can be parsed."""
    for block in docs.blocks():
        if block.language == "python":
            ast.parse(block.text, filename=str(block))


def test_json_is_json(docs) -> None:
    """Every JSON block can be parsed."""
    for block in docs.blocks():
        if block.language == "json":
            json.loads(block.text)


def test_own_class_keeps_the_contract(docs, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tuner that the guide shows suggests from the space, and goes on after results."""
    from nni_core.testing.tuner import Session

    shown = next(b for b in docs.blocks() if b.page.name == "write_a_tuner.md" and b.caption == "my_tuner.py")
    scope: dict[str, Any] = {}
    exec(compile(shown.text, str(shown), "exec"), scope)
    session = Session(scope["Halves"](seed=1), BASE["search_space"])
    assert len(session.run([float(number) for number in range(30)])) == 30


def test_sink_of_the_guide_keeps_the_best(docs, tmp_path: Path) -> None:
    """The sink that the guide shows writes the highest result."""
    from nni_core.testing.sink import a_trial, an_experiment, tell_life

    shown = next(b for b in docs.blocks() if b.caption == "my_sink.py")
    scope: dict[str, Any] = {}
    exec(compile(shown.text, str(shown), "exec"), scope)
    sink = scope["Best"]()
    sink.start(an_experiment(tmp_path))
    for number, value in enumerate([0.5, 0.9, 0.7]):
        tell_life(sink, a_trial(number), value)
    assert (tmp_path / "best.txt").read_text().split()[1] == "0.9"
