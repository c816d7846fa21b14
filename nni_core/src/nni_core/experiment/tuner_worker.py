"""The tuner's own process: builds the tuner and the assessor, and does what the manager calls for, one call at a time.

Started with the descriptor of its line to the manager, and speaks over that only. Whatever a plugin prints
goes to ``log/dispatcher.log``. Ends when the manager does.
"""

from __future__ import annotations

import gc
import inspect
import json
import os
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from nni.printing import enable_global_logging
from nni_core.errors import UserError
from nni_core.experiment.seeds import derived_seed
from nni_core.experiment.sieve import SearchRules
from nni_core.experiment.tuner_messages import AlgorithmRef
from nni_core.experiment.worker import RubbishError, Worker
from nni_core.model import Json
from nni_core.plugin_kinds import PluginKind
from nni_core.plugins import PluginRegistry, discover_plugins

#: what the process does when a fault is the assessor's
ASSESSORS_CALLS = frozenset({"assess_trial", "trial_end of the assessor"})


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
