"""What can be used is documented, and what is documented can be used."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from generators.commands import core_commands
from generators.offers import KINDS, our_specs
from generators.settings import SECTIONS, written_fields

import nni.trial
from nni_core import api, hookspecs
from nni_core.http.app import ENDPOINTS
from nni_core.plugins import PluginRegistry

ROOT = Path(__file__).parents[2]
SOURCES = [*ROOT.glob("*/src/**/*.py"), *ROOT.glob("plugins/*/src/**/*.py")]
CODE = re.compile(r"NNI[1-8]\d\d")
HOOKS = [name for name in vars(hookspecs) if name.startswith("nni_")]


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_is_documented(name: str, docs) -> None:
    """A hook says what it is for, and the page of hooks takes up the whole module."""
    assert inspect.getdoc(getattr(hookspecs, name))
    assert ".. automodule:: nni_core.hookspecs\n   :members:" in docs.page("reference/hooks.md")


@pytest.mark.parametrize("name", api.__all__)
def test_every_public_name_of_the_api_is_documented(name: str, docs) -> None:
    """A name says what it is, and the page of the API shows it."""
    page = docs.page("reference/api.md")
    if isinstance(getattr(api, name), type) or inspect.isfunction(getattr(api, name)):
        assert getattr(api, name).__doc__, name
        assert ".. automodule:: nni_core.api\n   :members:" in page
    else:
        assert f".. autodata:: nni_core.api.{name}\n" in page


@pytest.mark.parametrize("name", nni.trial.__all__)
def test_every_trial_function_is_documented(name: str, docs) -> None:
    """A function of the trial says what it does."""
    assert inspect.getdoc(getattr(nni.trial, name))
    assert ".. automodule:: nni.trial\n   :members:" in docs.page("reference/trial.md")


@pytest.mark.parametrize("record", [*SECTIONS], ids=lambda record: record.__name__)
def test_every_setting_is_documented(record: type, docs) -> None:
    """A setting has a sentence that says what it means, and stands in the table."""
    for field in written_fields(record):
        assert field.metadata.get("doc", "").endswith("."), f"{record.__name__}.{field.name} has no doc"
        assert f"| `{field.name}` |" in docs.generated["settings.md"]


def test_every_argument_of_our_plugins_is_documented(docs) -> None:
    """The page of plugins names each, and has no argument without a meaning."""
    registry = PluginRegistry.discover()
    page = docs.generated["offers.md"]
    for kind in KINDS:
        for spec in our_specs(registry, kind):
            assert f"### {spec.name}\n" in page
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert rows
    assert [row for row in rows if row.endswith("|  |")] == []


@pytest.mark.parametrize(
    ("path", "command"), [*core_commands()], ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_and_option_is_documented(path: str, command: click.Command, docs) -> None:
    """A command and each of its options say what they do."""
    assert command.help, path
    section = docs.generated["commands.md"].split(f"# {path}\n", 1)[1].split("\n#", 1)[0]
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{path} {option.opts[0]}"
            assert all(f"`{name}`" in section for name in option.opts)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_every_endpoint_is_documented(endpoint, docs) -> None:
    """An endpoint and each of its parameters say what they are."""
    page = docs.generated["endpoints.md"]
    assert endpoint.summary
    assert f"| `{endpoint.method}` `{endpoint.path}` | {endpoint.summary} |" in page
    assert all(query.summary and f"`?{query.name}`: {query.summary}" in page for query in endpoint.query)


def test_error_codes_are_catalogued() -> None:
    """The catalogue has every code that the code uses, each once, and no other."""
    used = {code for source in SOURCES for code in CODE.findall(source.read_text(encoding="utf-8"))}
    catalogue = (ROOT / "nni_core/src/nni_core/catalogue/errors.md").read_text(encoding="utf-8")
    catalogued = re.findall(r"^\| (NNI\d{3}) \|", catalogue, re.MULTILINE)
    assert sorted(catalogued) == sorted(used)


def test_generated_pages_are_reached(docs) -> None:
    """Every generated page is in the contents."""
    index = docs.page("reference/index.md")
    assert [name for name in docs.generated if f"generated/{name}" not in index] == []


def test_decisions_are_listed(docs) -> None:
    """Every decision record is in the list of decisions, and has its three parts."""
    records = [page for page in docs.written if re.match(r"\d{4}-", page.name)]
    listed = docs.page("adr/index.md")
    assert records
    for record in records:
        assert f"]({record.name})" in listed
        assert re.findall(r"^## (.*)$", docs.written[record], re.MULTILINE) == ["Context", "Decision", "Consequences"]


def _links(docs) -> Iterator[tuple[Path, str]]:
    for page, text in docs.written.items():
        prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if not re.match(r"[a-z]+:|#", target):
                yield page, target.partition("#")[0]


def test_relative_links_lead_somewhere(docs) -> None:
    """Every link to a file of the repository has its file; generated pages count as files."""
    generated = {ROOT / "docs/reference/generated" / name for name in docs.generated}
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page, target in _links(docs)
        if (page.parent / target).resolve() not in generated and not (page.parent / target).exists()
    ]
    assert broken == []
