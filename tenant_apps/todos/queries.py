"""Reads of to-dos; every function takes the actor and gives what that actor may see."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet

from shared_apps.access.actors import Actor
from shared_apps.access.scoping import get_for, scope

from .models import Todo


def _own(actor: Actor) -> Q:
    return Q(member_id=actor.member_id)


def visible_todos(actor: Actor) -> QuerySet[Todo]:
    """One's own; all of the tenant's for those who may read all."""
    return scope(Todo.objects.all(), actor, "todos.view_todo", own=_own(actor))


def get_todo_for_update(actor: Actor, todo_id: UUID, permission: str) -> Todo:
    """A to-do to act on, locked. Raises NotFoundError (not visible) or ForbiddenError (out of reach)."""
    todo: Todo = get_for(
        actor, Todo.objects.all(), "todos.view_todo", permission, todo_id, own=_own(actor), for_update=True
    )
    return todo
