"""Semantic events: every event of the code base becomes a row of AuditLog in the same transaction.

Nothing is configured per event. Its fields are the details; the person it is about is the first of
``target_user_id``, ``recipient_user_id``, ``user_id`` and ``owner_id``; its object is the first field
``<model>_id`` that names a model of its app (``order_id`` of ``trading.order_filled``: ``trading.order``).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.apps import apps
from django.db import transaction

from shared_apps.core.events import Event

from .models import AuditLog

_TARGET_FIELDS = ("target_user_id", "recipient_user_id", "user_id", "owner_id")


def action_of(name: str) -> str:
    """S4's word where the event is one of S4's three, else the event's name."""
    word = name.partition(".")[2]
    return word if word in AuditLog.Actions.values else name


@cache
def object_field(name: str, fields: tuple[str, ...]) -> tuple[str, str]:
    """(field, ``app.model``) of the object that an event of this name is about; empty where there is none."""
    app = name.partition(".")[0]
    if app not in apps.app_configs:
        return "", ""
    models = {
        model._meta.model_name: model._meta.label_lower for model in apps.get_app_config(app).get_models()
    }
    for field in fields:
        if field.endswith("_id") and (label := models.get(field[:-3].replace("_", ""))):
            return field, label
    return "", ""


def record(event: Event) -> None:
    """Write an event beside the rows that it explains; the database adds the actor."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(f"{event.name} has no transaction to be recorded in")
    details = event.payload()
    target = next((details[name] for name in _TARGET_FIELDS if details.get(name) is not None), None)
    field, label = object_field(event.name, tuple(details))
    AuditLog.objects.create(
        action=action_of(event.name),
        target_id=target,
        object_type=label if details.get(field) is not None else "",
        object_pk=str(details.get(field) or ""),
        details={key: _plain(value) for key, value in details.items()},
    )


def _plain(value: Any) -> Any:
    """Sets as sorted lists; everything else is the JSON encoder's business (numbers stay exact as text)."""
    return sorted(map(str, value)) if isinstance(value, set | frozenset) else value
