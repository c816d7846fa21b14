"""Event bodies survive the way into text and back."""

import json
import math
from typing import get_args

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni_core.model import ExperimentState, FailureCause, MetricKind, ParameterSource, TrialState
from nni_core.store.codec import UnreadableEventError, decode_body, encode_body
from nni_core.store.events import EventBody, MetricReported, Note

FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | st.text(st.characters(exclude_categories=[])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
OBJECT = st.dictionaries(st.text(), JSON, max_size=3)
BY_NAME = {
    "config": OBJECT,
    "changes": OBJECT,
    "parameters": OBJECT,
    "value": JSON,
    "data": st.lists(OBJECT, max_size=3),
    "kind": st.sampled_from(MetricKind),
    "source": st.sampled_from(ParameterSource),
    "duration": FINITE,
    "asked": st.booleans(),
    "retryable": st.booleans(),
    "cause": st.none() | st.sampled_from(FailureCause),
    "penalty": st.none() | FINITE,
}
TEXT_OR_NONE = st.none() | st.text()
NUMBER_OR_NONE = st.none() | st.integers()


def field_values(body: type, field: "attrs.Attribute[object]") -> st.SearchStrategy[object]:
    if field.name == "state":
        return st.sampled_from(ExperimentState if body.__name__.startswith("Experiment") else TrialState)
    if field.name in BY_NAME:
        return BY_NAME[field.name]
    if "int" in str(field.type):
        return NUMBER_OR_NONE if "None" in str(field.type) else st.integers()
    return TEXT_OR_NONE if "None" in str(field.type) else st.text()


def bodies_of(kind: type) -> st.SearchStrategy[EventBody]:
    return st.builds(kind, **{field.name: field_values(kind, field) for field in attrs.fields(kind)})


@pytest.mark.parametrize("kind", get_args(EventBody), ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_kind_of_event_survives_the_round_trip(kind: type, data: st.DataObject) -> None:
    """Decoding what was encoded gives an equal record, and the text is strict JSON."""
    body = data.draw(bodies_of(kind))
    name, text = encode_body(body)
    assert decode_body(name, text) == body
    json.loads(text, parse_constant=lambda token: pytest.fail(f"{token} is not JSON"))


@pytest.mark.parametrize("value", [math.nan, math.inf, {"default": [-math.inf]}])
def test_untagged_floats_are_refused(value: object) -> None:
    """A value that JSON cannot hold is an error, not null."""
    body = msgspec.convert(json.loads(encode_body(a_report())[1]), MetricReported)
    with pytest.raises(ValueError, match="Out of range float values are not JSON compliant"):
        encode_body(attrs.evolve(body, value=value))


def test_a_value_nested_too_deeply_is_refused() -> None:
    """The interpreter's own limit becomes an ordinary error."""
    value: object = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="nested too deeply"):
        encode_body(attrs.evolve(a_report(), value=value))


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("Nothing", "{}", "kind 'Nothing' is not known"),
        ("Note", "{", "'Note' cannot be read"),
        ("Note", '{"level": "error"}', "missing required field `message`"),
        ("Note", '{"message": 1}', "Expected `str`, got `int`"),
    ],
)
def test_an_entry_that_does_not_fit_is_named(kind: str, text: str, message: str) -> None:
    """What is wrong with an entry of the log is said."""
    with pytest.raises(UnreadableEventError, match=message):
        decode_body(kind, text)


def test_a_field_added_later_has_its_default_in_old_entries() -> None:
    """An entry written before a field existed can be read."""
    assert decode_body("Note", '{"message": "a"}') == Note(message="a", trial_id=None, level="warning")


def a_report() -> MetricReported:
    return MetricReported(
        trial_id="A",  # type: ignore[arg-type]
        attempt_id="B",  # type: ignore[arg-type]
        parameter_id=0,
        kind=MetricKind.FINAL,
        sequence=0,
        value=1,
        spool_offset=0,
    )
