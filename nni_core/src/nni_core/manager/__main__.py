"""A manager's process: waits for its order on a socket, then runs the experiment."""

from __future__ import annotations

import gc
import socket
import sys

from nni_core.experiment.tuner_spawn import TunerLine
from nni_core.manager.inbox import Inbox


def main(arguments: list[str]) -> int:
    """Entry of the process, with the descriptor of its starter's socket; the answer is its exit code."""
    # Both processes import for a good part of a second: the tuner's begins before the manager's own imports do.
    # What is imported stays: the collector is let loose when the start is over.
    gc.disable()
    channel = socket.socket(fileno=int(arguments[0]))
    channel.set_inheritable(False)
    inbox = Inbox(channel, TunerLine())
    from nni_core.manager.process import run

    return run(inbox)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
