"""One test for every cell: each route, method and person, over HTTP, against the committed table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import pytest

from audit.models import AuditEntry, AuditLog
from shared_apps.access.actors import load_actor
from shared_apps.access.describe import markdown
from shared_apps.access.routes import Host, Kind, Route, all_routes
from shared_apps.access.topics import may_subscribe, topics
from shared_apps.core.context import AUDIT, AuditContext
from shared_apps.tenants.models import Membership
from shared_apps.users.models import User

from . import oracle
from .samples import Sample, makers, samples
from .world import PEOPLE, Persona, World, ask_api, ask_page, build_world, checksums, undone

pytestmark = pytest.mark.req("F32", "S4-68", "C14")
ROUTES = [route for route in all_routes() if route.kind in (Kind.API, Kind.PAGE)]
_OBJECT = re.compile(r"(.*\{\w+\}/)[^{}]*\Z")


class Answer(StrEnum):
    """What a cell comes to."""

    ALLOWED = "allowed"
    SIGN_IN = "sign in"
    FORBIDDEN = "forbidden"
    HIDDEN = "hidden"


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Everybody, made once for this worker; every cell is rolled back to it."""
    with django_db_blocker.unblock(), undone():
        yield build_world(makers())


@pytest.fixture
def cell(world: World) -> Iterator[World]:
    """The world for one cell: nothing it does stays, and no actor is bound but the request's own."""
    token = AUDIT.set(AuditContext())
    with undone():
        yield world
    AUDIT.reset(token)


def variants(route: Route) -> list[str]:
    """Whose object is tried: one's own, somebody else's, or none."""
    sample = samples().get(route.key)
    if sample is None:
        return ["no sample"]
    return [name for name in ("own", "other") if getattr(sample, name)] or ["plain"]


CELLS = [
    pytest.param(route, person, variant, id=f"{route.key} {person} {variant}".replace(" ", "-"))
    for route in ROUTES
    for person in PEOPLE[route.host]
    for variant in variants(route)
]


def expected(route: Route, persona: Persona, variant: str, sample: Sample) -> Answer:
    """What the committed table says about one cell."""
    table, host = oracle.read(), str(route.host)

    def relation(permission: str) -> str:
        return table.relation(host, permission, persona.columns)

    permission = table.routes[route.key]
    door = relation(permission)
    if not persona.authenticated:
        return Answer.ALLOWED if door else Answer.SIGN_IN
    if variant == "plain":
        return Answer.ALLOWED if door else Answer.FORBIDDEN
    reading = reading_permission(table, route)
    seen = relation(sample.sees or reading or permission)
    visible = oracle.reaches_all(seen) or (seen == "own" and variant == "own")
    if not door:
        hides = route.kind is Kind.API and relation(reading) and not visible
        return Answer.HIDDEN if hides else Answer.FORBIDDEN
    if not visible:
        return Answer.HIDDEN
    reach = relation(sample.acts or permission)
    return Answer.ALLOWED if oracle.reaches_all(reach) or (reach and variant == "own") else Answer.FORBIDDEN


def reading_permission(table: oracle.Oracle, route: Route) -> str:
    """The permission of GET on the address of the object that a route acts on, where there is one."""
    found = _OBJECT.match(route.path)
    return table.routes.get(f"{route.host} GET {found[1]}", "") if found else ""


def got(route: Route, answer: Any, sample: Sample) -> Answer | str:
    """What an answer over HTTP comes to."""
    code = answer.status_code
    if route.kind is Kind.PAGE and code == 302 and answer["Location"].startswith("/login/"):
        return Answer.ALLOWED if sample.to_login else Answer.SIGN_IN
    if code in sample.may or code < 400 or code == 400:
        return Answer.ALLOWED
    return {401: Answer.SIGN_IN, 403: Answer.FORBIDDEN, 404: Answer.HIDDEN}.get(code, f"status {code}")


@pytest.mark.parametrize(("route", "person", "variant"), CELLS)
def test_cell(cell: World, route: Route, person: str, variant: str) -> None:
    sample = samples().get(route.key)
    assert sample is not None, f"{route.key} has no sample: add one to tests/<app>/samples.py"
    persona = cell.people[str(route.host), person]
    value = sample.params or {}
    if variant != "plain":
        value = getattr(sample, variant)(cell, persona)
    body = sample.body(cell, persona, value) if callable(sample.body) else sample.body
    ask = ask_api if route.kind is Kind.API else ask_page
    answer = ask(cell, persona, route.method, address(route.path, value), body, sample.query)
    wanted = expected(route, persona, variant, sample)
    if persona.key in ("stranger", "deactivated") and answer.status_code == 401:
        wanted = Answer.SIGN_IN  # a credential that does not hold is refused, also where none is needed
    assert got(route, answer, sample) == wanted, (answer.status_code, answer.content[:500])
    if wanted is not Answer.ALLOWED:
        assert checksums(cell) == cell.untouched, "a refusal changed something"
        if route.kind is Kind.API:
            assert answer.json()["error"] is True
    elif sample.shows is not None:
        relation = oracle.read().relation(
            str(route.host), sample.acts or oracle.read().routes[route.key], persona.columns
        )
        shown = str(sample.shows(cell, persona)) in answer.content.decode()
        assert shown == oracle.reaches_all(relation), "the list shows more, or less, than the cell says"


