"""Idempotency-Key (attack table, row 24)."""

from __future__ import annotations

import threading
from datetime import date

import pytest

from shared_apps.core.context import tenant_context
from shared_apps.core.models import IdempotencyKey
from tenant_apps.todos.models import Todo
from tests.support.api import Api, error_of


@pytest.fixture
def trader(acme) -> Api:
    return Api("acme", "trader@acme.example.com")


def rows(tenant) -> tuple[int, int]:
    with tenant_context(tenant):
        return Todo.objects.count(), IdempotencyKey.objects.count()


@pytest.mark.django_db
def test_the_same_key_and_body_give_the_same_answer(trader, acme):
    first = trader.post("todos/", {"title": "once"}, idempotency_key="k-1")
    again = trader.post("todos/", {"title": "once"}, idempotency_key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert again["Content-Type"] == first["Content-Type"]
    assert rows(acme) == (1, 1)


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused(trader, acme):
    trader.post("todos/", {"title": "once"}, idempotency_key="k-1")
    assert (
        error_of(trader.post("todos/", {"title": "twice"}, idempotency_key="k-1"), 422)["code"]
        == "idempotency.key_reused"
    )
    assert rows(acme) == (1, 1)


@pytest.mark.django_db
def test_a_refused_request_leaves_no_key(trader, acme):
    error_of(trader.post("todos/", {"title": ""}, idempotency_key="k-1"), 400)
    assert rows(acme) == (0, 0)
    assert trader.post("todos/", {"title": "now right"}, idempotency_key="k-1").status_code == 201


@pytest.mark.django_db
def test_a_key_belongs_to_its_user_and_its_tenant(trader, acme, globex):
    trader.post("todos/", {"title": "mine"}, idempotency_key="k-1")
    buyer = Api("acme", "buyer@acme.example.com").post("todos/", {"title": "mine"}, idempotency_key="k-1")
    other = Api("globex", "trader@globex.example.com").post(
        "todos/", {"title": "mine"}, idempotency_key="k-1"
    )
    assert "Idempotency-Replayed" not in buyer
    assert "Idempotency-Replayed" not in other
    assert (rows(acme), rows(globex)) == ((2, 2), (1, 1))


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 201])
def test_a_malformed_key_is_refused_by_name(trader, acme, key):
    body = error_of(trader.post("todos/", {"title": "a"}, idempotency_key=key), 400)
    assert list(body["details"]) == ["Idempotency-Key"]
    assert rows(acme) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_request_under_way_is_a_conflict_and_only_one_has_its_effect(trader, acme, monkeypatch):
    from tenant_apps.todos import services

    entered, go_on, answers = threading.Event(), threading.Event(), []
    clean = services._clean

    def slow(title: str) -> str:
        entered.set()
        go_on.wait(10)
        return clean(title)

    monkeypatch.setattr(services, "_clean", slow)
    body = {"title": "once", "due_on": date(2026, 1, 1).isoformat()}
    first = threading.Thread(target=lambda: answers.append(trader.post("todos/", body, idempotency_key="k")))
    first.start()
    assert entered.wait(10)
    error_of(trader.post("todos/", body, idempotency_key="k"), 409)
    go_on.set()
    first.join(10)
    assert answers[0].status_code == 201
    assert trader.post("todos/", body, idempotency_key="k").content == answers[0].content
    assert rows(acme) == (1, 1)
