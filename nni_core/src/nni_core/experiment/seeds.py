"""One seed for everything random in an experiment."""

from __future__ import annotations

import hashlib


def derived_seed(seed: int, purpose: str) -> int:
    """The seed for one purpose (``tuner``, ``assessor``), from 0 to ``2**31 - 1``. The same on every machine and with
    every version, and unrelated for different purposes."""
    digest = hashlib.sha256(f"{seed}:{purpose}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
