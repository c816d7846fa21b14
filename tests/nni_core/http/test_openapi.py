"""The OpenAPI document says what the routes do."""

import json
import re
from typing import Any

import pytest

from nni_core.http.app import ENDPOINTS

from .conftest import Served


async def document_of(served: Served) -> dict[str, Any]:
    answer = await served.client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


async def test_every_route_is_described(served: Served) -> None:
    """Each endpoint, with its parameters, and under a name of its own."""
    paths = (await document_of(served))["paths"]
    described = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert described == {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS}
    operations = [operation for methods in paths.values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all(operation["summary"] for operation in operations)
    for path, methods in paths.items():
        for operation in methods.values():
            named = [parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"]
            assert named == re.findall(r"\{(\w+)\}", path)


async def test_references_lead_somewhere(served: Served) -> None:
    """No schema is named that is not there."""
    document = await document_of(served)
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        found: Any = document
        for part in reference.split("/"):
            found = found[part]


@pytest.mark.parametrize(
    "path", ["/api/v1/experiment", "/api/v1/trials", "/api/v1/trials/A", "/api/v1/trials/A/metrics",
             "/api/v1/nni/experiment", "/api/v1/nni/check-status", "/api/v1/nni/experiment-metadata"]
)  # fmt: skip
async def test_answers_have_the_described_fields(served: Served, path: str) -> None:
    """Required ones are there, and there are no others."""
    served.control.create("A")
    served.control.report("A", 0.5)
    document = await document_of(served)
    operation = document["paths"][path.replace("/A", "/{trial_id}")]["get"]
    reference = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rpartition("/")[2]]
    answer = (await served.client.get(path)).json()
    assert set(schema["required"]) <= set(answer) <= set(schema["properties"])


async def test_every_status_is_described(served: Served) -> None:
    """What is refused has a document of its own for each status, and there is no answer for all the rest."""
    document = await document_of(served)
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert "default" not in operation["responses"]
            assert {"400", "401", "403", "422"} <= set(operation["responses"]), (method, path)
    patch = document["paths"]["/api/v1/experiment"]["patch"]["responses"]
    assert {"200", "409", "412", "413", "415", "503"} <= set(patch)
    assert "404" in document["paths"]["/api/v1/nni/trial-jobs/{trial_id}"]["get"]["responses"]


async def test_records_are_closed(served: Served) -> None:
    """Only a profile that is sent back may have more fields than are looked at."""
    schemas = (await document_of(served))["components"]["schemas"]
    open_ones = [name for name, one in schemas.items() if "properties" in one and one.get("additionalProperties", True)]
    assert open_ones == ["ChangedProfile"]
