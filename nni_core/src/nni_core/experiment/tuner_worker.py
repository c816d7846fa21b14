"""The tuner's own process: builds the tuner and the assessor, and does what the manager calls for, one call at a time.

Started with the descriptor of its line to the manager, and speaks over that only. Whatever a plugin prints
goes to ``log/dispatcher.log``. Ends when the manager does. It also keeps what every tuner would otherwise have
to keep: that suggestions lie in the search space and satisfy the constraints, and that a finite one is never suggested
from twice (:mod:`sieve`).
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import socket
import sys
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from attrs import evolve

from nni.printing import enable_global_logging
from nni_core.api import Assessor, AssessResult, NoMoreTrialError, Proposal, Tuner
from nni_core.errors import NniError, UserError
from nni_core.experiment.seeds import derived_seed
from nni_core.experiment.sieve import Refusal, SearchRules, Sieve
from nni_core.experiment.tuner_messages import AlgorithmRef
from nni_core.model import Json, Parameters, default_number
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry, discover_plugins

#: what the process does when a fault is the assessor's
ASSESSORS_CALLS = frozenset({"assess_trial", "trial_end of the assessor"})


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
        self._histories: defaultdict[str, list[Json]] = defaultdict(list)
        self._sieve = Sieve(rules or SearchRules(), search_space, free_form=tuner.free_form, repeats=tuner.repeats)
        tuner.update_search_space(search_space)

    # Every method below is one call of the manager's; its name is the call's ``op``.

    def ask(self, count: int, first_id: int) -> Json:
        """``count`` suggestions, numbered from ``first_id``; ids of refused ones are passed over. Beside each one
        stands the earlier trial whose result it is to have, or None, and the parameter id of the one whose checkpoints
        it begins with, or None."""
        given: list[tuple[int, Parameters, str | None, int | None]] = []
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
                    given.append((parameter_id, whole, self._sieve.take(whole), proposal.checkpoints_of))
            next_id = ids[-1] + 1
            if len(offered) < len(ids):
                exhausted = "the tuner has nothing left to suggest"
        return {"suggestions": given, "exhausted": exhausted, "next_id": next_id}

    def replay_ask(self, first_id: int, answers: Sequence[tuple[int, Parameters]], count: int) -> Json:
        """A question of before. What was answered then is the truth, whatever the tuner says now."""
        again = self.ask(count, first_id)["suggestions"]
        same = [list(one[:2]) for one in again] == [list(one) for one in answers]
        if not same:
            for _, parameters in answers:
                self._sieve.remember(parameters)
        return {"same": same}

    def customized(self, parameters: Parameters) -> Json:
        """Parameters that a user gave: they count as seen."""
        self._sieve.remember(parameters)
        return {}

    def report(self, trial_id: str, value: Json) -> Json:
        """An intermediate result; the answer is the assessor's verdict."""
        judged = value if self.assessor is None or self.assessor.free_form else default_number(value)
        if self.assessor is None or judged is None:
            return {"good": True}
        self.doing = "assess_trial"
        history = self._histories[trial_id]
        history.append(judged)
        verdict = self.assessor.assess_trial(trial_id, tuple(history))
        if not isinstance(verdict, bool | AssessResult):
            raise RubbishError(f"assess_trial returned {_short(verdict)}; it must return AssessResult.Good or Bad")
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
            self._sieve.learn(parameters, trial_id)
        if not customized or self.tuner.accepts_customized_trials():
            if value is not None:
                self.doing = "receive_trial_result"
                self.tuner.receive_trial_result(
                    parameter_id, parameters, value, customized=customized, trial_job_id=trial_id
                )
            self.doing = "trial_end"
            self.tuner.trial_end(parameter_id, success, trial_job_id=trial_id)
        if self.assessor is not None and trial_id in self._histories:
            del self._histories[trial_id]
            self.doing = "trial_end of the assessor"
            self.assessor.trial_end(trial_id, success)
        return {}

    def space(self, search_space: Mapping[str, Json]) -> Json:
        """The user changed the search space."""
        self.doing = "update_search_space"
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

    def _checked(self, offered: Parameters | Proposal) -> Proposal:
        proposal = Proposal.of(offered)
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


def serve(channel: socket.socket) -> None:
    """Answer calls until the manager hangs up."""
    with channel:
        batches = _batches(channel)
        if not (place := next(batches, ())):
            return
        registry = _settle_in(**json.loads(place[0]))
        _answer(channel, [{}])
        if not (setup := next(batches, ())):
            return
        worker, refusal = _begin(registry, json.loads(setup[0]))
        _answer(channel, [refusal or {"closes": worker is not None and worker.has_last_words()}])
        if worker is None:
            return
        gc.freeze()
        gc.enable()
        for calls in batches:
            replies = _replies(worker, calls)
            _answer(channel, replies)
            if "error" in replies[-1]:
                worker.close(failed=True)
                return
        worker.close(failed=False)


