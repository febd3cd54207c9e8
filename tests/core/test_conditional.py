"""Conditional requests and rate limits in headers (F115, S3-114)."""

from __future__ import annotations

import threading
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, connections, transaction

from shared_apps.core.context import tenant_context
from shared_apps.core.locking import lock
from shared_apps.tenants.models import Tenant
from tenant_apps.todos.models import Todo
from tests.embedded.conftest import eventually
from tests.support.api import Api, error_of


@pytest.fixture
def todo(in_acme: Tenant) -> tuple[Api, str]:
    api = Api("acme", "trader@acme.example.com")
    made = api.post("todos/", {"title": "Read the rule book"}).json()
    return api, f"todos/{made['id']}/"


@pytest.mark.req("F115")
def test_what_the_client_has_is_not_sent_again(todo: tuple[Api, str]) -> None:
    api, path = todo
    first = api.get(path)
    etag = first["ETag"]
    assert "no-cache" in first["Cache-Control"]
    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = api.get(path, if_none_match=header)
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert api.get(path, if_none_match='"other"').status_code == 200
    api.patch(path, {"title": "Read it twice"})
    changed = api.get(path, if_none_match=etag)
    assert changed.status_code == 200 and changed["ETag"] != etag
    assert api.get(f"{path}?fields=title")["ETag"] not in (etag, changed["ETag"])


@pytest.mark.req("F115")
def test_what_somebody_else_changed_is_not_overwritten(todo: tuple[Api, str]) -> None:
    api, path = todo
    seen = api.get(path)["ETag"]
    assert api.patch(path, {"title": "mine"}, if_match=seen).status_code == 200
    for method, body in (("PATCH", {"title": "late"}), ("DELETE", None)):
        error = error_of(api.request(method, path, body, if_match=seen), 412)
        assert error["code"] == "precondition_failed"
    assert Todo.objects.get().title == "mine"
    assert api.patch(path, {"title": "any"}, if_match="*").status_code == 200
    current = api.get(path)["ETag"]
    assert api.delete(path, if_match=f'"x", {current}').status_code == 204


@pytest.mark.req("F115")
@pytest.mark.django_db(transaction=True)
def test_of_two_writers_at_once_one_is_refused() -> None:
    """The second compares after the first has committed, though it asked before."""
    tenant = Tenant.objects.get(slug="acme")
    api = Api("acme", "trader@acme.example.com")
    path = f"todos/{api.post('todos/', {'title': 'first'}).json()['id']}/"
    seen, answers = api.get(path)["ETag"], []

    def late() -> None:
        try:
            answers.append(api.patch(path, {"title": "late"}, if_match=seen).status_code)
        finally:
            connections.close_all()

    thread = threading.Thread(target=late)
    with tenant_context(tenant), transaction.atomic():
        lock(Todo.objects.all())
        thread.start()
        assert eventually(waits_for_a_lock)
        Todo.objects.update(title="mine")
    thread.join(20)
    assert answers == [412]
    with tenant_context(tenant):
        assert Todo.objects.get().title == "mine"


def waits_for_a_lock() -> bool:
    """Whether some statement waits for a row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_precondition_shows_nothing_to_whom_the_object_is_hidden(todo: tuple[Api, str]) -> None:
    api, path = todo
    etag = api.get(path)["ETag"]
    stranger = Api("acme", "buyer@acme.example.com")
    for headers in ({"if_match": etag}, {"if_match": '"x"'}):
        error_of(stranger.patch(path, {"title": "x"}, **headers), 404)
    error_of(stranger.get(path, if_none_match=etag), 404)
    error_of(stranger.get(path, if_none_match="*"), 404)


@pytest.mark.req("S3-114", "F116")
def test_every_answer_says_how_much_is_left(in_acme: Tenant, settings: Any) -> None:
    settings.THROTTLE_FACTOR = 1
    settings.VALKEY_PREFIX = f"{settings.VALKEY_PREFIX}-{uuid4().hex}"
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "user": ("3/hour",)}
    api = Api("acme", "trader@acme.example.com")
    told = [api.get("todos/") for _ in range(4)]
    assert [answer.status_code for answer in told] == [200, 200, 200, 429]
    assert [answer["X-RateLimit-Remaining"] for answer in told] == ["2", "1", "0", "0"]
    assert {answer["RateLimit-Policy"] for answer in told} == {'"user";q=3;w=3600'}
    assert {answer["X-RateLimit-Limit"] for answer in told} == {"3"}
    last = told[-1]
    assert last["RateLimit"].startswith('"user";r=0;t=')
    assert 0 < int(last["X-RateLimit-Reset"]) <= 3600
    assert int(last["Retry-After"]) >= int(last["X-RateLimit-Reset"]) - 1
    assert "RateLimit" not in api.client.get("/login/")
