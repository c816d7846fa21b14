"""What the manager and the tuner's process say to each other: one JSON object a line, over a socket of their own.

The manager sends calls, the process answers each of them once, in order. A call is a dict with ``op``; the builders
here are the only places that know the keys. Calls are derived from the events of the log, so that a new process can
be told the same story again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import evolve, field, frozen

from nni_core.errors import KeyPath
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.sieve import SearchRules
from nni_core.model import Json, MetricKind, ParameterSource, Trial, TrialId, TrialState, untag_floats
from nni_core.store import events as ev

Call = Mapping[str, Json]


@frozen(kw_only=True)
class AlgorithmRef:
    """How the tuner's process finds a tuner or an assessor."""

    #: registered name, or None for a class of the user's own
    name: str | None = None
    #: ``module.Class`` and its directory, for a class of the user's own
    class_name: str | None = None
    code_directory: str | None = None
    class_args: Mapping[str, Json]

    @property
    def title(self) -> str:
        """What to call it in messages."""
        return self.name or self.class_name or "?"

    def as_json(self) -> Mapping[str, Json]:
        return {
            "name": self.name,
            "class_name": self.class_name,
            "code_directory": self.code_directory,
            "class_args": dict(self.class_args),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Json]) -> AlgorithmRef:
        return cls(**raw)


@frozen(kw_only=True)
class TunerSetup:
    """Everything a tuner's process needs to begin."""

    tuner: AlgorithmRef
    assessor: AlgorithmRef | None
    #: the space of the experiment's beginning; later changes are part of the story
    search_space: Mapping[str, Json]
    #: one-off plugin files of the config
    plugin_files: Sequence[str] = ()
    #: what holds for suggestions, whatever the tuner
    rules: SearchRules = field(factory=SearchRules)

    def call(self) -> Call:
        """The call after :meth:`~nni_core.experiment.tuner_spawn.TunerLine.settle_in`: what to build."""
        return {
            "op": "start",
            "tuner": self.tuner.as_json(),
            "assessor": self.assessor.as_json() if self.assessor else None,
            "search_space": self.search_space,
            "plugin_files": list(self.plugin_files),
            "rules": self.rules.as_json(),
        }


@frozen(kw_only=True)
class Suggestion:
    """One parameter set that the tuner gave."""

    parameter_id: int
    parameters: Mapping[str, Json]
    #: parameter id of an earlier suggestion of the same parameters, whose trial's result is to be used, or waited for
    earlier: int | None = None
    #: parameter id of the earlier suggestion whose trial's checkpoints it begins with
    checkpoints_of: int | None = None


@frozen(kw_only=True)
class Answer:
    """What came of asking for parameters."""

    suggestions: Sequence[Suggestion]
    #: why there are fewer than asked for; None when there are not
    exhausted: str | None
    #: the first parameter id that the tuner has not seen
    next_id: int = 0
    #: what the tuner says of itself, if that has changed
    remark: str | None = None

    @classmethod
    def from_json(cls, reply: Mapping[str, Json]) -> Answer:
        """Read the process's reply.

        :raises KeyError, TypeError, ValueError: when it is none.
        """
        suggestions = [
            Suggestion(parameter_id=parameter_id, parameters=parameters, earlier=earlier, checkpoints_of=checkpoints_of)
            for parameter_id, parameters, earlier, checkpoints_of in reply["suggestions"]
        ]
        return cls(
            suggestions=suggestions,
            exhausted=reply["exhausted"],
            next_id=reply["next_id"],
            remark=reply["remark"],
        )


@frozen(kw_only=True)
class Failure:
    """Why a tuner's process cannot go on."""

    #: for the user, one line: "tuner TPE raised ValueError in generate_parameters: ..."
    message: str
    #: True when the next attempt would fail in the same way (a class that cannot be built)
    permanent: bool = False
    #: code and key path of a located problem, for failures at the start
    code: str = "NNI415"
    key_path: KeyPath = ("tuner",)
    help: str = ""


def ask(count: int, first_id: int) -> Call:
    return {"op": "ask", "count": count, "first_id": first_id}


