"""The examples of the API's description: what the sample of each route sends, as somebody who may.

`make examples` writes them to config/examples.json; the tests send them again and compare.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from drf_spectacular.generators import SchemaGenerator

from shared_apps.access.routes import Kind, Route, urlconf
from shared_apps.core.api.schema import example_key
from shared_apps.core.context import audit_context

from .cases import ROUTES, Answer, address, expected, variants_of
from .samples import Example, Sample, example_of, samples
from .world import PEOPLE, Persona, World, ask_raw, undone

DOCUMENT = Path(__file__).resolve().parents[2] / "config" / "examples.json"
WRITES = bool(os.environ.get("WRITE_EXAMPLES"))
#: Names of the tests' world that would puzzle a reader.
_WORDS = {"matrix-tenant-": "", "MATRIX-EUR": "DEMO-EUR", "Made by the matrix": "Practice"}
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


@cache
def described(host: Any) -> dict[str, Any]:
    """Every operation of a host by its key."""
    document = SchemaGenerator(urlconf=urlconf(host)).get_schema(request=None, public=True)
    return {
        example_key(method, path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict)
    }


def key_of(route: Route) -> str:
    """The route's name in config/examples.json."""
    return example_key(route.method, route.path)


def unsafe_routes() -> list[Route]:
    """The routes of the API that may have a body."""
    return [route for route in ROUTES if route.kind is Kind.API and route.method in ("POST", "PUT", "PATCH")]


def has_body(route: Route) -> bool:
    """Whether the description of a route has a request body."""
    return "requestBody" in described(route.host).get(key_of(route), {})


def kind_of_body(route: Route) -> str:
    """The content type that the description names."""
    return str(next(iter(described(route.host)[key_of(route)]["requestBody"]["content"])))


def attempts(world: World, route: Route) -> Iterator[tuple[Persona, str]]:
    """Who may send it, and about whose object, in an order that stays."""
    sample, example = samples()[route.key], example_of(route.key)
    for person in [example.who] if example.who else PEOPLE[route.host]:
        persona = world.people[str(route.host), person]
        for variant in variants_of(sample):
            if expected(route, persona, variant, sample) is Answer.ALLOWED:
                yield persona, variant


def send(world: World, route: Route, persona: Persona, variant: str) -> tuple[Any, Any]:
    """The body that was sent, and the answer; what it did is undone."""
    sample, example = samples()[route.key], example_of(route.key)
    with undone():
        with audit_context(actor_label="test"):
            made = example.before(world, persona) if example.before else None
        body, value = _request(world, persona, variant, sample, example, made)
        kind = kind_of_body(route)
        content_type = MULTIPART_CONTENT if kind == "multipart/form-data" else kind
        raw = _encoded(kind, body)
        path = address(route.path, value)
        return body, ask_raw(world, persona, route.method, path, raw, content_type, sample.query)


def _request(
    world: World, persona: Persona, variant: str, sample: Sample, example: Example, made: Any
) -> tuple[Any, Any]:
    value: Any = sample.params or {}
    if variant != "plain":
        value = getattr(sample, variant)(world, persona)
    if example.params is not None:
        value = example.params(world, persona) if callable(example.params) else example.params
    body: Any = sample.body if example.body is None else example.body
    if callable(body):
        body = body(world, persona, value if made is None else made)
    elif made is not None:
        body = {**body, **made}
    return body, value


def _encoded(kind: str, body: Any) -> bytes:
    if kind == "multipart/form-data":
        return encode_multipart(BOUNDARY, body or {})
    if isinstance(body, str):
        return body.encode()
    return json.dumps(body, default=str).encode()


def shown(body: Any, example: Example) -> Any:
    """The body as the description has it: ids and files differ each time, and these do not."""
    ids: dict[str, str] = {}

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(each) for name, each in value.items()}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        if isinstance(value, File):
            return f"(the content of {value.name})"
        if value is None or isinstance(value, bool | int):
            return value
        text = str(value)
        if _UUID.match(text):
            return ids.setdefault(text, f"0198c0de-0000-7000-8000-{len(ids) + 1:012d}")
        for ours, theirs in _WORDS.items():
            text = text.replace(ours, theirs)
        return text

    body = plain(body)
    return {**body, **example.shown} if example.shown else body


def committed() -> dict[str, Any]:
    """What stands in the document."""
    document: dict[str, Any] = json.loads(DOCUMENT.read_text("utf-8"))
    return document


def write(found: dict[str, Any]) -> None:
    """Write the document, one line for each example, so that two branches rarely meet."""
    lines = [f"  {json.dumps(key)}: {json.dumps(found[key], ensure_ascii=False)}" for key in sorted(found)]
    DOCUMENT.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
