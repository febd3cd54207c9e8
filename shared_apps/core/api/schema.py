"""The API's description: OpenAPI 3.1 with the error shape on every operation (decision C12)."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from django.conf import settings
from drf_spectacular.openapi import AutoSchema as SpectacularAutoSchema
from drf_spectacular.plumbing import force_instance
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from shared_apps.core.errors import error_body

from .conditional import ConditionalMixin, takes_precondition
from .errors import catalogue_entry
from .fields import FieldsMixin
from .idempotency import IdempotentMixin

_ERROR_REFERENCE = {"$ref": "#/components/schemas/Error"}
_ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Every error of every address has this shape.",
    "properties": {
        "error": {"type": "boolean", "const": True},
        "message": {"type": "string", "description": "For people, in the language of the request."},
        "status_code": {"type": "integer", "minimum": 400, "maximum": 599},
        "details": {
            "type": "object",
            "additionalProperties": {},
            "description": "Texts by field for values that are not valid; facts for other errors.",
        },
        "code": {"type": "string", "description": "Stable, for programs: `validation_error`."},
        "request_id": {"type": "string", "description": "Quote it to support; the X-Request-ID header."},
    },
    "required": ["error", "message", "status_code", "details", "code", "request_id"],
}
_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Send the same key to repeat a request safely: the first answer comes again (24 hours).",
    pattern=r"^[\x21-\x7e]{1,200}$",
)
_FIELDS = OpenApiParameter(
    "fields", str, OpenApiParameter.QUERY, description="Names separated by commas: only these come."
)


_IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of the reading that the change is based on: 412 when it was changed meanwhile.",
)
_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag of what the client has: 304 without a body as long as nothing changed.",
)
_ETAG = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    description="What this state of the object is called.",
    response=[200],
)
_UNCHANGED = {"description": "Nothing changed since the reading that If-None-Match names."}


class AutoSchema(SpectacularAutoSchema):
    """drf-spectacular's description of a view, with what our base classes add."""

    def get_override_parameters(self) -> list[Any]:
        """``Idempotency-Key`` on POSTs that honour it, ``fields`` on reads that narrow."""
        parameters = list(super().get_override_parameters())
        if self.method == "POST" and isinstance(self.view, IdempotentMixin) and self.view.idempotent:
            parameters.append(_IDEMPOTENCY_KEY)
        if self.method == "GET" and isinstance(self.view, FieldsMixin):
            parameters.append(_FIELDS)
        if self._reads_one():
            parameters += [_IF_NONE_MATCH, _ETAG]
        if takes_precondition(self.view, self.method):
            parameters.append(_IF_MATCH)
        return parameters

    def map_parsers(self) -> list[Any]:
        """JSON, and multipart where a file travels: one kind of body makes a simple client."""
        kinds = super().map_parsers()
        if len(kinds) > 1 and "application/json" in kinds and "multipart/form-data" in kinds:
            kinds.remove("application/json" if self._takes_files() else "multipart/form-data")
        return kinds

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if self._reads_one():
            bodies["304"] = _UNCHANGED
        if takes_precondition(self.view, self.method):
            bodies["412"] = {"$ref": "#/components/responses/Error412"}
        return bodies

    def _reads_one(self) -> bool:
        return isinstance(self.view, ConditionalMixin) and getattr(self.view, "action", "") == "retrieve"

    def _takes_files(self) -> bool:
        taken: Any = force_instance(self.get_request_serializer())  # type: ignore[no-untyped-call]
        fields = getattr(taken, "fields", {})
        return any(isinstance(field, serializers.FileField) for field in fields.values())


def describe_errors(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Postprocessing hook: the Error component, and the errors that each operation can answer with."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Error"] = _ERROR_SCHEMA
    components.setdefault("responses", {}).update(
        {f"Error{status}": _error_component(status) for status in (*_STATUSES, 500)}
    )
    for path, operations in result.get("paths", {}).items():
        for method, operation in operations.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            for status in _statuses_of(method, path, operation):
                reference = {"$ref": f"#/components/responses/Error{status}"}
                operation["responses"].setdefault(str(status), reference)
            operation["responses"].setdefault("default", {"$ref": "#/components/responses/Error500"})
    return result


@cache
def recorded_examples() -> dict[str, Any]:
    """What each operation is sent in its test, by method and path (config/examples.json, `make examples`)."""
    recorded: dict[str, Any] = json.loads((settings.BASE_DIR / "config" / "examples.json").read_text("utf-8"))
    return recorded


def example_key(method: str, path: str) -> str:
    """The name of an operation among the examples: parameters have other names in routes."""
    return f"{method.upper()} {re.sub(r'{[^{}]*}', '{}', path)}"


def show_examples(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Postprocessing hook: the body of each operation has the example that its test sends."""
    recorded = recorded_examples()
    for path, methods in result.get("paths", {}).items():
        for method, operation in methods.items():
            body = operation.get("requestBody") if isinstance(operation, dict) else None
            key = example_key(method, path)
            if body is None or key not in recorded:
                continue
            for content in body["content"].values():
                content.pop("examples", None)
                content["example"] = recorded[key]
    return result


def name_briefly(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Postprocessing hook: what a POST does that makes no object is not called ``…_create``."""
    found = [
        (operation, methods)
        for methods in result.get("paths", {}).values()
        for operation in methods.values()
        if isinstance(operation, dict) and "operationId" in operation
    ]
    taken = {operation["operationId"] for operation, _methods in found}
    for operation, methods in found:
        name = operation["operationId"].removesuffix("_create")
        is_a_collection = f"{name}_list" in (each.get("operationId") for each in methods.values())
        if "201" not in operation.get("responses", {}) and not is_a_collection and name not in taken:
            taken.add(name)
            operation["operationId"] = name
    return result


_STATUSES = (400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 429, 503)


def _statuses_of(method: str, path: str, operation: dict[str, Any]) -> list[int]:
    statuses = [403, 404, 406, 429, 503]
    security = operation.get("security", [{}])
    if {} not in security:
        statuses.append(401)
    if operation.get("parameters") or "requestBody" in operation:
        statuses.append(400)
    if method in ("post", "put", "patch", "delete"):
        statuses += [409, 413, 415]
    if method == "post":
        statuses += [400, 422]
    return sorted(set(statuses))


def _error_component(status: int) -> dict[str, Any]:
    code, message = catalogue_entry(status)
    example = error_body(status=status, code=code, message=message, request_id="4f0f3c1e9a7d4b7c8a52")
    if status == 400:
        example |= {"code": "validation_error", "details": {"quantity": ["A finite number is required."]}}
    component: dict[str, Any] = {
        "description": message,
        "content": {"application/json": {"schema": _ERROR_REFERENCE, "example": example}},
    }
    if status == 429:
        component["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "In seconds."}}
    return component
