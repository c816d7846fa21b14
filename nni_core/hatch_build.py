"""Compiles the sources of an editable install, as pip does for every other: ``nnictl`` starts fast at once."""

import compileall
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileSources(BuildHookInterface):  # type: ignore[type-arg, misc]
    """A hook of hatchling's wheel target."""

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Called when the wheel is written."""
        if version == "editable":
            compileall.compile_dir(Path(self.root) / "src", quiet=2)
