"""GPU numbers as NNI lets them be written: ``0``, ``[0, 1]`` or ``"0,1"``."""

from __future__ import annotations

import re
from typing import NewType

from nni_core.model import Json

#: numbers of GPUs, as nvidia-smi counts them, in the order given
GpuIndices = NewType("GpuIndices", tuple[int, ...])

#: how messages name what is wanted
INDICES = "a list of different GPU numbers from 0, such as [0, 1]"

_TEXT = re.compile(r"\s*\d{1,4}\s*(,\s*\d{1,4}\s*)*", re.ASCII)


def parse_gpu_indices(value: Json) -> GpuIndices:
    """:raises ValueError: when the value does not name GPUs, each once."""
    if isinstance(value, str) and _TEXT.fullmatch(value):
        value = [int(part) for part in value.split(",")]
    numbers = value if isinstance(value, list) else [value]
    if not all(type(number) is int and number >= 0 for number in numbers) or len(set(numbers)) < len(numbers):
        raise ValueError(f"must be {INDICES}")
    return GpuIndices(tuple(numbers))
