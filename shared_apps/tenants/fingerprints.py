"""What a schema should look like, as one hash: the migrations on disk and the SQL of the schema steps."""

from __future__ import annotations

import hashlib
from functools import cache

from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from . import roles, step_texts, steps

MigrationKey = tuple[str, str]


@cache
def disk_migrations() -> tuple[MigrationKey, ...]:
    """All migrations on disk, sorted. Django records every app's in every schema, so all count."""
    loader = MigrationLoader(None)
    return tuple(sorted(loader.disk_migrations))


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


@cache
def tenant_fingerprint() -> str:
    """The target of every tenant schema."""
    names = [f"{app}.{name}" for app, name in disk_migrations()]
    texts = step_texts.now()
    return _digest([*names, *texts["roles"], *texts["steps"]])


@cache
def public_fingerprint() -> str:
    """The target of the public schema."""
    names = [f"{app}.{name}" for app, name in disk_migrations()]
    models = sorted(model._meta.label for model in apps.get_models())
    return _digest([*names, *models, *roles.public_statements(), *steps.schema_statements("public"),
                    settings.DATABASES["default"]["USER"]])  # fmt: skip
