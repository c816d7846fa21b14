"""Single keys from the terminal, read while something else is shown."""

from __future__ import annotations

import os
import select
import sys
import time
from typing import Any, Self


class Keyboard:
    """Keys of the terminal on stdin, one by one and without an echo; no keys ever when stdin is none.

    A context manager: leaving it gives the terminal back as it was.
    """

    def __init__(self) -> None:
        self._before: Any = None

    def __enter__(self) -> Self:
        if sys.stdin is not None and sys.stdin.isatty():
            import termios
            import tty

            self._before = termios.tcgetattr(sys.stdin.fileno())
            tty.setcbreak(sys.stdin.fileno())
        return self

    def __exit__(self, *exception: object) -> None:
        if self._before is not None:
            import termios

            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, self._before)

    def wait(self, seconds: float) -> str:
        """The next key, or nothing when none was hit within some seconds."""
        if self._before is None:
            time.sleep(seconds)  # without a keyboard there is nothing to wait for but the time
            return ""
        ready, _, _ = select.select([sys.stdin.fileno()], [], [], seconds)
        return os.read(sys.stdin.fileno(), 1).decode(errors="replace") if ready else ""
