"""What a tuner says of itself reaches the user, once for every change."""

from __future__ import annotations

from typing import Any

from nni_core.experiment.worker import Worker
from nni_core.store import events as ev
from nni_core.testing.experiment import CountingTuner, ExperimentKit

LINE = {"x": {"_type": "uniform", "_value": [0, 100]}}


class Talking(CountingTuner):
    """Says how far it is, in steps of two."""

    def generate_parameters(self, parameter_id: int, **keywords: Any) -> Any:
        self.remark = f"from {parameter_id // 2 * 2} on"
        return super().generate_parameters(parameter_id, **keywords)


async def test_what_it_says_is_part_of_the_profile() -> None:
    """The latest; and the log tells each once, before the trials that it goes with."""
    kit = ExperimentKit(max_trials=4, tuner=Talking)
    await kit.start()
    for number in range(3):
        await kit.succeed(number, 0.5)
    told = [event.body for event in kit.store.replay() if isinstance(event.body, ev.TunerRemarked)]
    assert [one.remark for one in told] == ["from 0 on", "from 2 on"]
    assert kit.ledger.tuner_remark == "from 2 on"
    await kit.stop()


def test_a_replayed_question_says_nothing_new() -> None:
    """What was said before is not said again after a resume."""
    worker = Worker(tuner=Talking(), assessor=None, search_space=LINE)
    first = worker.ask(1, 0)
    again = Worker(tuner=Talking(), assessor=None, search_space=LINE)
    again.replay_ask(0, [(0, first["suggestions"][0][1])], 1)
    assert first["remark"] == "from 0 on"
    assert again.ask(1, 1)["remark"] is None
