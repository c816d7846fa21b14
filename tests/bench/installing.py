"""What installing costs: time from a warm cache, and megabytes of new environments."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench.measure import Home, Row

ROOT = Path(__file__).parents[2]
SMALL = ("nni_core", "service_local", "plugins/web_portal")
EVERYTHING = tuple(re.findall(r"^-e \./(\S+)$", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE))


def rows(home: Home) -> Iterator[Row]:
    """The rows of the report."""
    wheels = home.path / "wheels"
    for distribution in EVERYTHING:
        command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(wheels), str(ROOT / distribution)]
        subprocess.run(command, check=True, capture_output=True)
    bare = home.path / "bare-environment"
    _make(bare, [])
    empty = _megabytes(bare)
    for title, names, limit in (
        ("core, local service and portal", SMALL, 60),
        ("everything but PyTorch", EVERYTHING, 300),
    ):
        place = home.path / title.split(",")[0].replace(" ", "-")
        files = [str(next(wheels.glob(f"*{Path(name).name.replace('nni_', '')}*.whl"))) for name in names]
        _make(place, files)
        taken = _make(home.path / f"{place.name}-again", files)
        size = _megabytes(place) - empty
        yield Row(
            what=f"install of {title}",
            measured=f"{size:.0f} MB, {taken:.0f} s from a warm cache",
            beside=f"beyond an empty environment of {empty:.0f} MB",
            bar=f"{limit} MB, 60 s",
            met=size <= limit and taken <= 60,
        )


def _make(place: Path, wheels: Sequence[str]) -> float:
    """Seconds that a new environment with these wheels takes."""
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    if wheels:
        subprocess.run([str(place / "bin" / "pip"), "install", "-q", *wheels], check=True, capture_output=True)
    return time.perf_counter() - start


def _megabytes(place: Path) -> float:
    done = subprocess.run(["du", "-sk", str(place)], check=True, capture_output=True, text=True)
    return int(done.stdout.split()[0]) / 1024
