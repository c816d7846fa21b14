"""The documentation can be built, without a warning."""

from __future__ import annotations

import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from nni_core import api, hookspecs

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_it_builds_and_shows_every_name(tmp_path: Path) -> None:
    """A warning would be an error; hooks and the plugin API are in the index of the built pages."""
    built = subprocess.run(
        [sys.executable, "docs/build.py", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    shown = _names_in(tmp_path / "objects.inv")
    hooks = {f"nni_core.hookspecs.{name}" for name in vars(hookspecs) if name.startswith("nni_")}
    assert hooks | {f"nni_core.api.{name}" for name in api.__all__} <= shown


def _names_in(inventory: Path) -> set[str]:
    """The Python names in Sphinx's inventory: four lines of text, then compressed lines that begin with a name."""
    *_, packed = inventory.read_bytes().split(b"\n", 4)
    entries = (line.split() for line in zlib.decompress(packed).decode().splitlines())
    return {name for name, kind, *_ in entries if kind.startswith("py:")}
