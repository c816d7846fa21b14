"""What every training service promises, as tests. Subclass :class:`TrainingServiceContract` and say how to make one;
needs pytest-asyncio.

Trials are shell commands that use nothing but what every host has. They write to ``$NNI_SYS_DIR/.nni/metrics`` where a
real trial would report, so the service must bring that file home, wherever the trial ran.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from nni_core.api import (
    AttemptStatus,
    ServiceContext,
    Submitted,
    TrainingService,
    TrialExited,
    TrialOutput,
    TrialStarted,
)
from nni_core.model import LogStream, TrialId
from nni_core.testing.service_driver import ServiceDriver, service_context

_REPORT = '>> "$NNI_SYS_DIR/.nni/metrics"'
#: tells that it is there, then goes on until it is ended
_WAIT = f"echo here {_REPORT}; exec sleep 600"
#: as _WAIT, but does not listen to SIGTERM
_STUBBORN = f"trap '' TERM; echo here {_REPORT}; while :; do sleep 1; done"


@pytest.mark.asyncio
class TrainingServiceContract(ABC):
    """The laws. A test that a service cannot keep is a fault of the service."""

    @abstractmethod
    def create(self, context: ServiceContext) -> TrainingService:
        """A new service for an experiment; called again to take over from an earlier one."""

    @pytest.fixture
    def context(self, tmp_path: Path) -> ServiceContext:
        return service_context(tmp_path)

    @pytest_asyncio.fixture
    async def driver(self, context: ServiceContext) -> AsyncIterator[ServiceDriver]:
        async with ServiceDriver(self.create(context), context) as driver:
            yield driver

    # --- beginning and end --------------------------------------------------------------------------------------------

    async def test_check_finds_nothing_wrong_with_a_plain_experiment(self, context: ServiceContext) -> None:
        """A service that is set up as it should be has no problems, and says so before it is started."""
        assert not [problem for problem in await self.create(context).check() if problem.fatal]

    async def test_events_of_a_trial_come_in_order(self, driver: ServiceDriver) -> None:
        """Started comes first and once, exited last and once, the results between them."""
        end = await driver.run(driver.spec("one", f"printf abc {_REPORT}"))
        assert (end.exit_code, end.signal, end.timed_out) == (0, None, False)
        kinds = [type(event) for event in driver.about(end.attempt_id)]
        assert (kinds[0], kinds[-1]) == (TrialStarted, TrialExited)
        assert set(kinds[1:-1]) == {TrialOutput}

    @pytest.mark.parametrize("code", [1, 2, 77, 126, 255])
    async def test_exit_code_is_told(self, driver: ServiceDriver, code: int) -> None:
        """The exit code of the command is the exit code of the trial."""
        end = await driver.run(driver.spec("one", f"exit {code}"))
        assert (end.exit_code, end.signal) == (code, None)

    @pytest.mark.parametrize(("name", "number"), [("KILL", 9), ("SEGV", 11), ("TERM", 15)])
    async def test_death_by_a_signal_is_told(self, driver: ServiceDriver, name: str, number: int) -> None:
        """A command that a signal ends has no exit code, but the signal's number."""
        end = await driver.run(driver.spec("one", f"kill -{name} $$"))
        assert (end.exit_code, end.signal) == (None, number)

    async def test_command_that_does_not_exist_ends_with_127(self, driver: ServiceDriver) -> None:
        """A command that is not there ends as a shell ends it, and the reason is in its stderr."""
        for name, command in (("text", "no-such-program --x"), ("list", ["no-such-program", "--x"])):
            end = await driver.run(driver.spec(name, command))
            assert end.exit_code == 127
            assert b"no-such-program" in await driver.log(name, LogStream.STDERR)

    async def test_words_of_a_list_are_not_read_by_a_shell(self, driver: ServiceDriver) -> None:
        """A command given as a list gets its words as they are."""
        await driver.run(driver.spec("one", ["printf", "%s|", "a b", "$HOME", "*", "'"]))
        assert await driver.log("one") == b"a b|$HOME|*|'|"

    async def test_stdin_is_at_its_end(self, driver: ServiceDriver) -> None:
        """A trial that reads its standard input gets nothing, at once."""
        end = await driver.run(driver.spec("one", "cat; echo done"))
        assert (end.exit_code, await driver.log("one")) == (0, b"done\n")

    async def test_batch_of_twenty_is_answered_in_order(self, driver: ServiceDriver) -> None:
        """Every trial of a batch gets its own answer, and ends with its own result."""
        specs = [driver.spec(f"t{number}", f"exit {number}") for number in range(20)]
        assert await driver.submit(*specs) == [Submitted(attempt_id=spec.attempt_id) for spec in specs]
        ends = await asyncio.gather(*(driver.exited(spec.attempt_id) for spec in specs))
        assert [end.exit_code for end in ends] == list(range(20))

    async def test_attempt_submitted_twice_runs_once(self, driver: ServiceDriver) -> None:
        """An attempt id names one execution, however often it is submitted."""
        spec = driver.spec("one", f"printf x {_REPORT}; sleep 0.1")
        await driver.submit(spec, spec)
        await driver.exited(spec.attempt_id)
        assert driver.spool(spec.attempt_id) == b"x"

    # --- what a trial finds -------------------------------------------------------------------------------------------

    async def test_trial_finds_its_parameters_and_environment(self, driver: ServiceDriver) -> None:
        """The parameter file lies in NNI_SYS_DIR, the given variables are set, and NNI's have their values."""
        command = 'cat "$NNI_SYS_DIR/parameter.cfg"; echo "$COLOUR $NNI_TRIAL_JOB_ID $NNI_TRIAL_SEQ_ID $NNI_EXP_ID"'
        spec = driver.spec("one", command, parameter_file="{é}\n".encode(), environment={"COLOUR": "grün"})
        await driver.run(spec)
        assert (await driver.log("one")).decode() == f"{{é}}\ngrün one {spec.sequence_id} Exp1\n"

    async def test_command_runs_in_the_code_directory(self, driver: ServiceDriver) -> None:
        """Files of the code directory are found by their relative names."""
        (driver.context.requirements.code_directory / "data.txt").write_text("here")
        await driver.run(driver.spec("one", "cat data.txt"))
        assert await driver.log("one") == b"here"

    async def test_later_attempt_has_files_of_its_own(self, driver: ServiceDriver) -> None:
        """A second attempt of a trial keeps the first one's logs as they are."""
        for attempt in (1, 2):
            await driver.run(driver.spec("one", "echo $NNI_TRIAL_ATTEMPT", attempt=attempt))
        assert [await driver.log("one", attempt=attempt) for attempt in (1, 2)] == [b"1\n", b"2\n"]

    async def test_checkpoints_outlive_an_attempt(self, driver: ServiceDriver) -> None:
        """Every attempt of a trial finds in NNI_CHECKPOINT_DIR what an earlier one left there; no other trial does."""
        command = 'mkdir -p "$NNI_CHECKPOINT_DIR" && cd "$NNI_CHECKPOINT_DIR" && echo x >> steps && cat steps'
        for trial, attempt in (("one", 1), ("one", 2), ("two", 1)):
            await driver.run(driver.spec(trial, command, attempt=attempt))
        assert [await driver.log("one", attempt=attempt) for attempt in (1, 2)] == [b"x\n", b"x\nx\n"]
        assert await driver.log("two") == b"x\n"

    async def test_a_trial_begins_with_the_checkpoints_of_another(self, driver: ServiceDriver) -> None:
        """It has a copy of them, once: what either does to its own, the other does not see."""
        command = (
            'mkdir -p "$NNI_CHECKPOINT_DIR" && cd "$NNI_CHECKPOINT_DIR" && echo $NNI_TRIAL_JOB_ID >> steps && cat steps'
        )
        await driver.run(driver.spec("one", command))
        for attempt in (1, 2):
            await driver.run(driver.spec("two", command, attempt=attempt, checkpoints_of="one"))
        await driver.run(driver.spec("one", command, attempt=2))
        await driver.run(driver.spec("three", command, checkpoints_of="without"))
        told = [await driver.log(name, attempt=attempt) for name, attempt in (("two", 2), ("one", 2), ("three", 1))]
        assert told == [b"one\ntwo\ntwo\n", b"one\none\n", b"three\n"]

    # --- results and logs ---------------------------------------------------------------------------------------------

    async def test_results_arrive_while_the_trial_runs(self, driver: ServiceDriver) -> None:
        """What a trial reports is told before it ends."""
        spec = driver.spec("one", _WAIT)
        await driver.submit(spec)
        await driver.output(spec.attempt_id, b"here")
        await driver.service.cancel(spec.attempt_id, 5.0)

    async def test_every_byte_comes_before_the_end(self, driver: ServiceDriver) -> None:
        """A spool of a megabyte, written at the last moment, arrives whole, in order and without gaps."""
        end = await driver.run(driver.spec("one", f"seq 150000 {_REPORT}"))
        pieces = [event for event in driver.about(end.attempt_id) if isinstance(event, TrialOutput)]
        offsets = [sum(len(piece.data) for piece in pieces[:count]) for count in range(len(pieces))]
        assert [piece.offset for piece in pieces] == offsets
        assert driver.spool(end.attempt_id) == b"".join(b"%d\n" % number for number in range(1, 150001))

    async def test_log_is_read_in_pieces(self, driver: ServiceDriver) -> None:
        """Offsets count from the start, negative ones from the end; the size is that of the whole log."""
        await driver.run(driver.spec("one", "printf 0123456789"))

        async def piece(offset: int, limit: int) -> tuple[bytes, int, int]:
            chunk = await driver.service.read_log(TrialId("one"), 1, LogStream.STDOUT, offset, limit)
            return chunk.data, chunk.next_offset, chunk.size

        assert await piece(0, 4) == (b"0123", 4, 10)
        assert await piece(-3, 100) == (b"789", 10, 10)
        assert await piece(-100, 2) == (b"01", 2, 10)
        assert await piece(10, 5) == (b"", 10, 10)

    async def test_log_of_bytes_that_are_no_text(self, driver: ServiceDriver) -> None:
        """A log holds what the trial wrote, valid UTF-8 or not."""
        await driver.run(driver.spec("one", r"printf '\377\376\000\033[31m'"))
        assert await driver.log("one") == b"\xff\xfe\x00\x1b[31m"

    async def test_log_of_a_trial_that_never_ran_is_empty(self, driver: ServiceDriver) -> None:
        """A log that is not there yet is an empty one."""
        chunk = await driver.service.read_log(TrialId("later"), 1, LogStream.STDERR, -10, 10)
        assert (chunk.data, chunk.next_offset, chunk.size) == (b"", 0, 0)

    # --- ending -------------------------------------------------------------------------------------------------------

    async def test_cancel_is_idempotent(self, driver: ServiceDriver) -> None:
        """A trial that is cancelled several times ends once, by SIGTERM; afterwards, cancelling has no effect."""
        spec = driver.spec("one", _WAIT)
        await driver.submit(spec)
        await driver.output(spec.attempt_id, b"here")
        for _ in range(3):
            await driver.service.cancel(spec.attempt_id, 30.0)
        assert (await driver.exited(spec.attempt_id)).signal == 15
        await driver.service.cancel(spec.attempt_id, 30.0)
        await driver.service.cancel(driver.attempt("never seen"), 30.0)

    async def test_trial_cancelled_at_once_ends(self, driver: ServiceDriver) -> None:
        """A trial may be cancelled before it has started, and ends all the same."""
        spec = driver.spec("one", "sleep 600")
        await driver.submit(spec)
        await driver.service.cancel(spec.attempt_id, 30.0)
        assert (await driver.exited(spec.attempt_id)).signal == 15

    async def test_stubborn_trial_is_killed_after_the_grace(self, driver: ServiceDriver) -> None:
        """A trial that does not listen to SIGTERM is killed."""
        spec = driver.spec("one", _STUBBORN)
        await driver.submit(spec)
        await driver.output(spec.attempt_id, b"here")
        await driver.service.cancel(spec.attempt_id, 0.1)
        assert (await driver.exited(spec.attempt_id)).signal == 9

    async def test_later_cancel_with_less_grace_counts(self, driver: ServiceDriver) -> None:
        """A second cancellation brings the end forward."""
        spec = driver.spec("one", _STUBBORN)
        await driver.submit(spec)
        await driver.output(spec.attempt_id, b"here")
        await driver.service.cancel(spec.attempt_id, 600.0)
        await driver.service.cancel(spec.attempt_id, 0.1)
        assert (await driver.exited(spec.attempt_id)).signal == 9

    async def test_time_limit_ends_a_trial(self, driver: ServiceDriver) -> None:
        """A trial ends after its time limit, and says that this was the reason."""
        end = await driver.run(driver.spec("one", "sleep 600", time_limit=0.2))
        assert (end.timed_out, end.signal) == (True, 15)

    async def test_nothing_of_a_trial_outlives_it(self, driver: ServiceDriver) -> None:
        """What a command leaves running is ended before the trial is over: it holds a lock that is then free."""
        lock = driver.context.requirements.code_directory / "lock"
        leave = f"(flock 9; echo here {_REPORT}; exec sleep 600) 9>lock & flock -n 9 9>lock; sleep 0.3"
        end = await driver.run(driver.spec("one", leave))
        assert end.exit_code == 0
        again = await driver.run(driver.spec("two", "flock -n lock true"))
        assert (lock.exists(), again.exit_code) == (True, 0)

    # --- going and coming back ----------------------------------------------------------------------------------------

    async def test_stop_may_come_early_and_twice(self, context: ServiceContext) -> None:
        """A service may be stopped before it was started, and more than once."""
        await self.create(context).stop(1.0)
        service = self.create(context)
        await service.start()
        await service.stop(1.0)
        await service.stop(1.0)

    async def test_running_trial_is_found_again(self, context: ServiceContext) -> None:
        """A trial outlives its service; the next one goes on where the first one was, and tells its end."""
        async with ServiceDriver(self.create(context), context) as first:
            self._needs_reattach(first)
            go = context.requirements.code_directory / "go"
            await first.submit(
                first.spec(
                    "one", f"printf abc {_REPORT}; until test -e go; do sleep 0.02; done; printf def {_REPORT}; exit 5"
                )
            )
            await first.output(first.attempt("one"), b"abc")
        async with ServiceDriver(self.create(context), context) as second:
            assert await second.reattach("one", known=3) == {second.attempt("one"): AttemptStatus.RUNNING}
            go.touch()
            assert (await second.exited(second.attempt("one"))).exit_code == 5
            assert second.spool(second.attempt("one")) == b"def"
            assert isinstance(second.about(second.attempt("one"))[0], TrialStarted)

    async def test_trial_that_ended_meanwhile_is_told(self, context: ServiceContext) -> None:
        """A trial that ended while no service was there is told with its result and all that it reported."""
        async with ServiceDriver(self.create(context), context) as first:
            self._needs_reattach(first)
            await first.run(first.spec("one", f"printf abcdef {_REPORT}; exit 3"))
        async with ServiceDriver(self.create(context), context) as second:
            assert await second.reattach("one", known=2) == {second.attempt("one"): AttemptStatus.EXITED}
            assert (await second.exited(second.attempt("one"))).exit_code == 3
            assert second.spool(second.attempt("one")) == b"cdef"

    async def test_trial_that_never_started_is_absent(self, driver: ServiceDriver) -> None:
        """A service that never ran an attempt says so, and nothing follows."""
        self._needs_reattach(driver)
        assert await driver.reattach("one") == {driver.attempt("one"): AttemptStatus.ABSENT}

    async def test_adopted_trial_can_be_cancelled(self, context: ServiceContext) -> None:
        """A trial of an earlier service is cancelled like one's own."""
        async with ServiceDriver(self.create(context), context) as first:
            self._needs_reattach(first)
            await first.submit(first.spec("one", _STUBBORN))
            await first.output(first.attempt("one"), b"here")
        async with ServiceDriver(self.create(context), context) as second:
            await second.reattach("one")
            await second.service.cancel(second.attempt("one"), 0.1)
            assert (await second.exited(second.attempt("one"))).signal == 9

    def _needs_reattach(self, driver: ServiceDriver) -> None:
        if not driver.service.capabilities.reattach:
            pytest.skip("the service does not promise to find trials again")