def calls_for(event: ev.Event, trials: Mapping[TrialId, Trial], *, assessed: bool) -> Iterator[Call]:
    """The calls by which a tuner's process learns of an event; ``trials`` is the ledger's view just after it."""
    match event.body:
        case ev.TrialCreated(source=ParameterSource.CUSTOMIZED) as body:
            yield {"op": "customized", "parameter_id": body.parameter_id, "parameters": body.parameters}
        case ev.MetricReported(kind=MetricKind.PERIODICAL) as body if assessed:
            yield {"op": "report", "trial_id": body.trial_id, "value": untag_floats(body.value)}
        case ev.TrialRequeued() as body if assessed:
            yield {"op": "forget", "trial_id": body.trial_id}
        case ev.TrialFinished() as body if body.state is not TrialState.SYS_CANCELED:
            yield end_of(trials[body.trial_id])
        case ev.SettingsChanged(changes=changes) if "searchSpace" in changes:
            yield {"op": "space", "search_space": changes["searchSpace"]}
        case ev.DataImported(data=data):
            yield {"op": "import", "data": data}
        case _:
            pass


def end_of(trial: Trial) -> Call:
    """The call by which it learns of a trial's end."""
    return {
        "op": "end",
        "parameter_id": trial.parameter_id,
        "parameters": trial.parameters,
        "trial_id": trial.id,
        "value": result_of(trial),
        "success": trial.state is TrialState.SUCCEEDED,
        "customized": trial.source is ParameterSource.CUSTOMIZED,
    }


def result_of(trial: Trial) -> Json:
    """What a finished trial teaches the tuner: its final result, the latest intermediate one when an assessor or the
    time limit stopped it early, its penalty when it failed and has one, and nothing (None) when it has none, was
    cancelled, or reported nothing. Most tuners
    learn of a finite number only: that is for the tuner's process to see to."""
    if trial.state is TrialState.SUCCEEDED:
        report = trial.final
    elif trial.state is TrialState.EARLY_STOPPED:
        report = trial.final or trial.latest
    else:
        return trial.penalty
    return report.value if report is not None else None


def story(events: Iterable[ev.Event], *, assessed: bool) -> Sequence[Call]:
    """An experiment's past as calls in the order in which the tuner was first given them.

    Questions are placed where they were asked, not where their answers were recorded: an answer's event carries the
    number of the last event that the tuner knew (``told_through``). Ends that are told in the order of trials come
    right before the question that had to wait for them.
    """
    told: list[tuple[int, int, int, Call]] = []
    questions: dict[tuple[int, int], _Question] = {}
    held: dict[int, Call] = {}
    ledger = Ledger()
    for event in events:
        known = ledger.told_in_order
        ledger.apply(event)
        match event.body:
            case ev.TrialCreated(source=ParameterSource.ALGORITHM) as body:
                place = (body.told_through, body.asked_from)
                question = questions.setdefault(place, _Question(first_id=body.asked_from, answers=[]))
                question.answers.append(Suggestion(parameter_id=body.parameter_id, parameters=body.parameters))
            case ev.TunerExhausted() as body:
                place = (body.told_through, body.asked_from)
                question = questions.setdefault(place, _Question(first_id=body.asked_from, answers=[]))
                questions[place] = evolve(question, count=body.asked_for)
            case _:
                calls = list(calls_for(event, ledger.trials, assessed=assessed))
                if isinstance(event.body, ev.TrialFinished) and ledger.terms.lag is not None:
                    number = ledger.trials[event.body.trial_id].sequence_id
                    if number >= known:
                        held.update((number, call) for call in calls)
                        continue
                told += [(event.number, 0, 0, call) for call in calls]
                continue
        told += [(place[0], 1, place[1], held[one]) for one in range(known, ledger.told_in_order) if one in held]
    # A question at n knows the events up to n: it comes after the call of event n and before those that follow. What
    # is told right before it stands in front of it.
    asked = [(place, 1, first_id, question.call()) for (place, first_id), question in questions.items()]
    return [call for *_, call in sorted([*told, *asked], key=lambda item: item[:3])]


@frozen(kw_only=True)
class _Question:
    first_id: int
    answers: list[Suggestion]
    #: how many were asked for; 0 where there were as many answers, or at least one
    count: int = 0

    def call(self) -> Call:
        answers = [[one.parameter_id, one.parameters] for one in self.answers]
        count = self.count or max(1, len(answers))
        return {"op": "replay_ask", "first_id": self.first_id, "answers": answers, "count": count}
