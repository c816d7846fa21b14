"""What every store must do. Subclass :class:`StoreContract` and override its one fixture; needs pytest-asyncio."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pytest
from attrs import evolve

from nni_core.model import AttemptId, Json, Metric, MetricKind, TrialId, tag_floats
from nni_core.store.base import StaleManagerError, Store, StoreError
from nni_core.store.events import Event, EventBody, ManagerStarted, MetricReported, Note, TrialRequeued


def started(epoch: int) -> ManagerStarted:
    """A manager that takes charge."""
    return ManagerStarted(epoch=epoch, pid=1)


def report(
    trial: str = "A", value: object = 0.5, *, sequence: int = 0, kind: MetricKind = MetricKind.PERIODICAL
) -> MetricReported:
    """A report of a trial."""
    return MetricReported(
        trial_id=TrialId(trial),
        attempt_id=AttemptId(f"{trial}-1"),
        parameter_id=7,
        kind=kind,
        sequence=sequence,
        value=tag_floats(value),
        spool_offset=0,
    )


@pytest.mark.asyncio
class StoreContract:
    """``open_log`` answers with a function that opens one and the same log anew at every call, as a new manager would;
    the log is empty at first."""

    @pytest.fixture
    def open_log(self) -> Callable[[], Store]:
        raise NotImplementedError("override this fixture")

    async def test_an_empty_log_has_nothing_in_it(self, open_log: Callable[[], Store]) -> None:
        """The latest event of a new log is number 0."""
        store = open_log()
        assert (store.last, list(store.replay()), list(store.metrics())) == (0, [], [])
        await store.close()

    async def test_events_are_numbered_from_one_without_gaps(self, open_log: Callable[[], Store]) -> None:
        """Numbers go on from batch to batch, and submitting answers with them at once."""
        store = open_log()
        first = store.submit([started(1), Note(message="a")], timestamp=5)
        second = store.submit([Note(message="b")], timestamp=6)
        assert [(event.number, event.timestamp) for event in [*first, *second]] == [(1, 5), (2, 5), (3, 6)]
        await store.close()

    async def test_flushed_events_are_replayed_in_order(self, open_log: Callable[[], Store]) -> None:
        """Replay gives back equal records, and can begin after any event."""
        store = open_log()
        events = [*store.submit([started(1), report(value=math.pi), Note(message="é\ud800\0")], timestamp=5)]
        await store.flush()
        assert store.last == 3
        assert list(store.replay()) == events
        assert list(store.replay(after=2)) == events[2:]
        await store.close()

    async def test_written_events_are_replayed(self, open_log: Callable[[], Store]) -> None:
        """What is written is in the log, whether it is durable yet or not; to flush it afterwards is no change."""
        store = open_log()
        events: list[Event] = []
        for batch in range(3):
            events += store.submit([started(batch + 1), Note(message="a")], timestamp=5)
            await store.write()
            assert (store.last, list(store.replay())) == (len(events), events)
        await store.write()
        await store.flush()
        assert (store.last, list(store.replay())) == (len(events), events)
        await store.close()

    async def test_a_log_opened_anew_goes_on(self, open_log: Callable[[], Store]) -> None:
        """A new manager sees every event of the one before, and numbers on."""
        store = open_log()
        store.submit([started(1), Note(message="a")], timestamp=5)
        await store.close()
        again = open_log()
        assert again.last == 2
        assert again.submit([started(2)], timestamp=6)[0].number == 3
        await again.flush()
        assert [event.number for event in again.replay()] == [1, 2, 3]
        await again.close()

    async def test_what_waits_is_not_replayed(self, open_log: Callable[[], Store]) -> None:
        """Replay knows events that are written only."""
        store = open_log()
        store.submit([started(1)], timestamp=5)
        assert (store.last, list(store.replay())) == (0, [])
        await store.close()

    async def test_metrics_include_what_is_not_yet_written(self, open_log: Callable[[], Store]) -> None:
        """A report can be read as soon as it is submitted, once, before and after the flush."""
        store = open_log()
        store.submit([started(1), report(value=1, sequence=0)], timestamp=5)
        await store.flush()
        store.submit([report(value=2, sequence=1), report("B", 3)], timestamp=6)
        waiting = list(store.metrics())
        await store.flush()
        assert waiting == list(store.metrics())
        assert [(m.trial_id, m.value, m.timestamp) for m in waiting] == [("A", 1, 5), ("A", 2, 6), ("B", 3, 6)]
        await store.close()

    async def test_metrics_can_be_asked_for_by_trial_and_kind(self, open_log: Callable[[], Store]) -> None:
        """Both filters work alone and together."""
        store = open_log()
        final = report(value=3, kind=MetricKind.FINAL)
        store.submit([started(1), report(value=1), final, report("B", 4, kind=MetricKind.FINAL)], timestamp=5)
        for _ in range(2):
            assert _values(store.metrics(TrialId("A"))) == [1, 3]
            assert _values(store.metrics(kind=MetricKind.FINAL)) == [3, 4]
            assert _values(store.metrics(TrialId("A"), kind=MetricKind.FINAL)) == [3]
            assert _values(store.metrics(TrialId("nobody"))) == []
            await store.flush()
        await store.close()

    async def test_metric_values_come_back_as_they_were(self, open_log: Callable[[], Store]) -> None:
        """Numbers of any size, negative zero, infinities inside dicts, texts."""
        store = open_log()
        values = [10**400, -0.0, {"default": math.inf, "loss": [1e-300, None]}, "text", 2**63]
        store.submit([started(1), *(report(value=value) for value in values)], timestamp=5)
        await store.flush()
        assert [repr(value) for value in _values(store.metrics())] == [repr(value) for value in values]
        store.submit([report(value=math.nan)], timestamp=5)
        await store.flush()
        assert math.isnan(store.metrics()[-1].value)
        await store.close()

    async def test_a_requeued_trial_has_no_reports(self, open_log: Callable[[], Store]) -> None:
        """Reports of an earlier attempt are forgotten, waiting or written; those after it count."""
        store = open_log()
        store.submit([started(1), report(value=1), report("B", 9)], timestamp=5)
        await store.flush()
        again = TrialRequeued(trial_id=TrialId("A"), attempt_id=AttemptId("A-2"), attempt=2, reason="lost")
        store.submit([report(value=2), again, report(value=3)], timestamp=6)
        for _ in range(2):
            assert _values(store.metrics()) == [9, 3]
            await store.flush()
        await store.close()

    async def test_the_outline_has_the_last_report_of_each_trial(self, open_log: Callable[[], Store]) -> None:
        """Everything but intermediate reports, and of those the last one of each trial's attempt, with their number."""
        store = open_log()
        again = TrialRequeued(trial_id=TrialId("A"), attempt_id=AttemptId("A-2"), attempt=2, reason="lost")
        final = report("B", 5, kind=MetricKind.FINAL)
        earlier: list[EventBody] = [started(1), report(value=1), report("B", 2), report("B", 3), again, final]
        store.submit([*earlier, report(value=6), report(value=7)], timestamp=5)
        assert list(store.outline()) == []
        await store.flush()
        told = [(event.number, type(event.body), count) for event, count in store.outline()]
        assert told == [
            (1, ManagerStarted, 1),
            (4, MetricReported, 2),
            (5, TrialRequeued, 1),
            (6, MetricReported, 1),
            (8, MetricReported, 2),
        ]
        await store.close()

    async def test_a_value_that_json_cannot_hold_is_refused(self, open_log: Callable[[], Store]) -> None:
        """Nothing of the refused batch is kept, and the store goes on."""
        store = open_log()
        bad = evolve(report(), value=math.nan)
        with pytest.raises(ValueError, match="not JSON compliant"):
            store.submit([started(1), bad], timestamp=5)
        assert store.submit([started(1)], timestamp=6)[0].number == 1
        await store.flush()
        assert store.last == 1
        await store.close()

    async def test_a_replaced_manager_cannot_write(self, open_log: Callable[[], Store]) -> None:
        """Once a later manager has started, an earlier one is told so at its next flush, and for ever after."""
        old = open_log()
        old.submit([started(1)], timestamp=5)
        await old.flush()
        new = open_log()
        new.submit([started(2)], timestamp=6)
        await new.flush()
        old.submit([Note(message="too late")], timestamp=7)
        with pytest.raises(StaleManagerError, match=r"another manager .* has taken over"):
            await old.flush()
        with pytest.raises(StaleManagerError, match="another manager"):
            old.submit([Note(message="later still")], timestamp=8)
        await old.close()
        assert [type(event.body) for event in new.replay()] == [ManagerStarted, ManagerStarted]
        await new.close()

    async def test_of_two_managers_that_start_at_once_one_wins(self, open_log: Callable[[], Store]) -> None:
        """Both saw the same log; only the first to write is in charge."""
        first, second = open_log(), open_log()
        first.submit([started(1)], timestamp=5)
        second.submit([started(1)], timestamp=5)
        await first.flush()
        with pytest.raises(StaleManagerError, match="another manager"):
            await second.flush()
        await first.close()
        await second.close()

    async def test_epochs_only_grow(self, open_log: Callable[[], Store]) -> None:
        """A manager that claims an epoch of before is refused."""
        store = open_log()
        store.submit([started(3)], timestamp=5)
        await store.flush()
        store.submit([started(3)], timestamp=6)
        with pytest.raises(StoreError, match="epoch 3 cannot follow one with epoch 3"):
            await store.flush()
        await store.close()

    async def test_closing_writes_what_waits(self, open_log: Callable[[], Store]) -> None:
        """Close twice, and the event is there; a closed store takes nothing more."""
        store = open_log()
        store.submit([started(1)], timestamp=5)
        await store.close()
        await store.close()
        with pytest.raises(StoreError, match="closed"):
            store.submit([Note(message="late")], timestamp=6)
        with pytest.raises(StoreError, match="closed"):
            await store.flush()
        again = open_log()
        assert again.last == 1
        await again.close()


def _values(metrics: Sequence[Metric]) -> list[Json]:
    return [metric.value for metric in metrics]
