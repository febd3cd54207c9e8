"""Each operation with a body has an example in the description, which somebody who may gets answered with success."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from shared_apps.access.routes import Route
from shared_apps.core.context import AUDIT, AuditContext, audit_context, platform_context
from shared_apps.users.models import Session

from .examples import (
    WRITES,
    attempts,
    committed,
    described,
    has_body,
    key_of,
    send,
    shown,
    unsafe_routes,
    write,
)
from .samples import example_of, makers, samples
from .world import World, build_world, undone

pytestmark = pytest.mark.req("S3-9", "C12")

ROUTES = [pytest.param(route, id=route.key.replace(" ", "-")) for route in unsafe_routes()]
_FOUND: dict[str, Any] = {}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Everybody, with a fresh proof of who they are."""
    with django_db_blocker.unblock(), undone():
        made = build_world(makers())
        with audit_context(actor_label="test"), platform_context():
            Session.objects.update(verified_at=timezone.now())
        yield made
    if WRITES and _FOUND:
        write(_FOUND)


@pytest.mark.parametrize("route", ROUTES)
def test_the_example_is_answered_as_described(world: World, route: Route) -> None:
    if not has_body(route):
        return  # nothing to show
    assert route.key in samples(), f"{route.key} has no sample: add one to tests/<app>/samples.py"
    example, operation = example_of(route.key), described(route.host)[key_of(route)]
    wanted = {example.answers} if example.answers else set(range(200, 300))
    told = []
    for persona, variant in attempts(world, route):
        token = AUDIT.set(AuditContext())
        try:
            body, answer = send(world, route, persona, variant)
        finally:
            AUDIT.reset(token)
        if answer.status_code in wanted:
            break
        told.append(f"{persona.key} {variant}: {answer.status_code} {answer.content[:300]!r}")
    else:
        pytest.fail(
            f"no request for {route.key} succeeds. Give its sample in tests/<app>/samples.py a body that does, "
            f'or add example("{route.key}", body=…, before=…, who=…). Tried:\n' + "\n".join(told[:2])
        )
    assert str(answer.status_code) in operation["responses"]
    assert body, f"the example of {route.key} is empty: give its sample a body"
    _FOUND.setdefault(key_of(route), shown(body, example))
    if not WRITES:
        assert committed().get(key_of(route)) == shown(body, example), (
            "run `make examples`, commit what it wrote"
        )


def test_no_example_outlives_its_route() -> None:
    assert WRITES or set(committed()) <= {key_of(route) for route in unsafe_routes() if has_body(route)}
