"""To-dos over the API: the tutorial app, and the first proof that tenants and members stay apart."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shared_apps.core.context import tenant_context
from tenant_apps.todos.models import Todo
from tests.support.api import Api, error_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("S4-8", "S4-74", "F122")]


@pytest.fixture
def trader(acme) -> Api:
    return Api("acme", "trader@acme.example.com")


def titles(tenant) -> list[str]:
    with tenant_context(tenant):
        return sorted(Todo.objects.values_list("title", flat=True))


def test_a_todo_lives_from_creation_to_deletion(trader, acme):
    made = trader.post("todos/", {"title": " Read the rule book ", "due_on": "2026-12-01"})
    assert made.status_code == 201, made.content
    todo = made.json()
    assert todo["title"] == "Read the rule book"
    assert (todo["done"], todo["done_at"], todo["due_on"]) == (False, None, "2026-12-01")

    ticked = trader.patch(f"todos/{todo['id']}/", {"done": True}).json()
    assert ticked["done"] is True
    assert trader.patch(f"todos/{todo['id']}/", {"done": True}).json()["done_at"] == ticked["done_at"]
    reopened = trader.patch(f"todos/{todo['id']}/", {"done": False, "due_on": None}).json()
    assert (reopened["done_at"], reopened["due_on"]) == (None, None)

    assert trader.get("todos/").json()["count"] == 1
    assert trader.delete(f"todos/{todo['id']}/").status_code == 204
    error_of(trader.get(f"todos/{todo['id']}/"), 404)
    assert titles(acme) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a", "due_on": "tomorrow"}, "due_on"),
        ({"title": ["a"]}, "title"),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(trader, acme, body, field):
    assert field in error_of(trader.post("todos/", body), 400)["details"]
    assert titles(acme) == []


@pytest.mark.req("C14")
def test_members_see_their_own_and_auditors_all(trader, acme):
    todo = trader.post("todos/", {"title": "Mine"}).json()
    buyer, auditor = Api("acme", "buyer@acme.example.com"), Api("acme", "auditor@acme.example.com")
    assert buyer.get("todos/").json()["count"] == 0
    error_of(buyer.get(f"todos/{todo['id']}/"), 404)
    error_of(buyer.patch(f"todos/{todo['id']}/", {"title": "Theirs"}), 404)
    error_of(buyer.delete(f"todos/{todo['id']}/"), 404)
    assert [row["title"] for row in auditor.get("todos/").json()["results"]] == ["Mine"]
    error_of(auditor.patch(f"todos/{todo['id']}/", {"title": "Theirs"}), 403)
    error_of(auditor.delete(f"todos/{todo['id']}/"), 403)
    error_of(auditor.post("todos/", {"title": "Mine too"}), 403)
    assert titles(acme) == ["Mine"]


def test_another_tenants_todo_does_not_exist_here(trader, acme, globex):
    todo = trader.post("todos/", {"title": "Of acme"}).json()
    stranger = Api("globex", "owner@globex.example.com")
    assert stranger.get("todos/").json()["count"] == 0
    error_of(stranger.get(f"todos/{todo['id']}/"), 404)
    error_of(stranger.delete(f"todos/{todo['id']}/"), 404)
    assert (titles(acme), titles(globex)) == (["Of acme"], [])


def test_nobody_gets_nothing(acme):
    anonymous = Api("acme")
    error_of(anonymous.get("todos/"), 401)
    error_of(anonymous.post("todos/", {"title": "a"}), 401)
    assert titles(acme) == []


def test_what_a_client_may_not_say_is_ignored(trader, acme):
    other = "01890000-0000-7000-8000-000000000000"
    made = trader.post(
        "todos/", {"title": "a", "id": other, "member": other, "created_at": "2001-01-01T00:00Z"}
    )
    assert made.status_code == 201
    assert made.json()["id"] != other
    assert made.json()["member"] != other
    assert made.json()["created_at"] > "2026"


def test_filters_order_and_fields(trader):
    for title, due in (("b", "2026-01-01"), ("a", "2026-06-01"), ("c", None)):
        trader.post("todos/", {"title": title, "due_on": due})
    done = trader.get("todos/").json()["results"][0]
    trader.patch(f"todos/{done['id']}/", {"done": True})

    def found(query: str) -> list[str]:
        return [row["title"] for row in trader.get(f"todos/?{query}").json()["results"]]

    assert found("ordering=title") == ["a", "b", "c"]
    assert found("ordering=-title") == ["c", "b", "a"]
    assert found("done=true") == ["c"]
    assert found("done=false&ordering=title") == ["a", "b"]
    assert found("due_before=2026-03-01") == ["b"]
    assert found("due_after=2026-03-01") == ["a"]
    row = trader.get("todos/?fields=title,id").json()["results"][0]
    assert set(row) == {"id", "title"}


def test_the_list_costs_the_same_with_one_row_and_with_three(trader):
    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert trader.get("todos/").status_code == 200
        return len(queries)

    trader.post("todos/", {"title": "1"})
    trader.get("todos/")
    with_one = count()
    trader.post("todos/", {"title": "2"})
    trader.post("todos/", {"title": "3"})
    assert count() == with_one
