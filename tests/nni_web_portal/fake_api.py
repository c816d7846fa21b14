"""The manager's HTTP protocol, served from a :class:`FakeExperiment`, with the real portal mounted beside it."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from nni_core.analysis import Result, analyse
from nni_core.model import Direction
from nni_core.space import SearchSpace
from nni_web_portal.app import create_app

from .fake_experiment import LIVE, STATES, FakeExperiment, FakeTrial


def experiment_document(experiment: FakeExperiment) -> dict[str, Any]:
    counts = dict.fromkeys(STATES, 0)
    for trial in experiment.trials:
        counts[trial.state] += 1
    results = [trial for trial in experiment.trials if trial.value is not None]
    pick = max if experiment.optimize_mode == "maximize" else min
    best = pick(results, key=lambda trial: trial.value or 0.0) if results else None
    return {
        "id": "Kx3mPq8a",
        "name": experiment.name,
        "state": experiment.state,
        "reason": experiment.reason,
        "optimize_mode": experiment.optimize_mode,
        "duration": experiment.duration,
        "started_at": experiment.trials[0].created_at if experiment.trials else 1_780_000_000_000,
        "ended_at": None,
        "directory": "/home/ada/nni-experiments/Kx3mPq8a",
        "revision": 0,
        "version": "0.1.0",
        "objectives": experiment.objectives or [{"name": "default", "direction": experiment.optimize_mode}],
        "tuner_remark": experiment.tuner_remark,
        "epoch": experiment.epoch,
        "cursor": experiment.cursor,
        "config": {"searchSpace": experiment.space},
        "limits": experiment.limits,
        "counts": counts,
        "best": best and {"trial_id": best.id, "sequence_id": best.sequence_id, "value": best.value},
        "role": experiment.role,
        "notes": experiment.notes,
    }


def trial_row(trial: FakeTrial) -> dict[str, Any]:
    numbers = [value for value in trial.intermediates if value is not None]
    return {
        "id": trial.id,
        "sequence_id": trial.sequence_id,
        "state": trial.state,
        "created_at": trial.created_at,
        "started_at": trial.started_at,
        "ended_at": trial.ended_at,
        "attempt": trial.attempt,
        "exit_code": trial.exit_code,
        "signal": trial.signal,
        "message": trial.message,
        "value": trial.value,
        "latest": numbers[-1] if numbers else None,
        "intermediate_count": len(trial.intermediates),
        "metrics": trial.metrics,
        "parameters": trial.parameters,
        "directory": f"/home/ada/nni-experiments/Kx3mPq8a/trials/{trial.id}",
        "final": trial.final,
        "attempt_id": f"{trial.id}-1",
    }


_PLAIN = ("id", "sequence_id", "created_at", "started_at", "ended_at", "attempt", "exit_code", "signal", "message")
_RESULTS = ("value", "latest", "intermediate_count")


def trial_columns(experiment: FakeExperiment) -> dict[str, Any]:
    rows = [trial_row(trial) for trial in experiment.trials]
    flat = [dict(_flatten(trial.parameters)) for trial in experiment.trials]
    return {
        "epoch": experiment.epoch,
        "cursor": experiment.cursor,
        "states": list(STATES),
        "state": [STATES.index(row["state"]) for row in rows],
        **{name: [row[name] for row in rows] for name in (*_PLAIN, *_RESULTS)},
        "metrics": _columns([row["metrics"] for row in rows]),
        "parameters": _columns(flat),
    }


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in names}


def _flatten(parameters: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in parameters.items():
        if isinstance(value, dict) and "_name" in value:
            yield prefix + name, value["_name"]
            inner = {key: item for key, item in value.items() if key != "_name"}
            yield from _flatten(inner, f"{prefix}{name}/")
        else:
            yield prefix + name, value


def _problem(status: int, detail: str) -> Response:
    body = {"type": "about:blank", "title": "refused", "status": status, "detail": detail, "problems": []}
    return JSONResponse(body, status_code=status, media_type="application/problem+json")


class FakeApi:
    """The routes under ``/api/v1``."""

    def __init__(self, experiment: FakeExperiment) -> None:
        self.experiment = experiment
        #: while set, every request is answered 503 and streams end
        self.down = threading.Event()

    def routes(self) -> list[Route]:
        return [
            Route("/experiment", self._guard(self.read_experiment), methods=["GET"]),
            Route("/experiment", self._guard(self.change_experiment), methods=["PATCH"]),
            Route("/experiment/stop", self._guard(self.stop), methods=["POST"]),
            Route("/trials", self._guard(self.read_trials)),
            Route("/trials/{id}", self._guard(self.read_trial)),
            Route("/trials/{id}/metrics", self._guard(self.read_metrics)),
            Route("/trials/{id}/log/{stream}", self._guard(self.read_log)),
            Route("/trials/{id}/kill", self._guard(self.kill), methods=["POST"]),
            Route("/analysis", self._guard(self.read_analysis)),
            Route("/events", self._guard(self.events)),
        ]

    def _guard(self, handler: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            if self.down.is_set():
                return _problem(503, "the manager is down")
            response: Response = await handler(request)
            return response

        return answer

    async def read_experiment(self, request: Request) -> Response:
        return JSONResponse(experiment_document(self.experiment))

    async def change_experiment(self, request: Request) -> Response:
        body = await request.json()
        self.experiment.commands.append(("PATCH", "experiment", body))
        self.experiment.limits |= body
        self.experiment.touch()
        return JSONResponse(experiment_document(self.experiment))

    async def stop(self, request: Request) -> Response:
        self.experiment.commands.append(("POST", "experiment/stop", await request.json()))
        self.experiment.state = "STOPPING"
        self.experiment.touch()
        return Response(status_code=202)

    async def read_analysis(self, request: Request) -> Response:
        space = SearchSpace.parse(self.experiment.space or {"only": {"_type": "choice", "_value": [1]}})
        done = [one for one in self.experiment.trials if one.state == "SUCCEEDED" and one.value is not None]
        known = {"only": 1}
        results = [
            Result(parameters=one.parameters if self.experiment.space else known, number=one.value or 0.0, others={})
            for one in done
        ]
        direction = Direction(self.experiment.optimize_mode)
        try:
            found = attrs.asdict(analyse(space, results, direction))
        except ValueError as error:
            return _problem(409, str(error))
        told = {"objective": "default", "direction": direction, "budget": None, "front": None}
        return JSONResponse({**found, **told})

    async def read_trials(self, request: Request) -> Response:
        etag = f'"{self.experiment.epoch}-{self.experiment.cursor}"'
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers={"etag": etag})
        body = json.dumps(trial_columns(self.experiment)).encode()
        headers = {"etag": etag, "content-encoding": "gzip", "cache-control": "no-cache"}
        return Response(gzip.compress(body, 3), media_type="application/json", headers=headers)

    async def read_trial(self, request: Request) -> Response:
        trial = self.experiment.trial(request.path_params["id"])
        return _problem(404, "no trial has this id") if trial is None else JSONResponse(trial_row(trial))

    async def read_metrics(self, request: Request) -> Response:
        trial = self.experiment.trial(request.path_params["id"])
        if trial is None:
            return _problem(404, "no trial has this id")
        values = trial.intermediates
        times = [trial.created_at + at for at in range(len(values))]
        return JSONResponse({"sequence": [*range(len(values))], "value": values, "raw": values, "timestamp": times})

    async def read_log(self, request: Request) -> Response:
        trial = self.experiment.trial(request.path_params["id"])
        if trial is None or trial.state == "WAITING":
            return _problem(404, "there is no output yet")
        content: bytes = getattr(trial, request.path_params["stream"])
        offset, limit = int(request.query_params["offset"]), int(request.query_params["limit"])
        begin = max(0, len(content) + offset) if offset < 0 else min(offset, len(content))
        piece = content[begin : begin + limit]
        headers = {"x-log-next-offset": str(begin + len(piece)), "x-log-size": str(len(content))}
        return PlainTextResponse(piece, headers=headers)

    async def kill(self, request: Request) -> Response:
        trial = self.experiment.trial(request.path_params["id"])
        self.experiment.commands.append(("POST", f"trials/{request.path_params['id']}/kill", await request.json()))
        if trial is None or trial.state not in LIVE:
            return _problem(409, "the trial is over")
        trial.state, trial.ended_at = "USER_CANCELED", trial.created_at + 60_000
        self.experiment.touch(trial)
        return Response(status_code=202)

    async def events(self, request: Request) -> Response:
        epoch, _, cursor = request.headers.get("last-event-id", "").rpartition("-")
        position = int(cursor or request.query_params["cursor"])
        return StreamingResponse(self._stream(epoch, position), media_type="text/event-stream")

    async def _stream(self, epoch: str, cursor: int) -> AsyncIterator[str]:
        changed = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(changed.set)

        self.experiment.listeners.append(wake)
        try:
            yield ": hello\n\n"
            while not self.down.is_set():
                changed.clear()
                if epoch not in ("", self.experiment.epoch):
                    yield _event("reset", {"epoch": self.experiment.epoch}, self.experiment.epoch, 0)
                    return
                for message in self._since(cursor):
                    yield message
                cursor = self.experiment.cursor
                await changed.wait()
                await asyncio.sleep(0.05)
        finally:
            self.experiment.listeners.remove(wake)

    def _since(self, cursor: int) -> list[str]:
        with self.experiment.lock:
            now, epoch = self.experiment.cursor, self.experiment.epoch
            fresh = [(event, payload) for at, event, payload in self.experiment.log if at > cursor]
        rows = {payload.id: trial_row(payload) for event, payload in fresh if event == "trials"}
        points = [payload for event, payload in fresh if event == "metrics"]
        messages: list[str] = []
        if rows:
            messages.append(_event("trials", {"cursor": now, "rows": list(rows.values())}, epoch, now))
        if points:
            messages.append(_event("metrics", {"cursor": now, "points": points}, epoch, now))
        if fresh:
            messages.append(_event("experiment", experiment_document(self.experiment), epoch, now))
        return messages


def _event(name: str, data: Any, epoch: str, cursor: int) -> str:
    return f"id: {epoch}-{cursor}\nevent: {name}\ndata: {json.dumps(data)}\n\n"


@contextmanager
def serve(api: FakeApi, prefix: str = "") -> Iterator[str]:
    """Serve portal and protocol on a free port, in a thread; the address of the portal's first page."""
    site = [Mount("/api/v1", routes=api.routes()), Mount("/", create_app())]
    app = Starlette(routes=[Mount(prefix, routes=site)] if prefix else site)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="fake manager", daemon=True)
    thread.start()
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the fake manager did not start")
        threading.Event().wait(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}{prefix}/"
    finally:
        api.down.set()
        api.experiment.restart("over")
        server.should_exit = True
        thread.join(10)
