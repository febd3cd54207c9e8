"""Reads of the directory."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.scoping import get_for, scope
from shared_apps.core.context import platform_context
from shared_apps.core.errors import NotFoundError
from shared_apps.users.models import User

from .models import Tenant

#: What the directory shows of a tenant (S4-63).
SHOWN = (
    "id", "name", "slug", "email", "url", "description", "is_active", "uuid", "created_at", "updated_at",
    "state", "state_reason", "state_changed_at",
)  # fmt: skip


def active_schemas() -> list[str]:
    """Schemas of all active tenants, oldest first."""
    with platform_context():
        return list(
            Tenant.objects.filter(is_active=True).order_by("id").values_list("schema_name", flat=True)
        )


def every_schema() -> list[str]:
    """Schemas of all tenants that are not erased, oldest first."""
    with platform_context():
        rows = Tenant.objects.exclude(state=Tenant.State.ERASED).order_by("id")
        return list(rows.values_list("schema_name", flat=True))


def find_active(schema: str) -> Tenant | None:
    """The active tenant that owns a schema; None for an unknown, suspended or erased one."""
    with platform_context():
        found: Tenant | None = Tenant.objects.filter(schema_name=schema, is_active=True).first()
        return found


def visible_tenants(actor: Actor) -> QuerySet[Tenant]:
    """Organisations by the platform role: staff and auditors all, an owner the home tenant (S4-59..61).

    Each with ``user_count``, counted in the same statement. To be read in the platform role.
    """
    rows = scope(Tenant.objects.all(), actor, "tenants.view_tenant", own=_home_of(actor))
    shown: QuerySet[Tenant] = rows.only(*SHOWN).annotate(user_count=Count("users"))
    return shown


def get_tenant_for_change(actor: Actor, tenant_id: int) -> Tenant:
    """An organisation to change, locked. Raises NotFoundError or ForbiddenError."""
    tenant: Tenant = get_for(
        actor,
        Tenant.objects.all(),
        "tenants.view_tenant",
        "tenants.change_tenant",
        tenant_id,
        own=_home_of(actor),
        for_update=True,
    )
    return tenant


def own_tenant(actor: Actor) -> Tenant:
    """The organisation of the host, or on the platform's host the home tenant. Raises NotFoundError."""
    mine = _home_of(actor) if actor.on_platform else Q(schema_name=actor.tenant_schema)
    with platform_context():
        rows = Tenant.objects.only(*SHOWN).annotate(user_count=Count("users"))
        tenant: Tenant | None = rows.filter(mine).first()
    if tenant is None:
        # The document's own body is kept in the details (S4-62, C41).
        raise NotFoundError(
            "tenant.none_assigned", _("No tenant assigned"), details={"detail": _("No tenant assigned")}
        )
    return tenant


def _home_of(actor: Actor) -> Q:
    if actor.user_id is None:
        return Q(pk__in=[])
    return Q(pk__in=User.objects.filter(pk=actor.user_id, tenant__isnull=False).values("tenant_id"))
