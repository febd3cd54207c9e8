"""The page of to-dos."""

from __future__ import annotations

import pytest

from shared_apps.tenants.models import Tenant
from tenant_apps.todos.models import Todo
from tests.support.pages import HTMX, visitor


@pytest.mark.req("S4-8")
def test_a_line_is_added_ticked_put_back_and_deleted(in_acme: Tenant) -> None:
    client = visitor("acme", "trader")
    assert b"Nothing to do" in client.get("/todos/").content
    added = client.post("/todos/", {"title": "Read <b>the log</b>", "due_on": "2020-01-02"}, headers=HTMX)
    assert added.status_code == 200 and "Added." in added["HX-Trigger"]
    assert b"<b>the log" not in added.content and b"<html" not in added.content
    todo = Todo.objects.get()
    client.post(f"/todos/{todo.pk}/tick/", {"done": "1"}, headers=HTMX)
    assert Todo.objects.get().done
    assert client.post(f"/todos/{todo.pk}/tick/", {"done": "0"}).status_code == 302
    assert not Todo.objects.get().done
    client.post(f"/todos/{todo.pk}/delete/", headers=HTMX)
    assert not Todo.objects.exists()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "x", "due_on": "soon"}, "due_on"),
    ],
)
def test_a_wrong_line_is_refused(in_acme: Tenant, fields: dict[str, str], wrong: str) -> None:
    answer = visitor("acme", "trader").post("/todos/", fields, headers=HTMX)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [wrong]
    assert not Todo.objects.exists()


def test_leaders_read_and_only_the_owner_of_a_line_writes(in_acme: Tenant) -> None:
    visitor("acme", "trader").post("/todos/", {"title": "mine"})
    todo = Todo.objects.get()
    owner, buyer = visitor("acme", "owner"), visitor("acme", "buyer")
    assert b"mine" in owner.get("/todos/").content
    assert b"mine" not in buyer.get("/todos/").content
    assert owner.post(f"/todos/{todo.pk}/tick/", {"done": "1"}).status_code == 403
    assert buyer.post(f"/todos/{todo.pk}/delete/").status_code == 404
    assert not Todo.objects.get().done
