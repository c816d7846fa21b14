"""Records as JSON. NaN never leaves: numbers that are not finite are None, raw values are tagged."""

from __future__ import annotations

import json

import msgspec

from nni_core.model import Json, tag_floats

_encode = msgspec.json.Encoder().encode


def encode(document: object) -> bytes:
    """A document as strict JSON."""
    try:
        return _encode(document)
    except (OverflowError, UnicodeEncodeError):
        # Whole numbers beyond 64 bits and lone surrogates are JSON too; only the slower encoder writes them.
        builtins = tag_floats(msgspec.to_builtins(document))
        return json.dumps(builtins, separators=(",", ":"), allow_nan=False).encode("ascii")


def encode_text(value: Json) -> str:
    """A raw value as JSON text, for NNI's documents, which carry JSON inside JSON."""
    return json.dumps(tag_floats(value), allow_nan=False)
