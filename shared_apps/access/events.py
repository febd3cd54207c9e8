"""What happens to single grants."""

from __future__ import annotations

from dataclasses import dataclass

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ObjectShared(Event):
    name = "access.object_shared"

    permission: str
    object_pk: str
    recipient_user_id: int
    shared_by: int | None


@dataclass(frozen=True, kw_only=True)
class ObjectUnshared(Event):
    name = "access.object_unshared"

    permission: str
    object_pk: str
    recipient_user_id: int
    unshared_by: int | None
