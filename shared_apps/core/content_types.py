"""Content type ids that are the same in every database.

Audit triggers carry the id as an argument and are made before any row exists, and a schema that moves to
another database keeps its rows; ids from a sequence would differ there.
"""

from __future__ import annotations

import zlib
from typing import Any

from django.apps import AppConfig
from django.apps import apps as live_apps
from django.core.checks import CheckMessage, Error, register
from django.db import router


def content_type_id(app_label: str, model_name: str) -> int:
    """crc32 of ``app_label.model_name``, in the positive range of a PostgreSQL integer."""
    return zlib.crc32(f"{app_label}.{model_name}".encode()) & 0x7FFFFFFF


def create_stable_content_types(
    app_config: AppConfig, using: str = "default", apps: Any = live_apps, **_kwargs: Any
) -> None:
    """Create the missing content types of an app with their computed ids (post_migrate receiver)."""
    try:
        content_type = apps.get_model("contenttypes", "ContentType")
        config = apps.get_app_config(app_config.label)
    except LookupError:
        return
    if not router.allow_migrate_model(using, content_type):
        return
    rows = content_type.objects.using(using).filter(app_label=config.label)
    known = set(rows.values_list("model", flat=True))
    content_type.objects.using(using).bulk_create(
        content_type(
            id=content_type_id(config.label, model._meta.model_name),
            app_label=config.label,
            model=model._meta.model_name,
        )
        for model in config.get_models()
        if model._meta.model_name not in known
    )


@register()
def check_content_type_ids(**_kwargs: Any) -> list[CheckMessage]:
    """Two models must not share a computed content type id."""
    seen: dict[int, str] = {}
    errors: list[CheckMessage] = []
    for model in live_apps.get_models():
        number = content_type_id(model._meta.app_label, model._meta.model_name or "")
        if number in seen and seen[number] != model._meta.label:
            errors.append(
                Error(
                    f"content type id {number} of {model._meta.label} is taken by {seen[number]}",
                    hint="Rename one of the models.",
                    id="core.E001",
                )
            )
        seen[number] = model._meta.label
    return errors
