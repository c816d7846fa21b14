"""Measures everything and prints the table of ``docs/explanation/performance.md``. Exit 1 when a bar is not met."""

from __future__ import annotations

import compileall
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench import installing, large, running, starts
from tests.bench.measure import Home, Row

PARTS: dict[str, Callable[[Home], Iterator[Row]]] = {
    "starts": starts.rows,
    "running": running.rows,
    "large": large.rows,
    "installing": installing.rows,
}


def main() -> int:
    """Measure the parts that were named, or all of them."""
    chosen = sys.argv[1:] or list(PARTS)
    for source in Path(__file__).parents[2].glob("*/src"):
        compileall.compile_dir(source, quiet=2)
    load = os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f} at the beginning\n")
    print("| what | measured | beside | bar | met |\n|---|---|---|---|---|")
    met = True
    # Nothing is deleted before all is measured: for minutes after many files were deleted, ext4 takes several times as
    # long to make one (it looks for an inode that was not freed lately), and trials are made of files.
    with tempfile.TemporaryDirectory() as folder:
        for name in chosen:
            home = Path(folder) / name
            home.mkdir()
            for row in PARTS[name](Home(path=home)):
                print(
                    f"| {row.what} | {row.measured} | {row.beside} | {row.bar} | {'yes' if row.met else 'NO'} |",
                    flush=True,
                )
                met = met and row.met
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
