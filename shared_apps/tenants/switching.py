"""One person's organisations, and the way from one to another."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ForbiddenError, NotFoundError
from shared_apps.users import handover
from shared_apps.users.hosts import HostTenant, host_tenant
from shared_apps.users.models import User
from shared_apps.users.web import require_own_proof

from .models import Domain, Membership, Tenant


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation that somebody belongs to. ``origin`` is scheme, host and port of its address."""

    uuid: UUID
    name: str
    slug: str
    origin: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class HandOver:
    """The way into an organisation: a token for a minute, and the address that takes it."""

    token: str
    url: str
    expires_in: int


def organisations_of(actor: Actor, request: HttpRequest) -> list[Organisation]:
    """The active organisations that the actor is an active member of, by name; one query."""
    require(actor, "tenants.view_organisations")
    here = host_tenant(request)
    with platform_context():
        rows = list(_memberships(actor).order_by("tenant__name"))
    return [
        Organisation(
            uuid=row.tenant.uuid,
            name=row.tenant.name,
            slug=row.tenant.slug,
            origin=_origin(request, row.host),  # type: ignore[attr-defined]
            is_current=here is not None and here.pk == row.tenant_id,
        )
        for row in rows
    ]


def hand_over(actor: Actor, request: HttpRequest, target: UUID, *, challenge: str = "") -> HandOver:
    """A token for an organisation that the actor belongs to. Raises NotFoundError for any other one, and
    StepUpRequired where nothing but this organisation's identity provider vouches for the person."""
    require(actor, "tenants.hand_over")
    require_own_proof(request)
    with platform_context():
        row = _memberships(actor).filter(tenant__uuid=target).first()
    if row is None:
        raise NotFoundError("tenant.not_found", _("There is no such organisation."))
    token = handover.issue(actor, source=host_tenant(request), target=row.tenant, challenge=challenge)
    origin = _origin(request, row.host)  # type: ignore[attr-defined]
    return HandOver(token, f"{origin}/enter/?token={token}", handover.SECONDS)


def take(request: HttpRequest, token: str, *, secret: str = "") -> User:
    """The person that a token brings to this tenant's host; a session is the door's business.

    Raises ForbiddenError ``handover.invalid``, also for who is no active member (any more).
    """
    tenant = _host(request)
    user_id = handover.redeem(token, tenant=tenant, find_tenant=_find, secret=secret)
    with platform_context():
        mine = Q(memberships__tenant_id=tenant.pk, memberships__is_active=True)
        user: User | None = User.objects.filter(mine, pk=user_id, is_active=True).first()
    if user is None:
        raise ForbiddenError("handover.invalid", _("You are no member here."))
    return user


def origin_of(request: HttpRequest, name: str) -> str:
    """Scheme, host and port of an organisation (its UUID) or of the platform (``platform``).

    From the directory alone, so it leads nowhere else. Raises NotFoundError.
    """
    if name == "platform":
        return _origin(request, _platform_host())
    try:
        wanted = UUID(name)
    except ValueError:
        wanted = None
    with platform_context():
        host = Domain.objects.filter(
            tenant__uuid=wanted, tenant__is_active=True, is_primary=True
        ).values_list("domain", flat=True)
        found = host.first() if wanted else None
    if found is None:
        raise NotFoundError("tenant.not_found", _("There is no such organisation."))
    return _origin(request, found)


def name_of_host(request: HttpRequest) -> str:
    """What :func:`origin_of` calls the host of this request."""
    tenant = host_tenant(request)
    return "platform" if tenant is None else str(tenant.uuid)


def _memberships(actor: Actor) -> QuerySet[Membership]:
    primary = Domain.objects.filter(tenant_id=OuterRef("tenant_id"), is_primary=True)
    rows = Membership.objects.filter(user_id=actor.user_id or 0, is_active=True, tenant__is_active=True)
    return rows.select_related("tenant").annotate(host=Subquery(primary.values("domain")[:1]))


def _find(pk: int) -> Tenant:
    with platform_context():
        tenant: Tenant = Tenant.objects.get(pk=pk)
        return tenant


def _host(request: HttpRequest) -> HostTenant:
    tenant = host_tenant(request)
    assert tenant is not None  # tokens are taken on tenants' hosts only
    return tenant


def _platform_host() -> str:
    return str(settings.BASE_DOMAIN)


def _origin(request: HttpRequest, host: str) -> str:
    """A host of ours with the scheme and port that this request came in on."""
    port = request.get_host().partition(":")[2]
    return f"{request.scheme}://{host}{f':{port}' if port else ''}"
