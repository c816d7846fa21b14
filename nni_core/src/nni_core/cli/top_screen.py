"""What ``nnictl top`` shows: a head for each experiment, with the trials that run below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nni_core.cli.tables import STYLES, cell, how_long, table_of
from nni_core.client.summaries import ExperimentSummary
from nni_core.client.watching import RunningTrial, Watched
from nni_core.model import TrialState

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

#: columns of the trials that run
COLUMNS = ("no.", "trial", "status", "latest", "reports", "runs for")
#: places of a full bar
BAR = 24
#: lines of an experiment beside its trials: an empty one, two of its head, the names of columns, those left out
HEAD = 5

NOTHING = "no experiment is running: nnictl create --config config.yaml starts one"


def screen(seen: Sequence[Watched], *, height: int, told: str = "") -> RenderableType:
    """Everything on at most ``height`` lines; what does not fit is counted."""
    from rich.console import Group
    from rich.text import Text

    parts: list[RenderableType] = [Text(f"nnictl top   {told}".rstrip(), style="dim")]
    if not seen:
        return Group(*parts, Text(NOTHING))
    # Experiments share the room for trials.
    room = max(0, height - 1 - HEAD * len(seen)) // len(seen)
    for one in seen:
        parts += _experiment(one, one.running[:room])
    return Group(*parts)


def _experiment(one: Watched, shown: Sequence[RunningTrial]) -> Iterator[RenderableType]:
    from rich.text import Text

    yield Text("")
    yield _head(one.summary)
    yield Text(f"  {_counts(one.summary)}", no_wrap=True, overflow="ellipsis")
    if one.summary.fault:
        yield Text(f"  {cell(one.summary.fault)}", style="red", no_wrap=True, overflow="ellipsis")
    if shown:
        yield table_of(COLUMNS, [_row(trial) for trial in shown], numbers=("no.", "latest", "reports", "runs for"))
    if left := len(one.running) - len(shown):
        yield Text(f"  and {left} more trials run", style="dim")


def _head(summary: ExperimentSummary) -> Text:
    from rich.text import Text

    head = Text(no_wrap=True, overflow="ellipsis")
    head.append(summary.id, style="bold")
    head.append("  ")
    head.append(summary.status, style=STYLES.get(summary.status, ""))
    if summary.max_trial_number:
        full = round(BAR * min(1.0, summary.finished / summary.max_trial_number))
        head.append("  ")
        head.append("━" * full, style="blue")
        head.append("━" * (BAR - full), style="dim")
    head.append(f"  {summary.progress}  best {_best(summary)}")
    if summary.name:
        head.append(f"  {cell(summary.name)}")
    return head


def _best(summary: ExperimentSummary) -> str:
    return "-" if summary.best is None else f"{cell(summary.best)} (no. {summary.best_trial})"


def _counts(summary: ExperimentSummary) -> str:
    counts = {state: summary.counts.get(state, 0) for state in TrialState}
    parts = [
        f"{counts[TrialState.RUNNING]} running",
        f"{counts[TrialState.WAITING]} waiting",
        f"{counts[TrialState.SUCCEEDED]} succeeded",
        f"{counts[TrialState.FAILED]} failed",
        *(f"{number} {state.lower()}" for state, number in counts.items() if number and state not in _ALWAYS_SHOWN),
    ]
    port = f", port {summary.port}" if summary.port else ""
    return f"{how_long(summary.duration) or '-'}{port}: {', '.join(parts)}"


_ALWAYS_SHOWN = {TrialState.RUNNING, TrialState.WAITING, TrialState.SUCCEEDED, TrialState.FAILED}


def _row(trial: RunningTrial) -> dict[str, object]:
    return {
        "no.": trial.sequence_id,
        "trial": trial.id,
        "status": "RUNNING",
        "latest": trial.latest,
        "reports": trial.reports,
        "runs for": how_long(trial.seconds),
    }


def plain_lines(seen: Sequence[Watched]) -> Iterator[str]:
    """The same for a pipe: one line for each experiment, one for each trial that runs."""
    if not seen:
        yield NOTHING
    for one in seen:
        summary = one.summary
        name = f"  {cell(summary.name)}" if summary.name else ""
        yield f"{summary.id}  {summary.status}  {summary.progress}  best {_best(summary)}{name}"
        yield f"  {_counts(summary)}"
        if summary.fault:
            yield f"  {cell(summary.fault)}"
        for trial in one.running:
            latest = "no report yet" if trial.latest is None else f"latest {cell(trial.latest)}"
            yield f"  no. {trial.sequence_id}  {trial.id}  {latest}  runs for {how_long(trial.seconds) or '-'}"
