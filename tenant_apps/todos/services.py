"""Every write to to-dos."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.core.events import emit

from . import rules
from .events import TodoChanged, TodoCreated, TodoDeleted
from .models import TITLE_LENGTH, Todo
from .queries import get_todo_for_update


class Unset:
    """Says that a field is to stay as it is, where None is a value."""


UNSET = Unset()


@transaction.atomic(durable=True)
def create_todo(*, actor: Actor, title: str, due_on: date | None = None) -> Todo:
    """Put a line on the actor's own list. Raises DomainError ``todo.title_invalid``."""
    require(actor, "todos.create_todo")
    if actor.member_id is None:
        raise ForbiddenError("todo.no_list", _("Only members have a list of to-dos."))
    todo = Todo.objects.create(member_id=actor.member_id, title=_clean(title), due_on=due_on)
    emit(TodoCreated(todo_id=todo.id))
    return todo


@transaction.atomic(durable=True)
def change_todo(
    *,
    actor: Actor,
    todo_id: UUID,
    title: str | Unset = UNSET,
    due_on: date | Unset | None = UNSET,
    done: bool | Unset = UNSET,
) -> Todo:
    """Change what is given; ticking off what is done already keeps its first time.

    Raises NotFoundError, ForbiddenError, and DomainError ``todo.title_invalid``.
    """
    todo = get_todo_for_update(actor, todo_id, "todos.change_todo")
    before = {"title": todo.title, "due_on": todo.due_on, "done_at": todo.done_at}
    if not isinstance(title, Unset):
        todo.title = _clean(title)
    if not isinstance(due_on, Unset):
        todo.due_on = due_on
    if not isinstance(done, Unset):
        todo.done_at = rules.done_at(done, todo.done_at, timezone.now())
    changed = tuple(name for name, value in before.items() if getattr(todo, name) != value)
    if changed:
        todo.save(update_fields=changed)
        emit(TodoChanged(todo_id=todo.id, fields=changed))
    return todo


@transaction.atomic(durable=True)
def delete_todo(*, actor: Actor, todo_id: UUID) -> None:
    """Take a line off the list for good. Raises NotFoundError and ForbiddenError."""
    todo = get_todo_for_update(actor, todo_id, "todos.delete_todo")
    todo.delete()
    emit(TodoDeleted(todo_id=todo_id, title=todo.title))


def _clean(title: str) -> str:
    title = title.strip()
    if not title or len(title) > TITLE_LENGTH:
        raise DomainError(
            "todo.title_invalid",
            _("The title must have 1 to %(most)d characters.") % {"most": TITLE_LENGTH},
            field="title",
        )
    return title
