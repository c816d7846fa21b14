"""Whose turn it is to be told to the tuner where ``deterministic`` is set, so that it does not matter which trial ends
first.

A question to the tuner brings one trial. Before trial ``n`` is asked for, the tuner is told the ends of all trials up
to ``n - lag``, in the order of their numbers, and of no others: so the question waits until those have ended. How many
the tuner was told is kept with its answer, so that a replaced tuner and a resumed experiment hear the same story.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from nni_core.experiment.ledger import Ledger
from nni_core.model import Trial


class Turns:
    """The order of what the tuner is told."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    @property
    def are_kept(self) -> bool:
        """Whether there are turns: without ``deterministic`` the tuner is told everything as it happens."""
        return self._ledger.terms.lag is not None

    @property
    def due(self) -> int:
        """Of how many trials, the first ones, the tuner has to know the ends before it is asked again."""
        ledger = self._ledger
        created = len(ledger.trials)
        due = max(ledger.told_in_order, created + 1 - (ledger.terms.lag or 0))
        if ledger.exhausted is not None:
            # It had nothing to suggest; with the end of one more trial it may have.
            due = max(due, ledger.told_in_order + 1)
        return min(due, created)

    @property
    def awaited(self) -> Trial | None:
        """The trial that must end before the tuner is asked again; None when it may be asked now."""
        trials = self._ledger.trials
        first = min((trials[one] for one in self._ledger.live), key=lambda trial: trial.sequence_id, default=None)
        return None if first is None or first.sequence_id >= self.due else first

    @property
    def all_told(self) -> bool:
        """Whether the tuner knows the end of every trial."""
        return self._ledger.told_in_order == len(self._ledger.trials)

    def next(self) -> Sequence[Trial]:
        """The trials whose ends it is told before the next question."""
        if not self.are_kept:
            return []
        return list(islice(self._ledger.trials.values(), self._ledger.told_in_order, self.due))

    def holds_back(self, trial: Trial) -> bool:
        """Whether the end of a trial is to be told later."""
        return self.are_kept and trial.sequence_id >= self._ledger.told_in_order
