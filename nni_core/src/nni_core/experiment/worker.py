"""A tuner and an assessor at work: what the manager calls for, one call at a time.

It keeps what every tuner would otherwise have to keep: that suggestions lie in the search space and satisfy the
constraints, and that a finite one is never suggested from twice (:mod:`sieve`).
"""

from __future__ import annotations

import json
import traceback
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from attrs import evolve

from nni_core.api import Assessor, AssessResult, NoMoreTrialError, Proposal, Tuner, Verdict
from nni_core.errors import NniError
from nni_core.experiment.sieve import Refusal, SearchRules, Sieve
from nni_core.model import Json, Parameters, default_number, named_number

#: characters of what a tuner may say of itself
_REMARK = 500


class RubbishError(NniError):
    """A plugin broke its contract."""


class Worker:
    """A tuner, an assessor perhaps, and the search space they work on."""

    def __init__(
        self,
        *,
        tuner: Tuner,
        assessor: Assessor | None,
        search_space: Mapping[str, Json],
        rules: SearchRules | None = None,
    ) -> None:
        self.tuner = tuner
        self.assessor = assessor
        self.doing = "update_search_space"
        self._remark = ""
        self._histories: defaultdict[str, list[Json]] = defaultdict(list)
        self._search_space = search_space
        self._sieve = Sieve(rules or SearchRules(), search_space, free_form=tuner.free_form, repeats=tuner.repeats)
        tuner.update_search_space(search_space)

    # Every method below is one call of the manager's; its name is the call's ``op``.

    def ask(self, count: int, first_id: int) -> Json:
        """``count`` suggestions, numbered from ``first_id``; ids of refused ones are passed over. Beside each one
        stand the parameter id of an earlier one of the same parameters whose result it is to have, or None, and that of
        the one whose checkpoints it begins with, or None."""
        given: list[tuple[int, Parameters, int | None, int | None]] = []
        refused: Counter[Refusal] = Counter()
        next_id = first_id
        exhausted: str | None = None
        self.doing = "generate_multiple_parameters"
        while len(given) < count and exhausted is None:
            exhausted = self._sieve.nothing_left()
            if exhausted is not None:
                break
            ids = list(range(next_id, next_id + count - len(given)))
            offered = self._offers(ids)
            for parameter_id, parameters in zip(ids, offered, strict=False):
                patient = {refusal for refusal in Refusal if refused[refusal] < refusal.value * (1 + len(given))}
                proposal, refusal = self._sifted(parameter_id, parameters, patient)
                if refusal is not None:
                    refused[refusal] += 1
                elif proposal is None:
                    exhausted = self._sieve.nothing_found()
                else:
                    whole = {**proposal.parameters, **proposal.extras}
                    given.append((parameter_id, whole, self._sieve.take(parameter_id, whole), proposal.checkpoints_of))
            next_id = ids[-1] + 1
            if len(offered) < len(ids):
                exhausted = "the tuner has nothing left to suggest"
        return {"suggestions": given, "exhausted": exhausted, "next_id": next_id, "remark": self._new_remark()}

    def replay_ask(self, first_id: int, answers: Sequence[tuple[int, Parameters]], count: int) -> Json:
        """A question of before. What was answered then is the truth, whatever the tuner says now."""
        again = self.ask(count, first_id)["suggestions"]
        same = [list(one[:2]) for one in again] == [list(one) for one in answers]
        if not same:
            for parameter_id, parameters in answers:
                self._sieve.remember(parameters, parameter_id)
        return {"same": same}

    def customized(self, parameter_id: int, parameters: Parameters) -> Json:
        """Parameters that a user gave: they count as seen."""
        self._sieve.remember(parameters, parameter_id)
        return {}

    def report(self, trial_id: str, value: Json) -> Json:
        """An intermediate result; the answer is the assessor's verdict."""
        judged = None if self.assessor is None else _judged(self.assessor, value)
        if self.assessor is None or judged is None:
            return {"good": True}
        self.doing = "assess_trial"
        history = self._histories[trial_id]
        history.append(judged)
        verdict = self.assessor.assess_trial(trial_id, list(history))
        if not isinstance(verdict, bool | AssessResult | Verdict):
            raise RubbishError(f"assess_trial returned {_short(verdict)}; it must return AssessResult.Good or Bad")
        if isinstance(verdict, Verdict):
            return {"good": verdict.good, "reason": verdict.reason}
        return {"good": verdict is True or verdict is AssessResult.Good}

    def forget(self, trial_id: str) -> Json:
        """The trial starts over."""
        self._histories.pop(trial_id, None)
        return {}

    def end(
        self,
        parameter_id: int,
        parameters: Parameters,
        trial_id: str,
        value: Json,
        success: bool,
        customized: bool,
    ) -> Json:
        """A trial is over, with or without a result; ``success`` is True when it ended well."""
        if not self.tuner.free_form and default_number(value) is None:
            value, success = None, False
        if success and value is not None:
            self._sieve.learn(parameter_id, parameters)
        if not customized or self.tuner.accepts_customized_trials():
            if value is not None:
                self.doing = "receive_trial_result"
                self.tuner.receive_trial_result(
                    parameter_id, parameters, value, customized=customized, trial_job_id=trial_id
                )
            self.doing = "trial_end"
            self.tuner.trial_end(parameter_id, success)
        if self.assessor is not None and trial_id in self._histories:
            del self._histories[trial_id]
            self.doing = "trial_end of the assessor"
            self.assessor.trial_end(trial_id, success)
        return {}

    def space(self, search_space: Mapping[str, Json]) -> Json:
        """The user changed the search space."""
        self.doing = "update_search_space"
        self._search_space = search_space
        self._sieve.take_space(search_space)
        self.tuner.update_search_space(search_space)
        return {}

    def import_(self, data: Sequence[Mapping[str, Json]]) -> Json:
        """Results from elsewhere."""
        self.doing = "import_data"
        for row in data:
            self._sieve.remember(row["parameter"])
        self.tuner.import_data(data)
        return {}

    def has_last_words(self) -> bool:
        """Whether :meth:`close` is worth waiting for."""
        assessor = type(self.assessor).close if self.assessor else Assessor.close
        return type(self.tuner).close is not Tuner.close or assessor is not Assessor.close

    def close(self, *, failed: bool) -> None:
        """The last calls. Whatever they raise is written down, and changes nothing any more."""
        for close in [self.tuner.close, *([self.assessor.close] if self.assessor else [])]:
            try:
                close(failed=failed)
            except Exception as error:  # noqa: BLE001 - a plugin may raise anything
                traceback.print_exception(error)

    # What the core does for every tuner.

    def _offers(self, ids: Sequence[int]) -> Sequence[Parameters | Proposal]:
        try:
            offered = self.tuner.generate_multiple_parameters(ids)
        except NoMoreTrialError:
            return []
        if not isinstance(offered, Sequence) or isinstance(offered, str) or len(offered) > len(ids):
            raise RubbishError(f"generate_multiple_parameters returned {_short(offered)} for {len(ids)} ids")
        return offered

    def _sifted(
        self, parameter_id: int, offered: Parameters | Proposal, patient: Collection[Refusal]
    ) -> tuple[Proposal | None, Refusal | None]:
        """A suggestion in plain form. One that is refused is told to be over, so that the tuner is asked again, as long
        as there is patience for that; then it is replaced, or None when nothing will do."""
        proposal = self._checked(offered)
        refusal = self._sieve.refusal(proposal.parameters)
        if refusal is None:
            return proposal, None
        if refusal not in patient and (instead := self._sieve.replacement(parameter_id)) is not None:
            return Proposal(parameters=instead, extras=proposal.extras), None
        self.doing = "trial_end"
        self.tuner.trial_end(parameter_id, False)
        self.doing = "generate_multiple_parameters"
        return None, refusal if refusal in patient else None

    def _new_remark(self) -> str | None:
        """What the tuner says of itself, if that is not what it said before."""
        remark = str(getattr(self.tuner, "remark", ""))[:_REMARK]
        changed = remark != self._remark
        self._remark = remark
        return remark if changed else None

    def _named(self, offered: Parameters | Proposal) -> Parameters | Proposal:
        """What a tuner of NNI's may suggest, and Batch does: the bare value of the only parameter."""
        bare = offered is not None and not isinstance(offered, Mapping | Proposal)
        if bare and self.tuner.free_form and len(self._search_space) == 1:
            return dict.fromkeys(self._search_space, offered)
        return offered

    def _checked(self, offered: Parameters | Proposal) -> Proposal:
        proposal = Proposal.of(self._named(offered))
        if not isinstance(proposal.parameters, Mapping):
            raise RubbishError(f"generate_parameters returned {_short(offered)}; it must return a dict")
        plain: Parameters = _plain(proposal.parameters)
        if self.tuner.free_form:
            _check_json(plain)
        elif (problem := self._sieve.difference(plain)) is not None:
            raise RubbishError(f"generate_parameters left the search space: {problem.message}")
        extras: Mapping[str, Json] = _plain(proposal.extras)
        _check_json(extras)
        if both := plain.keys() & extras.keys():
            raise RubbishError(f"generate_parameters returned extras that the search space has too: {sorted(both)}")
        return evolve(proposal, parameters=plain, extras=extras)


def _judged(assessor: Assessor, value: Json) -> Json:
    """What of a report an assessor judges by; None when there is nothing of it."""
    if assessor.free_form:
        return value
    return named_number(value, assessor.metric)


def _plain(value: Any) -> Json:
    """Numbers of numpy and its like as Python's own, at any depth."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if not isinstance(value, str | bool | int | float | None) and hasattr(value, "tolist"):
        return value.tolist()
    # numpy's float64 is a float by inheritance, and its repr is not JSON's
    return float(value) if isinstance(value, float) else value


def _check_json(parameters: Parameters) -> None:
    try:
        json.dumps(parameters, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError) as error:
        raise RubbishError(f"generate_parameters returned what JSON cannot hold: {error}") from error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
