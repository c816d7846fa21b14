"""Rank correlation (C. Spearman: The Proof and Measurement of Association between Two Things, 1904)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from statistics import fmean


def correlation(some: Sequence[float], others: Sequence[float]) -> float | None:
    """From -1 (the larger the one, the smaller the other) to 1; None when one of them never changes."""
    if len(some) < 2:
        return None
    left, right = ranks(some), ranks(others)
    middle = fmean(left)
    products = sum((one - middle) * (other - middle) for one, other in zip(left, right, strict=True))
    squares = sum((one - middle) ** 2 for one in left) * sum((other - middle) ** 2 for other in right)
    return products / math.sqrt(squares) if squares > 0 else None


def ranks(numbers: Sequence[float]) -> list[float]:
    """Places by size, from 0; equal numbers share the middle of theirs."""
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    found = [0.0] * len(numbers)
    begun = 0
    for _, group in groupby(order, key=numbers.__getitem__):
        places = list(group)
        for place in places:
            found[place] = begun + (len(places) - 1) / 2
        begun += len(places)
    return found