ADMIN = [route for route in all_routes() if route.kind is Kind.ADMIN]
ADMIN_CELLS = [
    pytest.param(route, person, id=f"{route.key} {person}".replace(" ", "-"))
    for route in ADMIN
    for person in PEOPLE[route.host]
]


_AWAY = ("/login/", "/admin/login/")
#: What the admin itself refuses or sends away, whoever asks.
_ADMIN_ANSWERS = {"/admin/autocomplete/": {403}, "/admin/logout/": {302}}


@pytest.mark.req("S4-69", "F29")
@pytest.mark.parametrize(("route", "person"), ADMIN_CELLS)
def test_admin_cell(cell: World, route: Route, person: str) -> None:
    """The site's own permission opens the admin, the model's permission its pages; nobody adds or deletes."""
    persona, table = cell.people["platform", person], oracle.read()
    kind = route.path.removeprefix("/admin/").split("/")[1:2]
    first = {
        "tenant": cell.tenant.pk, "user": cell.bystander.user.pk, "membership": _a_membership(cell),
        "auditentry": AuditEntry.objects.values_list("pk", flat=True).first(),
        "auditlog": AuditLog.objects.values_list("pk", flat=True).first(),
    }  # fmt: skip
    object_id = first.get(kind[0], 1) if kind else 1
    params = {"object_id": object_id, "content_type_id": 1, "app_label": "tenants", "url": "nowhere",
              "name": "core.page_size"}  # fmt: skip
    answer = ask_page(cell, persona, "GET", address(route.path, params), None, None)
    site = table.relation("platform", "console.view_admin", persona.columns)
    reach = table.relation("platform", table.routes[route.key], persona.columns)
    sent_away = answer.status_code == 302 and answer["Location"].startswith(_AWAY)
    if answer.status_code in _ADMIN_ANSWERS.get(route.path, ()):
        pass
    elif site and oracle.reaches_all(reach):
        assert answer.status_code in (200, 301, 302, 404), answer.content[:300]
        assert not sent_away
    elif site:
        # The bare address sends everybody on to the page that refuses (its own cell).
        onward = route.path.endswith("/{object_id}/") and answer.headers.get("Location", "").endswith(
            "/change/"
        )
        assert answer.status_code == 403 or onward
    else:
        assert sent_away or (persona.authenticated and answer.status_code == 403)
    assert checksums(cell) == cell.untouched


def _a_membership(world: World) -> int:
    return int(Membership.objects.filter(user=world.bystander.user).values_list("pk", flat=True).get())


@pytest.mark.req("F32")
@pytest.mark.parametrize("person", PEOPLE["tenant"])
def test_topic_cells(world: World, person: str) -> None:
    """Who may listen to what; the consumer asks the same function (tests/trading)."""
    persona, table = world.people["tenant", person], oracle.read()
    actor = load_actor(persona.user or User(), world.tenant, fresh=True)
    for topic in topics():
        relation = table.relation("tenant", table.routes[f"tenant SUBSCRIBE {topic}"], persona.columns)
        assert may_subscribe(actor, topic) == bool(relation and persona.authenticated), topic


@pytest.mark.req("S4-69")
def test_a_tenants_host_has_no_admin(world: World) -> None:
    """Attack table, row 28."""
    for person in ("owner", "anonymous"):
        for path in ("/admin/", "/admin/login/", "/admin/users/user/"):
            answer = ask_page(world, world.people["tenant", person], "GET", path, None, None)
            assert answer.status_code == 404, (person, path)


def address(path: str, value: Any) -> str:
    """The path with its parameters filled in."""
    if not isinstance(value, dict):
        value = dict.fromkeys(re.findall(r"\{(\w+)\}", path), value)
    return re.sub(r"\{(\w+)\}", lambda found: str(value[found[1]]), path)


def test_the_committed_table_is_the_codes() -> None:
    """Changing a cell anywhere makes this fail, and the cells above with it."""
    assert oracle.DOCUMENT.read_text(encoding="utf-8") == markdown(all_routes()), (
        "run `python manage.py show_matrix --write` and read the difference"
    )


def test_every_route_has_a_sample_and_every_sample_a_route() -> None:
    keys = {route.key for route in ROUTES}
    assert keys - set(samples()) == set(), "add a sample to tests/<app>/samples.py"
    assert set(samples()) - keys == set(), "these routes are gone"


def test_every_column_is_tried() -> None:
    columns = {"platform": set(), "tenant": set()}
    table = oracle.read()
    for (host, _permission), row in table.cells.items():
        columns[host] |= set(row)
    for host, names in columns.items():
        pseudo = {"anyone", "user", "member"}
        assert names - pseudo == set(PEOPLE[host]) - {"anonymous", "stranger", "deactivated", "plain"}
    assert {str(host) for host in Host} == set(PEOPLE)
