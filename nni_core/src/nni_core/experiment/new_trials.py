"""New trials, as the events by which they come into being: those that a user adds, those of the config's initial
points, and those that the tuner suggests."""

from __future__ import annotations

import secrets
import string
from collections.abc import Sequence

from attrs import evolve, frozen

from nni_core.experiment.executions import new_attempt_id
from nni_core.experiment.initial_points import untried_points
from nni_core.experiment.ledger import Ledger
from nni_core.experiment.reuse import has_result, result_taken
from nni_core.experiment.tuner_messages import Answer, Suggestion
from nni_core.model import Parameters, ParameterSource, TrialId
from nni_core.store import events as ev

_LETTERS = string.ascii_letters
_SIGNS = string.ascii_letters + string.digits


@frozen(kw_only=True)
class Question:
    """What the tuner is asked, and what it knows by then."""

    #: how many suggestions are wanted, and the parameter id of the first
    count: int
    first_id: int
    #: number of the last event that it was told
    told_through: int
    #: of how many trials, the first ones, it knows the ends, where it is told them in order; else None
    told_in_order: int | None


class NewTrials:
    """Numbers and names trials. Records nothing."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def added(self, parameters: Parameters) -> ev.TrialCreated:
        """A trial of parameters that a user gave."""
        return self._created(self._ledger.next_parameter_id, parameters, ParameterSource.CUSTOMIZED, 0)

    def initial(self, room: int) -> Sequence[ev.TrialCreated]:
        """Trials of the config's next initial points, as many as there is room for."""
        points = untried_points(self._ledger.config, self._ledger.initial_points_begun, room)
        first_id, source = self._ledger.next_parameter_id, ParameterSource.CUSTOMIZED
        return [
            evolve(self._created(first_id + place, parameters, source, place), initial_point=index)
            for place, (index, parameters) in enumerate(points)
        ]

    def suggested(self, answer: Answer, question: Question) -> Sequence[ev.EventBody]:
        """Trials of what the tuner answered to one question, those included that are over already, for they have the
        results of earlier ones."""
        bodies: list[ev.EventBody] = [] if answer.remark is None else [ev.TunerRemarked(remark=answer.remark)]
        fresh: dict[int, TrialId] = {}
        for place, one in enumerate(answer.suggestions):
            created = evolve(
                self._created(one.parameter_id, one.parameters, ParameterSource.ALGORITHM, place),
                told_through=question.told_through,
                asked_from=question.first_id,
                told_in_order=question.told_in_order,
                checkpoints_of=self._ledger.trial_of(one.checkpoints_of),
                same_as=self._same_as(one, fresh),
            )
            fresh[created.parameter_id] = created.trial_id
            bodies += [created, *self._life(created)]
        if answer.exhausted is not None:
            bodies.append(
                ev.TunerExhausted(
                    reason=answer.exhausted,
                    told_through=question.told_through,
                    asked_from=question.first_id,
                    asked_for=question.count,
                    told_in_order=question.told_in_order,
                    next_parameter_id=answer.next_id,
                )
            )
        return bodies

    def _same_as(self, suggestion: Suggestion, fresh: dict[int, TrialId]) -> TrialId | None:
        """The trial of the same parameters whose result there is, or will be."""
        if suggestion.earlier is None:
            return None
        if suggestion.earlier in fresh:
            return fresh[suggestion.earlier]
        trial_id = self._ledger.trial_of(suggestion.earlier)
        if trial_id is None or not (trial_id in self._ledger.live or has_result(self._ledger.trials[trial_id])):
            return None
        return trial_id

    def _life(self, created: ev.TrialCreated) -> Sequence[ev.EventBody]:
        source = None if created.same_as is None else self._ledger.trials.get(created.same_as)
        if source is None or not has_result(source):
            return ()
        return result_taken(created.trial_id, created.attempt_id, created.parameter_id, source)

    def _created(
        self, parameter_id: int, parameters: Parameters, source: ParameterSource, place: int
    ) -> ev.TrialCreated:
        return ev.TrialCreated(
            trial_id=self._new_id(),
            sequence_id=self._ledger.next_sequence_id + place,
            parameter_id=parameter_id,
            parameters=parameters,
            source=source,
            attempt_id=new_attempt_id(),
            told_through=0,
        )

    def _new_id(self) -> TrialId:
        while True:
            first, *rest = secrets.token_bytes(5)
            letters = [_LETTERS[first % len(_LETTERS)], *(_SIGNS[byte % len(_SIGNS)] for byte in rest)]
            trial_id = TrialId("".join(letters))
            if trial_id not in self._ledger.trials:
                return trial_id
