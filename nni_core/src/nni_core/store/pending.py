"""Reports that are submitted and not yet written: the store's answers include them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from nni_core.model import Metric, MetricKind, TrialId
from nni_core.store.codec import metric_of
from nni_core.store.events import Event, MetricReported, TrialRequeued


class PendingMetrics:
    """What the events that wait change about the reports in the database."""

    def __init__(self) -> None:
        self._reports: deque[tuple[int, Metric]] = deque()
        self._requeues: deque[tuple[int, TrialId]] = deque()

    def add(self, event: Event) -> None:
        """An event was submitted."""
        body = event.body
        if isinstance(body, MetricReported):
            self._reports.append((event.number, metric_of(body, event.timestamp)))
        elif isinstance(body, TrialRequeued):
            self._reports = deque(entry for entry in self._reports if entry[1].trial_id != body.trial_id)
            self._requeues.append((event.number, body.trial_id))

    def drop(self, through: int) -> None:
        """Events up to this one are written now."""
        while self._reports and self._reports[0][0] <= through:
            self._reports.popleft()
        while self._requeues and self._requeues[0][0] <= through:
            self._requeues.popleft()

    def clear(self) -> None:
        """What waits will never be written."""
        self._reports.clear()
        self._requeues.clear()

    def after(self, written: Sequence[Metric], trial_id: TrialId | None, kind: MetricKind | None) -> Sequence[Metric]:
        """The written reports of a trial (None: of all) and a kind (None: both), brought up to date."""
        forgotten = {trial for _, trial in self._requeues}
        waiting = (
            metric
            for _, metric in self._reports
            if (trial_id is None or metric.trial_id == trial_id) and (kind is None or metric.kind is kind)
        )
        return [*(metric for metric in written if metric.trial_id not in forgotten), *waiting]
