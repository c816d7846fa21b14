"""Types and unit tests of the frontend, with the Node that the build would take: ``nox -s frontend``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hatch_build import node_to_use

FRONTEND = Path(__file__).parent / "frontend"
CHECKS = (
    ["node_modules/svelte-check/bin/svelte-check", "--tsconfig", "./tsconfig.json", "--fail-on-warnings"],
    ["node_modules/vitest/vitest.mjs", "run"],
)


def main() -> int:
    """Run both; the answer is 0 when both are content."""
    node, npm = node_to_use()
    environment = os.environ | {"PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    commands = [[node, *check] for check in CHECKS]
    if not (FRONTEND / "node_modules").is_dir():
        commands.insert(0, [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    codes = [subprocess.run(command, cwd=FRONTEND, env=environment, check=False).returncode for command in commands]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
