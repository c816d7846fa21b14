"""The ``class_args`` of the sink."""

from __future__ import annotations

from attrs import field, frozen


@frozen(kw_only=True)
class JsonLinesArguments:
    """What a user can set under ``class_args``."""

    path: str = field(
        default="events.jsonl",
        metadata={
            "doc": "file to append to; a relative path starts in the experiment's directory, ~ is the user's home"
        },
    )

    @path.validator
    def _check_path(self, _attribute: object, value: str) -> None:
        if not value.strip():
            raise ValueError("path must not be empty")
