"""``nnictl explain``: every example of the catalogue does what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml

from nni_core.cli.main import run
from nni_core.client.catalogue import explanation, explanations, listed_codes
from nni_core.config import load_config
from nni_core.config.read import parse
from nni_core.config.source_text import SourceText
from nni_core.config.yaml_text import parse_yaml
from nni_core.errors import ConfigError, Problem
from nni_core.plugins import PluginRegistry
from nni_core.space import validate

ROOT = Path(__file__).parents[3]
EXPLAINED = explanations()
#: a config that can be used, whose keys an example replaces
BASE = {
    "search_space": {"x": {"_type": "uniform", "_value": [0, 1]}},
    "trial_command": "true",
    "trial_concurrency": 1,
    "tuner": {"name": "TPE"},
    "training_service": {"platform": "local"},
}


def found_in(code: str, text: str, folder: Path, registry: PluginRegistry) -> Sequence[Problem]:
    """What is wrong with an example of a code, or warned of."""
    try:
        if "NNI3" <= code < "NNI4":
            return list(validate(parse_yaml(SourceText(file="space.yaml", text=text)).data))
        document = parse(SourceText(file="config.yaml", text=text))
        if code < "NNI2":
            return document.problems
        path = folder / "config.yaml"
        path.write_text(yaml.safe_dump({**BASE, **document.data}, allow_unicode=True), encoding="utf-8")
        return load_config(path, registry).warnings
    except ConfigError as error:
        return error.problems


@pytest.fixture(scope="module")
def registry() -> PluginRegistry:
    return PluginRegistry.discover()


@pytest.mark.parametrize("code", [code for code, one in EXPLAINED.items() if "wrong" in one and code < "NNI5"])
def test_examples_do_what_they_say(code: str, tmp_path: Path, registry: PluginRegistry) -> None:
    """The wrong one gives the code, and the right one does not."""
    wrong = [problem.code for problem in found_in(code, EXPLAINED[code]["wrong"], tmp_path, registry)]
    assert code in wrong
    right = found_in(code, EXPLAINED[code]["right"], tmp_path, registry)
    assert [problem.render() for problem in right if problem.code == code or (problem.fatal and code >= "NNI3")] == []


def test_every_code_is_explained() -> None:
    """Each says why and what to do; none is left over from a code that is gone."""
    assert sorted(EXPLAINED) == [one.code for one in listed_codes()]
    for code, one in EXPLAINED.items():
        assert one["fix"].endswith("."), code
        assert one.keys() <= {"cause", "fix", "wrong", "right"}, code


def test_the_documentation_shows_the_packaged_catalogue() -> None:
    """The page of codes is the file that nnictl reads, and every row of it is listed."""
    page = ROOT / "docs" / "reference" / "errors.md"
    included = re.search(r"\{include\} (\S+)", page.read_text(encoding="utf-8"))
    assert included is not None
    rows = re.findall(r"^\| (NNI\d{3}) \|", (page.parent / included[1]).read_text(encoding="utf-8"), re.MULTILINE)
    assert [one.code for one in listed_codes()] == sorted(rows)


@pytest.mark.parametrize("name", ["NNI305", "nni305", "305", " NNI-305 "])
def test_a_code_may_be_written_in_any_way(name: str) -> None:
    """With or without its letters, in any case."""
    assert explanation(name).meaning == "`_value` is missing."


def test_everything_about_a_code_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Meaning, cause, fix, both examples, and where the documentation has it."""
    assert run(["explain", "305"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("NNI305: `_value` is missing.\n\n(the search space)\n\nCause: ")
    assert "Wrong:\n    lr: {_type: uniform}\n\nRight:\n    lr: {_type: uniform, _value: [0, 1]}\n" in shown
    assert shown.endswith("explanations.html#nni305\n")


def test_all_codes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """One a line, and as JSON."""
    assert run(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "NNI305  `_value` is missing." in lines
    assert run(["explain", "--json"]) == 0
    assert [one["code"] for one in json.loads(capsys.readouterr().out)] == [line[:6] for line in lines]


@pytest.mark.parametrize(("name", "nearest"), [("NNI301x", "NNI301"), ("399", "NNI402")])
def test_an_unknown_code_names_the_nearest(name: str, nearest: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 2, and what else there is."""
    assert run(["explain", name]) == 2
    assert f"the nearest is {nearest}; nnictl explain lists all of them" in capsys.readouterr().err


def test_mistakes_end_with_the_hint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Once, about the first of them; not where the message says all there is."""
    config = tmp_path / "config.yaml"
    config.write_text("trial_command: [a, b\n")
    assert run(["create", "--config", str(config)]) == 2
    assert capsys.readouterr().err.endswith("\nnnictl explain NNI107 tells more\n")
    assert run(["create", "--config", str(tmp_path / "none.yaml")]) == 2
    assert "explain" not in capsys.readouterr().err
