"""Which experiments may go: those that ended and meet every condition that a user named."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from nni_core.client.removing import disk_usage
from nni_core.client.summaries import ExperimentSummary, summarize
from nni_core.folders import ExperimentFolder, all_experiments


@frozen(kw_only=True)
class Rule:
    """What must be true of an experiment that goes. A condition that is None or False asks nothing."""

    #: seconds since its end
    older_than: float | None = None
    #: bytes on the disk
    larger_than: int | None = None
    #: it came to nothing
    failed: bool = False
    #: number of those started last that stay, whatever else is true of them
    keep: int = 0


@frozen(kw_only=True)
class Candidate:
    """An experiment that a rule lets go."""

    folder: ExperimentFolder
    summary: ExperimentSummary
    #: bytes on the disk
    size: int

    @property
    def ended_at(self) -> int:
        """Milliseconds since the epoch; when its log was written last, where the log does not say."""
        return last_alive(self.folder, self.summary)


def candidates(rule: Rule, *, now: float) -> Sequence[Candidate]:
    """The experiments of this user that a rule lets go, oldest first. ``now`` is in seconds since the epoch."""
    known = [(folder, summarize(folder)) for folder in all_experiments() if not folder.is_live()]
    ended = [(folder, summary) for folder, summary in known if not summary.unfinished]
    # One that cannot be read has no start: it is as old as its log.
    ended.sort(key=lambda pair: pair[1].started_at or last_alive(*pair))
    spared = len(ended) - rule.keep
    found = [
        Candidate(folder=folder, summary=summary, size=disk_usage(folder))
        for folder, summary in ended[: max(0, spared)]
        if _meets(rule, folder, summary, now)
    ]
    return [one for one in found if rule.larger_than is None or one.size > rule.larger_than]


def last_alive(folder: ExperimentFolder, summary: ExperimentSummary) -> int:
    """When an experiment ended, in milliseconds since the epoch. A manager that was killed has not written it down."""
    if summary.ended_at is not None:
        return summary.ended_at
    try:
        return int(folder.database.stat().st_mtime * 1_000)
    except OSError:
        return summary.started_at or 0


def _meets(rule: Rule, folder: ExperimentFolder, summary: ExperimentSummary, now: float) -> bool:
    old = rule.older_than is None or now - last_alive(folder, summary) / 1_000 > rule.older_than
    return old and (not rule.failed or summary.failed_wholly)
