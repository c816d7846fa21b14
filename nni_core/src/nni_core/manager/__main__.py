"""``python -m nni_core.manager FD``: waits for its order on a socket, then runs the experiment."""

from __future__ import annotations

import sys

from nni_core.experiment.tuner_spawn import TunerLine


def main() -> int:
    """Entry of the process; the answer is its exit code."""
    # Both processes import for a good part of a second: the tuner's begins before the manager's own imports do.
    tuner = TunerLine()
    from nni_core.manager.process import run

    return run(int(sys.argv[1]), tuner)


if __name__ == "__main__":
    sys.exit(main())
