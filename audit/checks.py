"""System checks: what the models say about their capture makes sense, and the database does it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections, models

from shared_apps.core import events

from . import catalogue, registry, triggers

#: Names of fields whose values must not stand in a log that auditors of a tenant read.
SECRET_NAME = re.compile(
    r"password|passwd|secret|token|credential|ciphertext|(private|api)_key|(key|code|refresh|otp)_hash|"
    r"(^|_)(otp|pin)(_|$)"
)
_MAX_ACTION = 50
_COULD_HOLD_SECRETS = (models.CharField, models.TextField, models.BinaryField, models.JSONField)


def register_checks() -> None:
    """Called in ``ready()``."""
    register(check_declarations, Tags.models)
    register(check_event_names, Tags.models)
    register(check_secrets, Tags.security)
    register(check_triggers, Tags.database)


def _captured() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if registry.has_table(model) and not registry.exempt_reason(model):
            yield model


def check_declarations(**_kwargs: Any) -> list[CheckMessage]:
    """Fields named in ``audit_masked`` and ``audit_left_out`` exist; exemptions give their reason."""
    errors: list[CheckMessage] = []
    for model in apps.get_models():
        label = model._meta.label
        reason = getattr(model, "audit_exempt", "")
        if not isinstance(reason, str) or (reason and len(reason) < 5):
            errors.append(Error(f"{label}.audit_exempt must say why", obj=model, id="audit.E001"))
        fields = {field.name for field in (*model._meta.local_fields, *model._meta.local_many_to_many)}
        errors += [
            Error(
                f"{label} has no field {name!r} of its own to mask or leave out", obj=model, id="audit.E002"
            )
            for name in (*registry.masked_fields(model), *registry.left_out_fields(model))
            if name not in fields
        ]
        if len(model._meta.db_table) > triggers.MAX_TABLE_NAME:
            errors.append(
                Error(f"{model._meta.db_table} is longer than {triggers.MAX_TABLE_NAME}", id="audit.E003")
            )
    return errors


def check_secrets(**_kwargs: Any) -> list[CheckMessage]:
    """A captured field, or an event's, whose name speaks of a secret is masked or left out."""
    errors: list[CheckMessage] = [
        Error(
            f"{model._meta.label}.{field.name} would be logged in clear",
            hint="Name it in audit_masked (its change is logged, its value not).",
            obj=model,
            id="audit.E004",
        )
        for model in _captured()
        for field in model._meta.local_concrete_fields
        if SECRET_NAME.search(field.name)
        and isinstance(field, _COULD_HOLD_SECRETS)
        and field.name not in (*registry.masked_fields(model), *registry.left_out_fields(model))
    ]
    errors += [
        Error(f"the event {event.name} would log its {field.name}", id="audit.E005")
        for event in events.known_events()
        for field in dataclasses.fields(event)  # type: ignore[arg-type]  # subclasses are dataclasses
        if SECRET_NAME.search(field.name)
    ]
    return errors


def check_event_names(**_kwargs: Any) -> list[CheckMessage]:
    """An event's name fits into AuditLog.action."""
    return [
        Error(f"the event {event.name} has a name of more than {_MAX_ACTION} characters", id="audit.E007")
        for event in events.known_events()
        if len(event.name) > _MAX_ACTION
    ]


def check_triggers(*, databases: Sequence[str] | None = None, **_kwargs: Any) -> list[CheckMessage]:
    """Every table of every schema has its trigger (``manage.py check --database default``)."""
    errors: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            errors += [
                Error(problem, hint="Run manage.py migrate_tenants.", id="audit.E006")
                for problem in catalogue.problems(cursor)
            ]
    return errors
