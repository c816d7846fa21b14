"""Tells an experiment's results to its tuner again, and compares what it suggests with what it suggested then."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from nni_core.errors import MachineError, Problem
from nni_core.experiment.sieve import SearchRules
from nni_core.experiment.tuner_messages import AlgorithmRef, Call, story
from nni_core.experiment.tuner_spawn import environment_of
from nni_core.experiment.tuner_worker import built
from nni_core.experiment.worker import Worker
from nni_core.folders import ExperimentFolder
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import discover_plugins
from nni_core.store import events as ev
from nni_core.store.reader import open_readonly


@frozen(kw_only=True)
class Difference:
    """The first suggestion that is another one now. ``suggested`` is None when there is none."""

    sequence_id: int
    recorded: Mapping[str, Json]
    suggested: Mapping[str, Json] | None


@frozen(kw_only=True)
class Replay:
    """What came of a replay: how many suggestions were the same, and the first that was not."""

    tuner: str
    same: int
    difference: Difference | None


def replay(folder: ExperimentFolder) -> Replay:
    """Build the tuner of an experiment anew and give it the same calls, in the same order. The experiment is left as it
    is, whether it runs or not.

    :raises UserError: when the tuner cannot be built any more, or raises.
    """
    with open_readonly(folder.database) as reader:
        events = list(reader.replay())
    created = events[0].body
    if not isinstance(created, ev.ExperimentCreated):
        raise TypeError("a log begins with ExperimentCreated")
    numbers = {
        event.body.parameter_id: event.body.sequence_id for event in events if isinstance(event.body, ev.TrialCreated)
    }
    reference = _reference(created.config)
    with _environment(environment_of(folder, None)):
        worker = _worker(created.config, reference)
    try:
        return _compared(worker, story(events, assessed=False), numbers, reference.title)
    except Exception as error:  # the code of a stranger: whatever a tuner raises is its answer to the replay
        message = f"tuner {reference.title} raised {type(error).__name__} in {worker.doing}: {error}"
        raise MachineError(Problem(code="NNI580", message=message)) from error


@contextmanager
def _environment(added: Mapping[str, str]) -> Iterator[None]:
    """What a tuner finds in a process of its own."""
    before = dict(os.environ)
    os.environ.update(added)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _reference(config: Mapping[str, Json]) -> AlgorithmRef:
    tuner = config["tuner"]
    return AlgorithmRef(
        name=tuner.get("name"),
        class_name=tuner.get("className"),
        code_directory=tuner.get("codeDirectory"),
        class_args=tuner.get("classArgs") or {},
    )


def _worker(config: Mapping[str, Json], reference: AlgorithmRef) -> Worker:
    registry = discover_plugins()
    for path in config.get("plugins") or ():
        registry.load_file(Path(path))
    rules = SearchRules.of(config)
    tuner = built(registry, PluginKind.TUNER, reference.as_json(), rules)
    return Worker(tuner=tuner, assessor=None, search_space=config["searchSpace"], rules=rules)


def _compared(worker: Worker, calls: Sequence[Call], numbers: Mapping[int, int], title: str) -> Replay:
    same = 0
    for call in calls:
        arguments = {name: value for name, value in call.items() if name != "op"}
        if call["op"] != "replay_ask":
            getattr(worker, "import_" if call["op"] == "import" else call["op"])(**arguments)
            continue
        again = worker.ask(call["count"], call["first_id"])["suggestions"]
        suggested = {parameter_id: parameters for parameter_id, parameters, *_ in again}
        for parameter_id, parameters in call["answers"]:
            if suggested.get(parameter_id) != parameters:
                difference = Difference(
                    sequence_id=numbers[parameter_id],
                    recorded=parameters,
                    suggested=suggested.get(parameter_id),
                )
                return Replay(tuner=title, same=same, difference=difference)
            same += 1
    return Replay(tuner=title, same=same, difference=None)
