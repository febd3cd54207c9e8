"""Attack table of security.md: rows 13, 16, 22 (API), 24 and 28, over HTTP and over the broker."""

from __future__ import annotations

import json
import threading

import pytest
from celery import current_app
from django.db import connection

import tests.support.extra_tasks.tasks as extra
from shared_apps.core.context import AUDIT, CURRENT, HOST, Schema, fresh_context, tenant_context
from shared_apps.core.envelope import HEADER, Envelope, TaskRefused
from shared_apps.tenants.demo import PASSWORD
from shared_apps.tenants.models import Tenant
from tests.support.outbox import apply

MARKUP = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>"


# --- over HTTP: one server for the module ----------------------------------------------------------


@pytest.fixture(scope="module")
def token(live) -> str:
    return live.log_in("acme.localhost", "trader@acme.example.com", PASSWORD)


@pytest.fixture
def trader(live, token):
    """Sends as acme's trader; ``body`` as JSON, bytes as they are."""

    def send(method: str, path: str, body: object = None, **headers: str):
        raw = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers}
        return live.request(method, f"/api/v1/{path}", host="acme.localhost", body=raw, headers=sent)

    return send


def count(trader) -> int:
    """How many to-dos there are by now: the server's own answer, it commits for real."""
    return trader("GET", "todos/").json()["count"]


@pytest.mark.parametrize(
    ("raw", "statuses"),
    [
        (b'{"title": NaN}', {400}),
        (b'{"title": Infinity}', {400}),
        (b'{"title": 1e400}', {400}),
        (b'{"title": "a\\u0000b"}', {400}),
        (b'{"title": "\\ud800"}', {400}),
        (b'{"title": "' + b"x" * 10_000_000 + b'"}', {413}),
        (b'{"title": "a", "due_on": 99999999999999999999999999}', {400}),
        (b"[" * 200_000, {400}),
    ],
    ids=["nan", "infinity", "1e400", "nul", "surrogate", "10 MB", "huge number", "deep"],
)
def test_row_13_bodies(trader, raw, statuses):
    before = count(trader)
    answer = trader("POST", "todos/", raw)
    assert answer.status in statuses
    assert answer.json()["error"] is True
    assert count(trader) == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("todos/?page_size=1000000", 200),
        ("todos/?page=99999999999999999999", 400),
        ("todos/?due_before=%00", 400),
        ("todos/99999999999999999999999999999999/", 404),
        ("todos/%00/", 400),
        ("members/?page_size=-1", 400),
    ],
)
def test_row_13_addresses(trader, path, status):
    assert trader("GET", path).status == status


def test_row_13_a_body_of_unsaid_length_is_not_read(live, token):
    head = (
        b"POST /api/v1/todos/ HTTP/1.1\r\nHost: acme.localhost\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %b\r\nTransfer-Encoding: chunked\r\n\r\n" % token.encode()
    )
    assert live.raw(head + b"2\r\n{}\r\n0\r\n\r\n") == 411


def test_row_22_markup_stays_text_in_the_api(trader):
    made = trader("POST", "todos/", {"title": MARKUP})
    assert made.status == 201
    listed = trader("GET", "todos/")
    assert listed.headers["content-type"].startswith("application/json")
    assert listed.headers["x-content-type-options"] == "nosniff"
    assert MARKUP in [row["title"] for row in listed.json()["results"]]
    refused = trader("GET", f"todos/?ordering={'%3Cscript%3E'}")
    assert refused.status == 400
    assert refused.headers["content-type"].startswith("application/json")


def test_row_24_the_same_key(trader):
    before = count(trader)
    first = trader("POST", "todos/", {"title": "once"}, **{"Idempotency-Key": "row-24"})
    again = trader("POST", "todos/", {"title": "once"}, **{"Idempotency-Key": "row-24"})
    other = trader("POST", "todos/", {"title": "twice"}, **{"Idempotency-Key": "row-24"})
    assert (first.status, again.status, other.status) == (201, 201, 422)
    assert first.body == again.body
    assert count(trader) == before + 1


