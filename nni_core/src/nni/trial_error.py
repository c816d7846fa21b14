"""How trial code gives up: the one exception whose message becomes the trial's.

An uncaught exception ends a Python script whatever it is, and the manager learns its exit code and the last line that
it printed. This one is told to the manager by name: when it is raised and nobody catches it, an ``ERROR`` record is
appended to the spool, before the traceback is printed as usual. ``sys.excepthook`` does that; it is put in place when
the first :class:`TrialError` is made, and goes on to the hook that was there before.
"""

from __future__ import annotations

import functools
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

#: characters of a message that are kept
LONGEST = 2000


class TrialError(Exception):
    """Raise it to end the trial as failed, with a message of your own: ``raise nni.TrialError("the loss is NaN")``.

    The experiment sees the message, and treats the failure as ``on_failure.trial_error`` says. ``retryable=False``
    tells it that trying again is useless, however many retries there are. Outside an experiment this is an exception
    like any other.
    """

    def __init__(self, message: str = "", *, retryable: bool = True) -> None:
        super().__init__(message)
        #: whether the trial may succeed when it is run again
        self.retryable = retryable
        _listen()


@functools.cache
def _listen() -> None:
    """Hear of it when one of these ends the process."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, TrialError):
            _tell(error)
        before(kind, error, trace)

    sys.excepthook = hook


def _tell(error: TrialError) -> None:
    from nni.trial import give_up

    message = (str(error) or type(error).__name__)[:LONGEST]
    try:
        # Half a surrogate pair cannot be written as UTF-8.
        give_up(message.encode("utf-8", "replace").decode(), retryable=error.retryable)
    except (OSError, RuntimeError) as trouble:
        sys.stderr.write(f"the experiment is not told of this error: {trouble}\n")
