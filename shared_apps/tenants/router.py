"""Which app's tables belong into which schema, on whichever alias migrates."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django_tenants.routers import TenantSyncRouter

from shared_apps.core.context import PUBLIC, current_schema


class SchemaRouter(TenantSyncRouter):
    """Shared apps migrate in public, tenant apps in tenant schemas, those of BOTH_APPS in both."""

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **_hints: Any) -> bool:
        names = settings.SHARED_APPS if current_schema() == PUBLIC else settings.TENANT_APPS
        config = apps.get_app_config(app_label)
        return config.name in names or f"{config.__module__}.{type(config).__name__}" in names