def _replies(worker: Worker, calls: Sequence[bytes]) -> Sequence[Json]:
    """What the calls lead to, up to the first that fails."""
    replies: list[Json] = []
    for call in calls:
        replies.append(perform(worker, json.loads(call)))
        if "error" in replies[-1]:
            break
    return replies


def _batches(channel: socket.socket) -> Iterator[Sequence[bytes]]:
    """Lines, as many at a time as have come: what comes together is answered together, which wakes nobody twice."""
    rest = b""
    while data := channel.recv(1 << 20):
        *lines, rest = (rest + data).split(b"\n")
        if lines:
            yield lines


def _settle_in(log_file: str, environment: Mapping[str, str], expected: Sequence[tuple[str, str]]) -> PluginRegistry:
    """Make the process the experiment's own: output, working directory, environment. Import what will be needed."""
    os.environ.update(environment)
    os.chdir(Path(log_file).parent)
    descriptor = os.open(log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
    registry = discover_plugins()
    for kind, name in expected:
        # A plugin that is not there, or cannot be imported, is met again, and told, when it is to be built.
        with suppress(UserError):
            registry.implementation(registry.resolve(PluginKind(kind), name))
    return registry


def _begin(registry: PluginRegistry, call: Mapping[str, Json]) -> tuple[Worker | None, Json]:
    """Build what the first call asks for, or say why that cannot be."""
    try:
        for path in call["plugin_files"]:
            registry.load_file(Path(path))
        rules = SearchRules(**call["rules"])
        if any(one and one["class_name"] for one in (call["tuner"], call["assessor"])):
            # The user's own code may log; that of plugins says what matters by warnings.
            enable_global_logging()
        tuner = built(registry, PluginKind.TUNER, call["tuner"], rules)
        assessor = built(registry, PluginKind.ASSESSOR, call["assessor"], rules) if call["assessor"] else None
    except UserError as error:
        first = error.problems[0]
        return None, {
            "error": first.message,
            "permanent": True,
            "code": first.code,
            "key_path": ["tuner", *first.key_path],
            "help": first.help,
        }
    try:
        return Worker(tuner=tuner, assessor=assessor, search_space=call["search_space"], rules=rules), None
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; it is reported with its traceback
        return None, {**_report(error, "update_search_space"), "permanent": True, "code": "NNI415"}


def built(registry: PluginRegistry, kind: PluginKind, raw: Mapping[str, Json], rules: SearchRules) -> Any:
    """An instance of a tuner or an assessor.

    :raises UserError: when it cannot be found, imported or built.
    """
    ref = AlgorithmRef.from_json(raw)
    directory = Path(ref.code_directory) if ref.code_directory else None
    class_args = ref.class_args
    if ref.name is None:
        # Of an installed one the config knows whether it takes a seed; of the user's own only the class does.
        implementation = registry.custom_class(ref.class_name or "", directory, kind=kind)
        offered = {"seed": derived_seed(rules.seed, kind.value), "optimize_mode": rules.optimize_mode}
        taken = {name: value for name, value in offered.items() if value is not None and _takes(implementation, name)}
        class_args = {**taken, **class_args}
    return registry.build_algorithm(
        kind, name=ref.name, class_name=ref.class_name, code_directory=directory, class_args=class_args
    )


def _takes(implementation: Any, argument: str) -> bool:
    try:
        return argument in inspect.signature(implementation).parameters
    except (TypeError, ValueError):
        return False  # built in C


def perform(worker: Worker, call: dict[str, Json]) -> Json:
    operation = call.pop("op")
    method: Callable[..., Json] = getattr(worker, "import_" if operation == "import" else operation)
    try:
        return method(**call)
    except BaseException as error:  # noqa: BLE001 - SystemExit too: whatever a plugin raises is reported, then we end
        return _report(error, worker.doing)


def _report(error: BaseException, doing: str) -> dict[str, Json]:
    traceback.print_exception(error)
    sys.stderr.flush()
    message = str(error) if isinstance(error, RubbishError) else f"raised {type(error).__name__} in {doing}: {error}"
    return {"error": message, "whose": "assessor" if doing in ASSESSORS_CALLS else "tuner"}


def _answer(channel: socket.socket, replies: Sequence[Json]) -> None:
    channel.sendall(b"".join(json.dumps(reply, separators=(",", ":")).encode() + b"\n" for reply in replies))


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
        json.dumps(parameters, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RubbishError(f"generate_parameters returned what JSON cannot hold: {error}") from error


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _die_with_parent() -> None:
    """A plugin that hangs must not outlive a killed manager; Linux can see to that."""
    if sys.platform == "linux":
        import ctypes
        import signal

        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def main(arguments: list[str]) -> int:
    """Entry of the process; the argument is the descriptor of its line."""
    # What is imported stays: the collector is let loose when tuner and assessor are built.
    gc.disable()
    _die_with_parent()
    descriptor = int(arguments[0])
    # Plugins start processes of their own; none of them may keep the manager's line open.
    os.set_inheritable(descriptor, False)
    serve(socket.socket(fileno=descriptor))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
