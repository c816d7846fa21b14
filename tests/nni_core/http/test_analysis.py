"""Which parameters matter, by HTTP."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from nni_core.model import MetricKind
from nni_core.testing.control import FakeControl


def tried(control: FakeControl, count: int, result: Callable[[Any], Any], **more: Any) -> None:
    """Trials that succeeded: a learning rate, and a number of layers that makes no difference."""
    source = random.Random(count)
    for number in range(count):
        name = f"T{len(control.trials())}x{number}"
        control.create(name, {"lr": source.uniform(0.001, 0.1), "layers": source.randrange(1, 4), **more})
        control.report(name, result(control.trial(name).parameters), MetricKind.FINAL)
        control.finish(name)


async def test_the_parameter_that_matters_comes_first(serve: Any, control: FakeControl) -> None:
    """With its best values, and how other numbers go with the objective."""
    tried(control, 60, lambda one: {"default": -abs(one["lr"] - 0.02), "time": one["lr"]})
    async with serve() as served:
        answer = await served.client.get("/api/v1/analysis")
    document = answer.json()
    assert answer.status_code == 200
    assert document["effects"][0]["name"] == "lr"
    assert (document["objective"], document["direction"]) == ("default", "maximize")
    assert (document["count"], document["best"], document["budget"], document["front"]) == (60, 6, None, None)
    assert document["correlations"]["time"] < -0.5


async def test_too_few_results_are_refused(serve: Any, control: FakeControl) -> None:
    """With how many it takes; an objective that there is not, too."""
    tried(control, 4, lambda one: one["lr"])
    async with serve() as served:
        few = await served.client.get("/api/v1/analysis")
        other = await served.client.get("/api/v1/analysis?objective=defalt")
    assert (few.status_code, few.json()["problems"][0]["code"]) == (409, "NNI747")
    assert "it takes 10 results in the search space, and there are 4" in few.json()["detail"]
    assert (other.status_code, other.json()["problems"][0]["help"]) == (404, "did you mean 'default'?")


async def test_trials_with_budgets_are_compared_with_their_like(serve: Any, control: FakeControl) -> None:
    """Those of the largest budget of which there are enough."""
    tried(control, 40, lambda one: one["lr"], TRIAL_BUDGET=1)
    tried(control, 15, lambda one: one["lr"], TRIAL_BUDGET=3)
    tried(control, 5, lambda one: one["lr"], TRIAL_BUDGET=9)
    async with serve() as served:
        document = (await served.client.get("/api/v1/analysis")).json()
    assert (document["count"], document["budget"]) == (15, 3)


async def test_several_objectives_have_a_front(serve: Any, control: FakeControl) -> None:
    """Any of them can be looked at; the share of the box is that of their best trials together."""
    both = [{"name": "loss", "direction": "minimize"}, {"name": "speed", "direction": "maximize"}]
    control._config["objectives"] = both
    tried(control, 12, lambda one: {"loss": one["lr"], "default": one["lr"], "speed": one["lr"]})
    async with serve() as served:
        document = (await served.client.get("/api/v1/analysis?objective=speed")).json()
    assert (document["objective"], document["direction"]) == ("speed", "maximize")
    assert sorted(document["front"]["trials"]) == list(range(12))
    assert 0.3 < document["front"]["volume"] < 0.6
