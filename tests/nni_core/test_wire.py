"""The manager's half of what it shares with a trial."""

import itertools
import json
import math
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nni.spool import MAX_PAYLOAD, dump, encode, load
from nni_core.model import MetricKind, ParameterSource, TrialId, tag_floats, untag_floats
from nni_core.wire import SpoolReader, SpoolRecord, parameter_file

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
metric_dicts = st.dictionaries(st.text(max_size=4), json_values, max_size=4)
metric_values = st.floats() | st.integers(-(2**60), 2**60) | metric_dicts


@st.composite
def spools(draw: st.DrawFn, min_size: int = 0) -> list[bytes]:
    """Records as a trial writes them."""
    values = draw(st.lists(metric_values, min_size=min_size, max_size=6))
    return [record(value, sequence) for sequence, value in enumerate(values)]


def record(
    value: Any, sequence: int = 0, changes: Mapping[str, Any] | None = None, *, kind: Any = "PERIODICAL"
) -> bytes:
    fields = {"kind": kind, "parameter_id": 3, "trial_job_id": "AbCdE", "sequence": sequence}
    return encode({**fields, "value": value, "timestamp": 1_700_000_000_000, **(changes or {})})


def read(data: bytes) -> list[SpoolRecord]:
    return SpoolReader().feed(0, data)


def pieces(data: bytes, cuts: list[int]) -> Iterator[tuple[int, bytes]]:
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(places):
        yield start, data[start:end]


def test_a_record_arrives_as_it_was_written() -> None:
    """Every field of a record, and where it ends."""
    data = record({"default": math.inf, "name": "größe"}, 4, kind="FINAL")
    assert read(data) == [
        SpoolRecord(
            kind=MetricKind.FINAL,
            parameter_id=3,
            sequence=4,
            value={"default": math.inf, "name": "größe"},
            timestamp=1_700_000_000_000,
            end=len(data),
        )
    ]


def test_format_is_the_documented_one() -> None:
    """Length, checksum, strict JSON, newline: what other languages write, too."""
    assert encode({"a": 1}) == b'00000007 561bacaf {"a":1}\n'


