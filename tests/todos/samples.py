"""Requests of the to-dos' API for the test of the matrix."""

from __future__ import annotations

from typing import Any

from tenant_apps.todos.models import Todo
from tests.access.samples import example, prepare, sample
from tests.access.world import Persona, World


@prepare
def _todos(world: World) -> None:
    for key, member in world.members():
        world.things["todo", key] = Todo.objects.create(member=member, title=f"Of {key}")


def _own(world: World, persona: Persona) -> Any:
    return world.thing_of("todo", persona).pk


def _others(world: World, persona: Persona) -> Any:
    return world.thing_of("todo", world.bystander).pk


_TODO = {"own": _own, "other": _others}

sample("tenant GET /api/v1/todos/", shows=_others)
sample("tenant POST /api/v1/todos/", body={"title": "Made by the matrix"})
sample("tenant GET /api/v1/todos/{pk}/", **_TODO)
sample("tenant PATCH /api/v1/todos/{pk}/", body={"title": "changed"}, **_TODO)
sample("tenant DELETE /api/v1/todos/{pk}/", **_TODO)
example("tenant POST /api/v1/todos/", body={"title": "Read the rule book", "due_on": "2026-12-01"})
