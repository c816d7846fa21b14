"""Any request that the OpenAPI document allows, and many that it does not, to a running experiment: what is answered is
what is described, bad data is refused, and nothing makes the manager fail."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from nni_core.api import NoMoreTrialError, TrialSpec
from nni_core.experiment.live_control import LiveControl
from nni_core.experiment.profile import profile_of
from nni_core.http.access import Policy
from nni_core.http.app import ENDPOINTS, create_app
from nni_core.http.auth import Guard
from nni_core.http.routing import Endpoint
from nni_core.http.server import make_server
from nni_core.model import Parameters
from nni_core.testing.experiment import CountingTuner, ExperimentKit

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
#: a stream that never ends is no answer to check
ASKED = [endpoint for endpoint in ENDPOINTS if endpoint.media != "text/event-stream"]
EXAMPLES = 20


class BoundedTuner(CountingTuner):
    """Has sixty suggestions: a request for a billion trials at a time costs no more."""

    def generate_parameters(self, parameter_id: int, **details: object) -> Parameters:
        if self.next == 60:
            raise NoMoreTrialError("sixty are enough")
        return super().generate_parameters(parameter_id, **details)


class Manager(threading.Thread):
    """A real engine behind the real server, in a loop of its own."""

    def __init__(self, directory: Path) -> None:
        super().__init__(name="manager")
        self.port = 0
        #: of the trials that there are at first: three that are over, and four that run
        self.trial_ids: list[str] = []
        self.ready = threading.Event()
        self._directory = directory
        self._over = asyncio.Event()
        self._loop = asyncio.new_event_loop()

    def run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self.join()

    async def _serve(self) -> None:
        kit = ExperimentKit(concurrency=4, max_trials=50, tuner=BoundedTuner)

        def begin(spec: TrialSpec) -> None:
            kit.service.begin(spec.attempt_id)

        kit.service.on_submit = begin
        await kit.start()
        for number in range(3):
            await kit.report(number, {"default": float(number), "loss": float("inf")})
            await kit.exit(number, number)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.port = listening.getsockname()[1]
            guard = Guard(Policy(token="a-token-of-enough-length", port=self.port, addresses=["127.0.0.1"]))
            server = make_server(create_app(self._control(kit), guard=guard, log_directory=self._directory), guard)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            self.trial_ids = [trial.id for trial in kit.trials]
            self.ready.set()
            await self._over.wait()
            server.stop()
            await serving
        await kit.stop()

    def _control(self, kit: ExperimentKit) -> LiveControl:
        return LiveControl(
            engine=kit.engine,
            store=kit.store,
            service=kit.service,
            profile=lambda: profile_of(kit.ledger, directory=self._directory, duration=kit.engine.duration),
            request_stop=lambda: None,
        )


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Manager]:
    serving = Manager(tmp_path_factory.mktemp("experiment"))
    serving.start()
    assert serving.ready.wait(30)
    yield serving
    serving.stop()


@pytest.fixture(scope="module")
def schema(manager: Manager) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{manager.port}/api/v1/openapi.json")


def _can_be_wrong(endpoint: Endpoint) -> bool:
    """Whether there is anything in a request that a schema could forbid."""
    named = [*endpoint.query, *endpoint.inside]
    return endpoint.body is not None or any(one.bounds or one.choices for one in named)


CASES = [
    pytest.param(endpoint, mode, id=f"{endpoint.method} {endpoint.path} {mode.value}")
    for endpoint in ASKED
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or _can_be_wrong(endpoint)
]


@pytest.mark.parametrize(("endpoint", "mode"), CASES)
def test_what_is_described_is_what_is_answered(
    manager: Manager, schema: schemathesis.BaseSchema, endpoint: Endpoint, mode: GenerationMode
) -> None:
    """Good requests and bad ones, for each endpoint, about trials that there are and others."""
    operation = schema[endpoint.path][endpoint.method]
    checks = [check for check in CHECKS if check is not not_a_server_error or 501 not in endpoint.refuses]
    # What the client has not seen is refused before anything else is looked at.
    headers = {"If-Match": "*"} if endpoint.conditional else None
    cases = operation.as_strategy(generation_mode=mode, headers=headers)
    if "{trial_id}" in endpoint.path and mode is GenerationMode.POSITIVE:
        known = [operation.as_strategy(path_parameters={"trial_id": trial_id}) for trial_id in manager.trial_ids]
        cases = one_of(*known, cases)

    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=cases)
    def ask(case: schemathesis.Case) -> None:
        case.validate_response(case.call(timeout=10), checks=checks)

    ask()
