"""``python -m nni_core.manager FD``: waits for its order on a socket, then runs the experiment."""

from __future__ import annotations

import sys

from nni_core.manager.process import run

if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1])))