def test_row_24_many_at_once_have_one_effect(trader):
    before, statuses = count(trader), []
    barrier = threading.Barrier(8)

    def send() -> None:
        barrier.wait()
        statuses.append(trader("POST", "todos/", {"title": "race"}, **{"Idempotency-Key": "race"}).status)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert count(trader) == before + 1


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/users/user/"])
def test_row_28_there_is_no_admin_on_a_tenants_host(live, path):
    assert live.request("GET", path, host="acme.localhost").status == 404


# --- over the broker: what a worker refuses --------------------------------------------------------

KWARGS = {"number": 1}
TASK = "extra_tasks.note_context"


def refused(headers: dict, kwargs: dict = KWARGS, task: str = TASK) -> str:
    """Deliver a task; it must be refused and must not have run."""
    extra.SEEN.clear()
    result = current_app.tasks[task].apply(kwargs=kwargs, headers=headers)
    assert extra.SEEN == []
    assert isinstance(result.result, TaskRefused), result.result
    return str(result.result)


@pytest.mark.django_db
def test_row_16_a_tenant_task_without_a_header_is_refused(acme):
    assert "needs a tenant header" in refused({})
    with tenant_context(acme):
        assert "needs a tenant header" in refused({})
    with pytest.raises(TaskRefused):
        current_app.tasks[TASK](**KWARGS)


@pytest.mark.django_db
def test_row_16_a_forged_header_is_refused(acme, globex):
    sealed = Envelope(acme.schema_name).seal(TASK, KWARGS)[HEADER]
    for change in (
        {"signature": "0" * 64},
        {"signature": "é"},
        {"schema": globex.schema_name},
        {"message": "01890000-0000-7000-8000-000000000000"},
        {"request_id": "other"},
    ):
        assert "forged" in refused({HEADER: {**sealed, **change}})
    assert "forged" in refused({HEADER: sealed}, {"number": 2})
    assert "forged" in refused({HEADER: sealed}, task="extra_tasks.note_platform")
    for malformed in ({}, {"schema": acme.schema_name}, "text", 5, {**sealed, "message": "x"}):
        assert "malformed" in refused({HEADER: malformed})


@pytest.mark.django_db
def test_row_16_unknown_suspended_and_public_tenants_are_refused(acme, django_db_blocker):
    assert "no active tenant" in refused(Envelope("t_neverseenbefore").seal(TASK, KWARGS))
    assert "does not run in public" in refused(Envelope("public").seal(TASK, KWARGS))
    Tenant.objects.filter(pk=acme.pk).update(is_active=False, state="suspended")
    assert "no active tenant" in refused(Envelope(acme.schema_name).seal(TASK, KWARGS))
    in_tenant = Envelope(acme.schema_name).seal("extra_tasks.note_platform", KWARGS)
    assert "does not run in" in refused(in_tenant, task="extra_tasks.note_platform")
    assert "signed header" in refused({}, task="extra_tasks.note_platform")


@pytest.mark.django_db
def test_row_16_after_an_exception_the_next_task_finds_a_clean_context(acme, globex):
    extra.SEEN.clear()
    with fresh_context():
        failed = apply("extra_tasks.fail_dirty", {}, Envelope(acme.schema_name, None, "r1"))
        assert failed.state == "FAILURE"
        assert (CURRENT.get().schema_name, HOST.get(), AUDIT.get().actor_id) == ("public", None, None)
    # Even where a thread was left dirty, a task starts from nothing.
    CURRENT.set(Schema("t_leftbehind"))
    try:
        done = apply(TASK, KWARGS, Envelope(globex.schema_name, None, "r2"))
    finally:
        CURRENT.set(Schema("public"))
    assert done.state == "SUCCESS"
    assert [seen["schema"] for seen in extra.SEEN] == [acme.schema_name, globex.schema_name]
    assert extra.SEEN[1] == {"schema": globex.schema_name, "actor": TASK, "cid": "r2", "number": 1}


@pytest.mark.django_db
def test_row_16_a_task_that_wanders_off_fails(acme, globex):
    from shared_apps.core.background import enqueue
    from tests.support.outbox import run_pending

    with tenant_context(acme):
        enqueue("extra_tasks.wander", schema=globex.schema_name)
    (result,) = run_pending(acme.schema_name)
    assert "ended in" in str(result.result)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('role')")
        assert "tr_" not in cursor.fetchone()[0]
