"""Serves one contestant over standard input and output, with the standard library and what the contestant needs.

``python serve.py MODULE:CLASS [JSON]``; every line is an order, and is answered by a line:

``{"race": {...}}``
    a new race: the keyword arguments of the class, which are ``space``, ``seed``, ``evaluations`` and, where trials
    have budgets, ``budgets``
``{"ask": 3}``
    the point of the fourth trial; with budgets, also ``epochs``, up to which it trains, and ``follows``, the trial
    that it goes on from
``{"tell": 3, "value": 0.5}``
    the result of that trial, lower is better

Every answer has ``cpu``, the seconds of processor time that it took in this process.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from typing import Any


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is not an answer
    module, _, name = sys.argv[1].partition(":")
    settings = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    make = getattr(importlib.import_module(module), name)
    contestant: Any = None
    for line in sys.stdin:
        order = json.loads(line)
        answer: dict[str, Any] = {}
        began = time.process_time()
        if "race" in order:
            contestant = make(**order["race"], **settings)
        elif "ask" in order:
            answer.update(contestant.ask(order["ask"]))
        else:
            contestant.tell(order["tell"], order["value"])
        answer["cpu"] = time.process_time() - began
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
