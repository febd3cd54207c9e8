"""The API's description is complete, valid, and says of every operation how it fails (C12)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator

HOSTS = ["config.urls_tenant", "config.urls_platform"]


@pytest.mark.req("C12", "S3-9")
@pytest.mark.parametrize("urlconf", HOSTS)
def test_the_description_is_valid_and_made_without_warnings(urlconf, tmp_path):
    call_command(
        "spectacular", urlconf=urlconf, validate=True, fail_on_warn=True, file=str(tmp_path / "a.yaml")
    )


@pytest.fixture(scope="module", params=HOSTS)
def description(request: pytest.FixtureRequest) -> Any:
    return SchemaGenerator(urlconf=request.param).get_schema(request=None, public=True)


def operations(description: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict)
    ]


def test_every_operation_documents_its_errors(description):
    assert description["openapi"] == "3.1.0"
    schemas = description["components"]["schemas"]
    assert set(schemas["Error"]["required"]) == {
        "error", "message", "status_code", "details", "code", "request_id",
    }  # fmt: skip
    for path, method, operation in operations(description):
        assert "default" in operation["responses"], (method, path)
        assert {"403", "404", "429"} <= set(operation["responses"]), (method, path)


def test_every_operation_is_described_and_named_once(description):
    found = operations(description)
    assert len(found) > 20
    names = [operation["operationId"] for _path, _method, operation in found]
    assert len(names) == len(set(names))
    silent = [(method, path) for path, method, operation in found if not operation.get("description")]
    assert silent == []


def test_repeatable_posts_say_so(description):
    post = description["paths"].get("/api/v1/todos/", {}).get("post")
    if post is not None:  # on the tenant's host
        assert "Idempotency-Key" in {parameter["name"] for parameter in post["parameters"]}
        assert post["requestBody"]["content"]["application/json"]["example"]
