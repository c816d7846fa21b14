"""The volume that results with several objectives surpass.

L. While, L. Bradstreet, L. Barone: A Fast Way of Calculating Exact Hypervolumes, IEEE Transactions on Evolutionary
Computation 16, 2012.
"""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, ...]


def hypervolume(points: Sequence[Point], reference: Point) -> float:
    """Of points whose numbers are better the smaller they are, up to a reference point. Exact; quick for two and three
    objectives and some hundred points."""
    inside = [point for point in points if all(one < end for one, end in zip(point, reference, strict=True))]
    return _volume(_front(inside), reference)


def _volume(front: Sequence[Point], reference: Point) -> float:
    if len(reference) == 1:
        return reference[0] - min(point[0] for point in front) if front else 0.0
    if len(reference) == 2:
        return _area(front, reference)
    ordered = sorted(front, key=lambda point: point[-1])
    total = 0.0
    for place, point in enumerate(ordered):
        # A slab from this point's last number to the next one's, over what the points so far surpass there.
        end = ordered[place + 1][-1] if place + 1 < len(ordered) else reference[-1]
        if end > point[-1]:
            below = _front([one[:-1] for one in ordered[: place + 1]])
            total += (end - point[-1]) * _volume(below, reference[:-1])
    return total


def _area(front: Sequence[Point], reference: Point) -> float:
    total, height = 0.0, reference[1]
    for first, second in sorted(front):
        if second < height:
            total += (reference[0] - first) * (height - second)
            height = second
    return total


def _front(points: Sequence[Point]) -> list[Point]:
    kept: list[Point] = []
    for point in sorted(set(points)):
        if not any(all(one <= other for one, other in zip(best, point, strict=True)) for best in kept):
            kept.append(point)
    return kept
