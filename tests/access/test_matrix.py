"""One test for every cell: each route, method and person, over HTTP, against the committed table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from audit.models import AuditEntry, AuditLog
from shared_apps.access.actors import load_actor
from shared_apps.access.describe import markdown
from shared_apps.access.routes import Host, Kind, Route, all_routes
from shared_apps.access.topics import may_subscribe, topics
from shared_apps.core.context import AUDIT, PLATFORM, AuditContext, audit_context, tenant_context
from shared_apps.tenants.models import Membership
from shared_apps.users.models import User
from tenant_apps.members.models import Member
from tenant_apps.todos.models import Todo

from . import oracle
from .cases import ROUTES, Answer, address, ask, further, got, problem, variants, variants_of
from .samples import Sample, makers, samples
from .world import PEOPLE, World, ask_page, build_world, checksums, is_untouched, rows_written, undone

pytestmark = pytest.mark.req("F32", "S4-68", "C14")


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


CELLS = [
    pytest.param(route, person, variant, id=f"{route.key} {person} {variant}".replace(" ", "-"))
    for route in ROUTES
    for person in PEOPLE[route.host]
    for variant in variants(route)
]
FURTHER_CELLS = [
    pytest.param(
        route, person, variant, sample, id=f"{route.key} {person} {variant} {name}".replace(" ", "-")
    )
    for route, name, sample in further()
    for person in PEOPLE[route.host]
    for variant in variants_of(sample)
]


@pytest.mark.parametrize(("route", "person", "variant"), CELLS)
def test_cell(cell: World, route: Route, person: str, variant: str) -> None:
    sample = samples().get(route.key)
    assert sample is not None, f"{route.key} has no sample: add one to tests/<app>/samples.py"
    try_cell(cell, route, person, variant, sample)


@pytest.mark.parametrize(("route", "person", "variant", "sample"), FURTHER_CELLS)
def test_further_cell(cell: World, route: Route, person: str, variant: str, sample: Sample) -> None:
    """What a body asks for can need a permission of its own: a role, an activation."""
    try_cell(cell, route, person, variant, sample)


def try_cell(cell: World, route: Route, person: str, variant: str, sample: Sample) -> None:
    persona = cell.people[str(route.host), person]
    written = rows_written(cell)
    answer = ask(cell, route, persona, variant, sample)
    assert problem(cell, route, persona, variant, sample, answer) == ""
    if got(route, answer, sample) is not Answer.ALLOWED:
        assert is_untouched(cell, written), "a refusal changed something"
        if route.kind is Kind.API:
            assert answer.json()["error"] is True


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
    written = rows_written(cell)
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
    assert is_untouched(cell, written)


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


def test_every_write_is_counted(cell: World) -> None:
    """What spares the cells reading every table: a write raises the number, a reading does not."""
    for schema, change in [
        (PLATFORM, lambda: User.objects.filter(pk=cell.bystander.user.pk).update(first_name="Other")),
        (cell.tenant, lambda: Member.objects.filter(pk=cell.bystander.member.pk).update(name="Other")),
        (cell.tenant, lambda: Todo.objects.create(member=cell.bystander.member, title="New")),
        (cell.tenant, lambda: Todo.objects.all().delete()),
    ]:
        with audit_context(actor_label="test"), tenant_context(schema):
            written = rows_written(cell)
            assert checksums(cell) and rows_written(cell) == written
            with undone():
                change()
                assert rows_written(cell) > written
                assert not is_untouched(cell, written)
            assert rows_written(cell) > written  # undone, but seen
            assert is_untouched(cell, written)


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
