"""Laws of the config room, on generated configs and texts."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from nni_core.config import load_config_data
from nni_core.config.durations import DurationError, parse_duration
from nni_core.config.json_schema import config_schema
from nni_core.config.read import parse
from nni_core.config.source_text import decode
from nni_core.errors import ConfigError

on_files = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
on_text = settings(max_examples=200)

#: YAML allows a key 1,024 characters on its line
keys = st.text(max_size=60)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
mappings = st.dictionaries(keys, plain, max_size=5)


@st.composite
def configs(draw: st.DrawFn) -> dict[str, Any]:
    """Valid configs, with some of the optional keys."""
    optional = {
        "experiment_name": st.text("abc é_-", min_size=1, max_size=20).filter(str.strip),
        "trial_gpu_number": st.integers(0, 8),
        "max_trial_number": st.integers(1, 10**6),
        "max_experiment_duration": st.integers(1, 10**6) | st.sampled_from(["1h", "0.5d", "1h30m", "1.5s"]),
        "max_trial_duration": st.floats(0.1, 10**6),
        "tuner_timeout": st.floats(0.1, 10**6),
        "debug": st.booleans(),
        "log_level": st.sampled_from(["fatal", "trace", "info"]),
        "tuner_gpu_indices": st.lists(st.integers(0, 9), unique=True) | st.just("0,1"),
        "assessor": st.sampled_from(["medianstop", {"name": "Medianstop", "class_args": {"start_step": 3}}]),
        "sinks": st.just(["null", {"name": "NULL"}]),
        "seed": st.integers(0, 2**32 - 1),
        "env": st.dictionaries(st.from_regex(r"[A-MO-Z][A-Z_]*", fullmatch=True), st.booleans() | st.floats(0, 1)),
        "initial_points": st.lists(st.fixed_dictionaries({}, optional={"lr": st.floats(0, 1)}), max_size=2),
        "constraints": st.sampled_from([["lr <= 1"], ["lr > -1", "not lr > 1"], []]),
        "duplicates": st.sampled_from(["allow", "skip", "reuse"]),
    }
    chosen = draw(st.sets(st.sampled_from(sorted(optional))))
    service = draw(st.fixed_dictionaries({"platform": st.just("LOCAL")}, optional={"gpu_indices": st.just([0, 2])}))
    own = {"class_name": "a.b.C", "class_args": draw(mappings)}
    tuner = {"name": "tpe", "class_args": {"optimize_mode": "minimize", "seed": 3, "liar": {"weight": 2}}}
    return {
        "search_space": {"lr": {"_type": "uniform", "_value": [0, 1]}},
        "trial_command": draw(st.sampled_from(["python -c pass", ["python", "a b.py"]])),
        "trial_concurrency": draw(st.integers(1, 100)),
        "tuner": draw(st.sampled_from([own, tuner])),
        "training_service": service,
        **{name: draw(optional[name]) for name in sorted(chosen)},
    }


@on_files
@given(data=configs())
def test_canonical_form_loads_to_the_same_config(data: dict[str, Any], folder: Path, lookup: Any) -> None:
    """Through JSON and back, from another directory, nothing changes."""
    loaded = load_config_data(data, folder, lookup)
    kept = json.loads(json.dumps(loaded.canonical(), allow_nan=False))
    again = load_config_data(kept, Path("/"), lookup)
    assert again.config == loaded.config
    assert again.canonical() == loaded.canonical() == kept


@on_files
@given(data=configs())
def test_what_loads_is_valid_by_the_schema(data: dict[str, Any], folder: Path, lookup: Any) -> None:
    """As it was written, and in its canonical form."""
    validator = Draft202012Validator(config_schema(lookup))
    validator.validate(data)
    validator.validate(load_config_data(data, folder, lookup).canonical())


#: nodes of the tutorial's config that it cannot do without, whose keys are not the user's to choose
NODES = [
    ("search_space",),
    ("search_space", "lr", "_type"),
    ("search_space", "lr", "_value"),
    ("trial_command",),
    ("trial_concurrency",),
    ("tuner",),
    ("tuner", "name"),
    ("tuner", "class_args"),
    ("tuner", "class_args", "optimize_mode"),
    ("training_service",),
    ("training_service", "platform"),
]


def lines_of(lines: list[str], path: tuple[str, ...]) -> tuple[int, int]:
    """The lines of a node with its key, counted from 0, the end not included."""
    start = -1
    for depth, key in enumerate(path):
        start = next(at for at in range(start + 1, len(lines)) if lines[at].startswith(f"{'  ' * depth}{key}:"))
    indents = [len(line) - len(line.lstrip()) if line else 0 for line in lines]
    following = (at for at in range(start + 1, len(lines)) if indents[at] <= indents[start])
    return start, next(following, len(lines))


def mutate(text: str, path: tuple[str, ...], change: str) -> tuple[str, int]:
    """The changed text, and the line, from 1, of the mistake: what is dropped is missed by what held it."""
    lines = text.splitlines()
    start, end = lines_of(lines, path)
    head, node, tail = lines[:start], lines[start:end], lines[end:]
    indent = "  " * (len(path) - 1)
    match change:
        case "drop":
            changed = [*head, *tail]
            at = lines_of(lines, path[:-1])[0] if path[:-1] else next(at for at, line in enumerate(changed) if line)
        case "rename":
            changed, at = [*head, f"{indent}qqq{node[0].lstrip()}", *node[1:], *tail], start
        case "retype":
            changed, at = [*head, f"{indent}{path[-1]}: 3.5", *tail], start
        case _:
            changed, at = [*head, *node, *node, *tail], end
    return "\n".join(changed) + "\n", at + 1


@pytest.mark.parametrize("change", ["drop", "rename", "retype", "duplicate"])
@pytest.mark.parametrize("path", NODES, ids=".".join)
def test_mutated_node_is_reported_on_its_line(path: tuple[str, ...], change: str, bench: Any, tutorial: str) -> None:
    """Dropping, renaming, retyping or repeating any one node that matters gives an error on its line."""
    text, line = mutate(tutorial, path, change)
    problems = [problem for problem in bench.problems(text) if problem.fatal]
    assert line in {problem.location.line for problem in problems}, [problem.render() for problem in problems]


@on_files
@given(data=st.data())
def test_any_value_anywhere_is_read_or_refused(data: st.DataObject, folder: Path, lookup: Any) -> None:
    """Whatever stands in place of a node, the answer is a config or a ConfigError."""
    config = copy.deepcopy(data.draw(configs()))
    node: Any = config
    path = data.draw(st.sampled_from(NODES))
    for key in path[:-1]:
        if not isinstance(node.get(key), dict):
            break
        node = node[key]
    node[path[-1]] = data.draw(plain | mappings)
    try:
        load_config_data(config, folder, lookup)
    except ConfigError as error:
        str(error)


yaml_text = st.text(st.sampled_from([*"ab: -[]{}\n\t'\"#&*!|>%@`?,0123456789.e_~\\<é\x00\ufeff“"]))


@on_text
@given(content=st.binary(max_size=200) | yaml_text.map(str.encode), name=st.sampled_from(["c.yaml", "c.json"]))
def test_hostile_text_is_read_or_refused(content: bytes, name: str) -> None:
    """No text makes reading fail in any other way."""
    try:
        document = parse(decode(content, file=name))
    except ConfigError as error:
        str(error)
    else:
        assert isinstance(document.data, dict)


@on_text
@given(data=mappings)
def test_json_is_read_as_the_standard_library_does(data: dict[str, Any]) -> None:
    """And every value has a place."""
    document = parse(decode(json.dumps(data, indent=2).encode(), file="c.json"))
    assert document.data == data
    assert document.root is not None
    assert set(document.root.entries) == set(data)


@on_text
@given(data=mappings)
def test_json_is_yaml(data: dict[str, Any]) -> None:
    """The same text in a file of another name means the same."""
    text = json.dumps(data, indent=2)
    assert parse(decode(text.encode(), file="c.yaml")).data == data


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *[("1e-4", 1e-4), ("1E5", 1e5), (".5", 0.5), ("1.", 1.0), ("-0", 0), ("+12", 12), ("010", 10), ("0o10", 8)],
        *[("0x1F", 31), ("yes", "yes"), ("on", "on"), ("No", "No"), ("true", True), ("FALSE", False), ("tRue", "tRue")],
        *[("12:30:45", "12:30:45"), ("2024-01-01", "2024-01-01"), ("1_000", "1_000"), ("0b11", "0b11"), ("~", None)],
        *[("Null", None), ("1e", "1e"), ("=", "="), ("-.inf", float("-inf")), ("nan", "nan"), ("٣", "٣")],
    ],
)
def test_plain_words_mean_what_yaml_1_2_says(word: str, value: object) -> None:
    """Numbers that look like numbers, and nothing else that YAML 1.1 made of words."""
    data = parse(decode(f"a: {word}\n".encode(), file="c.yaml")).data
    assert data == {"a": value}
    assert type(data["a"]) is type(value)


@on_text
@given(days=st.integers(0, 99), hours=st.integers(0, 99), minutes=st.integers(0, 99), seconds=st.integers(1, 99))
def test_duration_is_the_sum_of_its_parts(days: int, hours: int, minutes: int, seconds: int) -> None:
    """With or without spaces, in either case."""
    text = f"{days}d{hours}H {minutes} m{seconds}s"
    assert float(parse_duration(text)) == ((days * 24 + hours) * 60 + minutes) * 60 + seconds


@on_text
@given(value=plain)
def test_anything_is_a_duration_or_refused(value: object) -> None:
    """A duration is always above zero."""
    try:
        seconds = parse_duration(value)
    except DurationError as error:
        str(error)
    else:
        assert seconds > 0
