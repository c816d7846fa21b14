"""Where a trial keeps what it wants to find again when it is run once more."""

from __future__ import annotations

import functools
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["get_checkpoint_directory"]


@functools.cache
def get_checkpoint_directory() -> Path:
    """The directory in which the trial keeps its checkpoints; it is made when it is not there.

    Every execution of the trial has the same one: retries, what runs again after a resume, and what replaces a lost
    execution. It is empty when the trial runs for the first time. No other trial uses it. Programs that are not in
    Python find its path in ``NNI_CHECKPOINT_DIR``, and make it themselves.

    Outside an experiment it is the directory that ``NNI_CHECKPOINT_DIR`` names, if you set that, and otherwise a
    temporary one, which goes away with the process.

    :raises OSError: when it cannot be made.
    :raises RuntimeError: when the training service keeps none.
    """
    from pathlib import Path

    named = os.environ.get("NNI_CHECKPOINT_DIR")
    if named:
        directory = Path(named)
        directory.mkdir(parents=True, exist_ok=True)
        return directory
    if "NNI_SYS_DIR" in os.environ:
        raise RuntimeError("this experiment's training service keeps no checkpoints: NNI_CHECKPOINT_DIR is not set")
    return Path(_temporary())


def _temporary() -> str:
    import atexit
    import shutil
    import tempfile

    path = tempfile.mkdtemp(prefix="nni-checkpoints-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path
