"""Reads about identity providers, in the platform role."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet

from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Domain
from shared_apps.users.hosts import HostTenant

from .models import ExternalIdentity, IdentityProvider


def provider_of(tenant: HostTenant | None) -> IdentityProvider | None:
    """The tenant's provider, active or not."""
    if tenant is None:
        return None
    with platform_context():
        return IdentityProvider.objects.filter(tenant_id=tenant.pk).first()


def active_provider(tenant: HostTenant | None) -> IdentityProvider | None:
    """The provider by which one may log in here now."""
    found = provider_of(tenant)
    return found if found is not None and found.is_active else None


def verified_domains(tenant: HostTenant) -> list[str]:
    """The domains that a tenant has proved to own: the hosts it is served under, without the platform's."""
    base = settings.BASE_DOMAIN
    with platform_context():
        names = Domain.objects.filter(tenant_id=tenant.pk).values_list("domain", flat=True)
        return sorted(name for name in names if name != base and not name.endswith(f".{base}"))


def identities_of(user_id: int) -> QuerySet[ExternalIdentity]:
    """Every identity elsewhere that stands for a person."""
    return ExternalIdentity.objects.filter(user_id=user_id)
