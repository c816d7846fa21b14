"""A small client of a manager's HTTP interface, over the standard library: starting one must cost nothing."""

from __future__ import annotations

import json

from nni_core.errors import ConflictError, MachineError, NotFoundError, Problem, UserError
from nni_core.folders import ExperimentFolder, ManagerRecord
from nni_core.model import Json

#: seconds for one request; a manager answers in milliseconds, and one on a very busy machine in seconds
TIMEOUT = 60.0


class Rest:
    """The manager of one experiment on this machine."""

    def __init__(self, folder: ExperimentFolder, *, timeout: float = TIMEOUT) -> None:
        """``timeout`` is for one request, in seconds.

        :raises MachineError: when it does not run.
        """
        manager = running_manager(folder)
        self._timeout = timeout
        self._port = manager.port
        self._host = _host(manager.urls)
        self._prefix = f"/{manager.url_prefix}" if manager.url_prefix else ""
        self._token = folder.token.read_text().strip() if folder.token.exists() else None

    def get(self, path: str) -> Json:
        """Fetch a JSON document.

        :raises UserError: when the manager refuses or is gone.
        """
        return self.send("GET", path)

    def send(self, method: str, path: str, body: Json = None) -> Json:
        """Make a request; the answer is its JSON document, or None when there is none.

        :raises UserError: when the manager refuses or is gone.
        """
        # Reading a stopped experiment needs no HTTP, and this module brings TLS and e-mail with it.
        import http.client

        headers = {"Content-Type": "application/json"} if method != "GET" else {}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        try:
            payload = None if method == "GET" else json.dumps(body).encode()
            connection.request(method, f"{self._prefix}{path}", body=payload, headers=headers)
            response = connection.getresponse()
            data = response.read()
        except OSError as error:
            raise MachineError(
                Problem(code="NNI525", message=f"the manager on port {self._port} does not answer: {error}")
            ) from error
        finally:
            connection.close()
        if response.status >= 400:
            raise refusal(response.status, data)
        return json.loads(data) if data else None


def running_manager(folder: ExperimentFolder) -> ManagerRecord:
    """What the manager of an experiment says of itself.

    :raises MachineError: when it does not run.
    """
    live = folder.is_live()
    manager = folder.manager() if live else None
    if live and manager is None:
        raise MachineError(
            Problem(
                code="NNI525",
                message=f"experiment {folder.id} is starting: it does not answer yet",
                help=f"try again in a moment; nnictl log stdout {folder.id} shows how far it is",
            )
        )
    if manager is None:
        raise MachineError(
            Problem(
                code="NNI525",
                message=f"experiment {folder.id} is not running",
                help=f"nnictl resume {folder.id} goes on with it",
            )
        )
    return manager


def _host(urls: object) -> str:
    """The manager listens on loopback unless it was told otherwise."""
    hosts = [url.removeprefix("http://").rpartition(":")[0] for url in urls] if isinstance(urls, list) else []
    local = [host for host in hosts if host.startswith("127.") or host == "[::1]"]
    first: str = (local or hosts or ["127.0.0.1"])[0]
    return first.strip("[]")


def refusal(status: int, data: bytes) -> UserError:
    kind = {404: NotFoundError, 409: ConflictError}.get(status, UserError)
    try:
        document = json.loads(data)
        problems = [
            Problem(
                code=one.get("code", f"NNI7{status}"),
                message=one["message"],
                help=one.get("help") or "",
                key_path=tuple(one.get("key_path") or ()),
            )
            for one in document.get("problems") or []
        ]
        detail = document.get("detail") or document.get("title") or document.get("error") or str(status)
    except (ValueError, AttributeError, KeyError, TypeError):
        problems, detail = [], data.decode(errors="replace")[:200]
    return kind(*problems) if problems else kind(Problem(code=f"NNI7{status}"[:6], message=str(detail)))
