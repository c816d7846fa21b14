"""Events as text: what the log keeps of an event body, and how it is read back.

The kind is the class name, the text is strict JSON. The standard library's encoder writes it, because unlike faster
ones it refuses NaN instead of turning it into null, and keeps whole numbers of any size and lone surrogates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import get_args

import attrs
import msgspec

from nni_core.errors import NniError
from nni_core.model import Metric, default_number, untag_floats
from nni_core.store.events import EventBody, MetricReported

_FIELDS: Mapping[type, tuple[str, ...]] = {
    kind: tuple(field.name for field in attrs.fields(kind)) for kind in get_args(EventBody)
}
_KINDS: Mapping[str, type] = {kind.__name__: kind for kind in _FIELDS}
_DECODERS: Mapping[str, msgspec.json.Decoder[EventBody]] = {
    name: msgspec.json.Decoder(kind) for name, kind in _KINDS.items()
}


class UnreadableEventError(NniError):
    """An entry of the log is of no kind that this version knows, or does not have the fields of its kind."""


def encode_body(body: EventBody) -> tuple[str, str]:
    """Kind and text of an event body.

    :raises ValueError: when it holds NaN or an infinity (tag them first) or nests too deeply.
    :raises TypeError: when it holds something that JSON has no form for.
    """
    kind = type(body)
    try:
        return kind.__name__, _encode({name: getattr(body, name) for name in _FIELDS[kind]})
    except RecursionError as error:
        raise ValueError(f"the values of {kind.__name__} are nested too deeply to be kept") from error


def decode_body(kind: str, text: str) -> EventBody:
    """The inverse of :func:`encode_body`.

    :raises UnreadableEventError: when this version does not know the kind or the text does not fit it.
    """
    if kind not in _KINDS:
        raise UnreadableEventError(f"an event of kind {kind!r} is not known to this version of nni-core")
    try:
        return _DECODERS[kind].decode(text)
    except (msgspec.MsgspecError, UnicodeEncodeError):
        # It takes no lone surrogates; the standard library's decoder does, and says better what is wrong.
        return _decode_carefully(kind, text)


def _decode_carefully(kind: str, text: str) -> EventBody:
    try:
        body: EventBody = msgspec.convert(json.loads(text), _KINDS[kind])
    except (ValueError, msgspec.ValidationError) as error:
        raise UnreadableEventError(f"an event of kind {kind!r} cannot be read: {error}") from error
    return body


def metric_of(body: MetricReported, timestamp: int) -> Metric:
    """The report that an event tells of, with its non-finite floats restored."""
    return Metric(
        trial_id=body.trial_id,
        parameter_id=body.parameter_id,
        kind=body.kind,
        sequence=body.sequence,
        value=untag_floats(body.value),
        timestamp=timestamp,
    )


def encode_value(value: object) -> str:
    """A metric's value (floats tagged) as JSON text."""
    return _encode(value)


def number_of(body: MetricReported) -> float | None:
    """What charts draw of a report; None when it is not a finite number."""
    return default_number(body.value)


_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=dict).encode
