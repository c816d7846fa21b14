"""Whether the archived ``nni`` is installed beside us, found without reading any metadata."""

from __future__ import annotations

import re
import sys
from pathlib import Path

_ARCHIVED = re.compile(r"nni-[0-9][^-]*\.dist-info")


def archived_nni_installed() -> bool:
    """Whether a distribution named ``nni`` lies where nni_core does, or anywhere else on the path for packages."""
    return any(
        _ARCHIVED.fullmatch(entry.name)
        for place in sys.path
        if place.endswith(("site-packages", "dist-packages")) and Path(place).is_dir()
        for entry in Path(place).glob("nni-*.dist-info")
    )
