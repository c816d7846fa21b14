"""What the fields of the config's records say about themselves, for documentation, JSON schema and messages."""

from __future__ import annotations


def described(doc: str, *, unit: str = "", example: str = "") -> dict[str, str]:
    """Metadata of a field that users write."""
    return {"doc": doc, "unit": unit, "example": example}
