"""The demo's organisations and people (development and tests; refused in production)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.errors import ForbiddenError
from shared_apps.users.models import Role, User

from . import services
from .models import Membership, Tenant

PASSWORD = "demo-Passw0rd!"  # noqa: S105 - printed by `make run`, refused in production
TENANTS = {"acme": "Acme Trading Club", "globex": "Globex Card Market"}
#: Local part of the address → first name, last name, capabilities inside each demo tenant.
PEOPLE: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "owner": ("Olivia", "Owner", ("owner",)),
    "staff": ("Stefan", "Staff", ("tenant_admin",)),
    "verifier": ("Vera", "Verifier", ("verifier",)),
    "seller": ("Samir", "Seller", ("seller", "buyer")),
    "buyer": ("Bea", "Buyer", ("buyer",)),
    "trader": ("Tariq", "Trader", ("trader",)),
    "auditor": ("Aude", "Auditor", ("tenant_auditor",)),
}
PLATFORM_PEOPLE = {"superadmin": Role.SUPERADMIN, "admin": Role.ADMIN, "auditor": Role.AUDITOR}


@dataclass(frozen=True)
class DemoPerson:
    """One demo member: the public user and what he may do in the tenant."""

    user: User
    key: str
    capabilities: tuple[str, ...]


TenantSeed = Callable[[Tenant, list[DemoPerson]], None]
PlatformSeed = Callable[[], None]
_tenant_seeds: dict[str, TenantSeed] = {}
_platform_seeds: dict[str, PlatformSeed] = {}


def register_tenant_seed(name: str, function: TenantSeed) -> None:
    """Add idempotent demo rows to each demo tenant; called inside the tenant, outside a transaction."""
    _tenant_seeds[name] = function


def register_platform_seed(name: str, function: PlatformSeed) -> None:
    """Add idempotent demo rows to the public schema (the simulated market, for one)."""
    _platform_seeds[name] = function


def seed(*, people_only: bool = False) -> list[Tenant]:
    """Create what is missing of the demo and leave the rest alone; returns the demo tenants."""
    if settings.ENVIRONMENT == "production":
        raise ForbiddenError("demo.refused", "The demo has public passwords and is refused in production.")
    hashed = make_password(PASSWORD)
    with platform_context(), audit_context(actor_label="demo.seed"):
        for key, role in PLATFORM_PEOPLE.items():
            _person(f"{key}@example.com", key.capitalize(), "Platform", role, hashed)
        if not people_only:
            for platform_seed in _platform_seeds.values():
                platform_seed()
        return [_tenant(slug, name, hashed, people_only) for slug, name in TENANTS.items()]


def _person(email: str, first: str, last: str, role: Role, hashed: str) -> User:
    if user := User.objects.filter(email=email).first():
        return user
    with transaction.atomic():
        user = User(username=email, email=email, first_name=first, last_name=last, role=role)
        user.set_password(None)
        user.password = hashed
        user.email_verified_at = user.password_updated
        user.save()
    return user


def _tenant(slug: str, name: str, hashed: str, people_only: bool) -> Tenant:
    people = []
    for key, (first, last, capabilities) in PEOPLE.items():
        role = Role.TENANT_OWNER if key == "owner" else Role.SUBSCRIBER
        user = _person(f"{key}@{slug}.example.com", first, last, role, hashed)
        people.append(DemoPerson(user, key, capabilities))
    tenant: Tenant | None = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        tenant = services.create_tenant(
            name=name, slug=slug, owner=people[0].user, email=people[0].user.email
        )
    with transaction.atomic():
        for person in people:
            Membership.objects.get_or_create(user=person.user, tenant=tenant)
            if person.user.tenant_id is None:
                User.objects.filter(pk=person.user.pk).update(tenant=tenant)
    with tenant_context(tenant):
        for name_, seed_tenant in _tenant_seeds.items():
            if name_ == "members" or not people_only:
                seed_tenant(tenant, people)
    return tenant
