"""Whether the schemas are where this code expects them; a part of ``/health/ready/``."""

from __future__ import annotations

from typing import Any

from shared_apps.core.context import PUBLIC, platform_context
from shared_apps.core.health import Unhealthy

from .fingerprints import public_fingerprint, tenant_fingerprint
from .models import SchemaState, Tenant


def check_migrations() -> dict[str, Any]:
    """How many tenants are behind. Unhealthy when the public schema is: this code cannot serve then.

    A tenant that is behind shuts out nobody but itself, so it is told and does not make the process unready.
    """
    with platform_context():
        state = SchemaState.objects.filter(schema_name=PUBLIC).first()
        active = Tenant.objects.filter(is_active=True)
        current = SchemaState.objects.filter(
            fingerprint=tenant_fingerprint(), status=SchemaState.Status.CURRENT
        )
        behind = active.exclude(schema_name__in=current.values("schema_name")).count()
    if state is None or state.fingerprint != public_fingerprint():
        raise Unhealthy("the public schema is not migrated: run manage.py migrate_tenants")
    return {"tenants_behind": behind}
