"""What a body may not decide is ignored or refused, on every route that takes one (attack table, row 12)."""

from __future__ import annotations

import pytest

from shared_apps.access.routes import Kind, Route

from .cases import ROUTES, Answer, address, expected
from .samples import samples
from .test_matrix import cell, world
from .world import PEOPLE, World, ask_api, rows_holding

__all__ = ["cell", "world"]

TEXT, NUMBER, KEY = "injected-by-the-test", 987654321987, "deadbeef-dead-7eef-8ead-beefdeadbeef"
INJECTED = {
    "id": KEY, "pk": KEY, "uuid": KEY, "user": NUMBER, "user_id": NUMBER, "member": KEY, "member_id": KEY,
    "tenant": NUMBER, "tenant_id": NUMBER, "schema_name": TEXT, "db_role": TEXT, "role": TEXT, "status": TEXT,
    "state": TEXT, "balance": NUMBER, "filled_quantity": NUMBER, "realised": NUMBER, "bot_id": KEY,
    "is_staff": TEXT, "is_superuser": TEXT, "created_at": TEXT, "password_hash": TEXT,
}  # fmt: skip
WRITES = [
    route
    for route in ROUTES
    if route.kind is Kind.API
    and route.method in ("POST", "PATCH", "PUT")
    and isinstance(samples()[route.key].body, dict)
]


@pytest.mark.parametrize("route", WRITES, ids=[route.key.replace(" ", "-") for route in WRITES])
def test_a_body_decides_only_what_is_its_own(cell: World, route: Route) -> None:
    sample = samples()[route.key]
    variant = "own" if sample.own else "other" if sample.other else "plain"
    persona = next(
        cell.people[str(route.host), key]
        for key in PEOPLE[route.host]
        if expected(route, cell.people[str(route.host), key], variant, sample) is Answer.ALLOWED
    )
    value = (sample.params or {}) if variant == "plain" else getattr(sample, variant)(cell, persona)
    assert isinstance(sample.body, dict)
    body = {**INJECTED, **sample.body}
    answer = ask_api(cell, persona, route.method, address(route.path, value), body, sample.query)
    assert answer.status_code < 500, answer.content[:500]
    for sentinel in (TEXT, str(NUMBER), KEY):
        assert rows_holding(cell, sentinel) == [], (answer.status_code, answer.content[:300])


def test_what_is_stored_is_found(cell: World) -> None:
    """The search itself: a text that a route does take is seen in the row."""
    admin, address_ = cell.people["platform", "admin"], f"/api/v1/tenants/{cell.tenant.pk}/"
    assert ask_api(cell, admin, "PATCH", address_, {"description": TEXT}, None).status_code == 200
    assert "public.tenants_tenant" in rows_holding(cell, TEXT)
