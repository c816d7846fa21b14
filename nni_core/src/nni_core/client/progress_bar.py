"""How far an experiment is, while somebody waits for it: a bar in a notebook or a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from nni_core.client.summaries import ExperimentSummary
from nni_core.client.summary_html import summary_html

#: seconds between two lines where there is no bar
LINES_APART = 10.0


class ProgressDisplay(Protocol):
    """Shows summaries, one after the other."""

    def show(self, summary: ExperimentSummary) -> None:
        """The latest one."""

    def close(self) -> None:
        """No more will come."""


def progress_display(urls: Sequence[str]) -> ProgressDisplay:
    """The display that fits the place where this program runs."""
    if in_notebook():
        return NotebookDisplay(urls)
    return TerminalBar() if sys.stdout.isatty() else Lines()


def in_notebook() -> bool:
    """Whether this program is the kernel of a notebook."""
    # Whoever runs in a notebook has imported it; nobody else should.
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


class NotebookDisplay:
    """The summary of the experiment, kept up to date in the cell's output."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = urls
        self._handle: Any = None

    def show(self, summary: ExperimentSummary) -> None:
        import IPython.display

        shown: Any = IPython.display
        html = shown.HTML(summary_html(summary, self._urls))
        if self._handle is None:
            self._handle = shown.display(html, display_id=True)
        else:
            self._handle.update(html)

    def close(self) -> None:
        """The last summary stays."""


class TerminalBar:
    """A bar, or a pulse while it is not known how many trials there will be."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=Console(file=sys.stdout))
        self._task = self._progress.add_task("starting", total=None, told="")
        self._progress.start()

    def show(self, summary: ExperimentSummary) -> None:
        self._progress.update(
            self._task,
            description=summary.status,
            completed=summary.finished,
            total=summary.max_trial_number,
            told=in_words(summary),
        )

    def close(self) -> None:
        self._progress.stop()


class Lines:
    """A line now and then, when there is news."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said = ""
        self._next = 0.0

    def show(self, summary: ExperimentSummary) -> None:
        line = f"{summary.status}: {in_words(summary)}"
        now = self._clock()
        if line != self._said and (now >= self._next or summary.status != self._said.partition(":")[0]):
            self._said, self._next = line, now + LINES_APART
            # Scripts and notebooks show it as they show everything that is printed.
            print(line, flush=True)  # noqa: T201

    def close(self) -> None:
        """Nothing is left open."""


def in_words(summary: ExperimentSummary) -> str:
    """``7/10 trials, 1 failed, best 0.93 (trial 4)``"""
    failed = summary.counts.get("FAILED", 0)
    best = "no result yet" if summary.best is None else f"best {summary.best:.6g} (trial {summary.best_trial})"
    return f"{summary.progress} trials{f', {failed} failed' if failed else ''}, {best}"
