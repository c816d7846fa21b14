"""What of logging is shown on stdout, for scripts and notebooks."""

from __future__ import annotations

import logging
import sys

__all__ = ["enable_global_logging", "silence_stdout"]

_FORMAT = "[%(asctime)s] %(levelname)s (%(name)s/%(threadName)s) %(message)s"
_DATE = "%Y-%m-%d %H:%M:%S"


class _Shown(logging.StreamHandler):  # type: ignore[type-arg]
    """Our handler of the root logger, to be told from the user's own."""


def silence_stdout() -> None:
    """Print no results of a script that runs outside an experiment, and no log lines of ours."""
    logger = logging.getLogger("nni")
    for handler in [one for one in logger.handlers if isinstance(one, logging.StreamHandler)]:
        if handler.stream is sys.stdout:
            logger.removeHandler(handler)
    # With a handler of some kind, nobody else sees a need for one; and the root logger's is not to show them either.
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    enable_global_logging(enable=False)


def enable_global_logging(enable: bool = True) -> None:
    """Show the log lines of every library on stdout, from ``INFO`` on; or no longer."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, _Shown)]:
        root.removeHandler(handler)
    if enable:
        handler = _Shown(sys.stdout)
        handler.setFormatter(logging.Formatter(_FORMAT, _DATE))
        root.addHandler(handler)
        root.setLevel(min(root.level or logging.INFO, logging.INFO))
