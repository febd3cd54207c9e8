"""What happens to to-dos."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class TodoCreated(Event):
    name = "todos.todo_created"

    todo_id: UUID


@dataclass(frozen=True, kw_only=True)
class TodoChanged(Event):
    name = "todos.todo_changed"

    todo_id: UUID
    fields: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class TodoDeleted(Event):
    name = "todos.todo_deleted"

    todo_id: UUID
    title: str