@given(spools(), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_chunking_gives_the_same_records(lines: list[bytes], cuts: list[int]) -> None:
    """However the bytes arrive, the records are the same, and nothing is skipped."""
    data = b"".join(lines)
    reader = SpoolReader()
    found = [record for offset, piece in pieces(data, cuts) for record in reader.feed(offset, piece)]
    assert repr(found) == repr(read(data))
    assert (len(found), reader.skipped, reader.offset) == (len(lines), 0, len(data))


@given(spools(), st.integers(0, 10_000))
def test_a_prefix_gives_a_prefix_and_a_new_reader_goes_on(lines: list[bytes], cut: int) -> None:
    """A reader that starts at another's offset gets exactly the records that the other has not."""
    data = b"".join(lines)
    cut %= len(data) + 1
    first = SpoolReader()
    before = first.feed(0, data[:cut])
    second = SpoolReader(first.offset)
    after = second.feed(first.offset, data[first.offset :])
    assert repr(before + after) == repr(read(data))
    assert first.skipped == second.skipped == 0
    assert [record.end for record in before] == [len(b"".join(lines[: n + 1])) for n in range(len(before))]


@given(spools(min_size=1), st.integers(0, 10_000), st.integers(1, 255))
def test_a_damaged_byte_costs_its_own_record_only(lines: list[bytes], place: int, flip: int) -> None:
    """Whatever byte is damaged, every record that it is not part of arrives."""
    data = bytearray(b"".join(lines))
    place %= len(data)
    touched = next(n for n in range(len(lines)) if place < len(b"".join(lines[: n + 1])))
    data[place] ^= flip
    found = [record.sequence for record in read(bytes(data))]
    assert [sequence for sequence in found if sequence != touched] == [n for n in range(len(lines)) if n != touched]


@given(spools(min_size=1), spools(), st.integers(1, 10_000))
def test_a_torn_tail_costs_itself_only(lines: list[bytes], later: list[bytes], cut: int) -> None:
    """A writer died in the middle of a record; the next one began a new line."""
    torn = lines[-1][: cut % len(lines[-1])]
    data = b"".join(lines[:-1]) + torn + b"\n" + b"".join(later)
    found = read(data)
    is_whole = len(torn) == len(lines[-1]) - 1
    assert len(found) == len(lines) - 1 + is_whole + len(later)


@given(st.lists(st.binary(max_size=60), max_size=6), metric_values)
def test_rubbish_is_skipped(rubbish: list[bytes], value: Any) -> None:
    """Nothing that a file can hold raises, and a record on a line of its own is found after it."""
    reader = SpoolReader()
    offset = 0
    for piece in [*rubbish, b"\n"]:
        reader.feed(offset, piece)
        offset += len(piece)
    assert [found.sequence for found in reader.feed(offset, record(value, 5))] == [5]


NO_COUNTS: list[Any] = [None, -1, 1.5, True, "1", []]
STRANGE = [
    b"[]",
    b"{}",
    b"null",
    b'{"kind": "FINAL"}',
    b"[" * 50_000,
    b"NaN",
    b"\xff",
    *(
        record(1, changes={name: wrong})[18:-1]
        for name in ("parameter_id", "sequence", "timestamp")
        for wrong in NO_COUNTS
    ),
    record(1, kind="OTHER")[18:-1],
    record(1, kind=["FINAL"])[18:-1],
    record(1)[18:-1].replace(b'"value":1', b'"value":NaN'),
    record(1)[18:-1].replace(b'"value":1', b'"value":{"$float":"many"}'),
    record(1)[18:-1].replace(b'"value":1', b'"value":{"$float":[1]}'),
]


@pytest.mark.parametrize("payload", STRANGE, ids=lambda payload: payload[:40])
def test_a_sound_record_of_strange_content_is_skipped(payload: bytes) -> None:
    """A trial may write what it likes: what is no result is counted and left out."""
    reader = SpoolReader()
    data = b"%08x %08x " % (len(payload), zlib.crc32(payload)) + payload + b"\n"
    assert [found.value for found in reader.feed(0, data + record(7))] == [7]
    assert reader.skipped == 1


def test_bytes_seen_before_are_ignored() -> None:
    """A service that sends a piece again, or more of it, changes nothing."""
    data = record(1, 0) + record(2, 1)
    reader = SpoolReader()
    assert len(reader.feed(0, data[:-5])) == 1
    assert reader.feed(0, data[:40]) == []
    assert [found.value for found in reader.feed(20, data[20:])] == [2]
    assert reader.skipped == 0


def test_a_gap_costs_what_it_touches() -> None:
    """Bytes that never come are one damaged piece."""
    lines = [record(n, n) for n in range(4)]
    data = b"".join(lines)
    reader = SpoolReader()
    assert len(reader.feed(0, data[: len(lines[0]) + 30])) == 1
    gap_end = len(lines[0]) + len(lines[1]) + 20
    assert [found.value for found in reader.feed(gap_end, data[gap_end:])] == [3]
    assert reader.skipped == 2


def test_an_endless_line_takes_no_memory() -> None:
    """A file that is no spool is read past, and a record after it is found."""
    reader = SpoolReader()
    piece = b"x" * 50_000
    for number in range(40):
        reader.feed(number * len(piece), piece)
        assert len(reader._buffer) <= MAX_PAYLOAD + 100
    assert [found.value for found in reader.feed(40 * len(piece), b"\n" + record(7))] == [7]


@given(json_values)
def test_both_halves_tag_floats_alike(value: Any) -> None:
    """The trial's own encoding of NaN and infinities is the model's."""
    assert json.loads(dump(value)) == tag_floats(value)
    try:
        expected = repr(untag_floats(tag_floats(value)))
    except (TypeError, ValueError):
        return
    assert repr(load(dump(value))) == expected


def test_parameter_file() -> None:
    """NNI's parameter record, in strict JSON."""
    content = parameter_file(
        trial_id=TrialId("AbCdE"),
        parameter_id=3,
        parameters={"lr": 0.1, "scale": math.inf},
        source=ParameterSource.CUSTOMIZED,
    )
    assert json.loads(content) == {
        "parameter_id": 3,
        "parameters": {"lr": 0.1, "scale": {"$float": "inf"}},
        "parameter_source": "customized",
        "parameter_index": 0,
        "trial_job_id": "AbCdE",
    }
