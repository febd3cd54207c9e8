"""Every write to the directory of tenants."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor, forget_actor
from shared_apps.access.catalogue import Relation, require
from shared_apps.core.background import enqueue
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.errors import ConflictError, DomainError, UnavailableError
from shared_apps.core.events import emit
from shared_apps.users import principals
from shared_apps.users.models import Role, User
from shared_apps.users.services.passwords import require_good_password

from . import hosts, provisioning, queries, rules, steps
from .events import TenantChanged, TenantCreated, TenantStateChanged
from .fingerprints import tenant_fingerprint
from .models import Domain, Membership, SpareSchema, Tenant
from .owner import has_owner

_SPARE_WAIT_SECONDS = 10.0


def slug_error(slug: str) -> DomainError | None:
    """Why a subdomain cannot be had, in words for the person who typed it; None when it is free."""
    texts = {
        "length": _("The subdomain must have 3 to 40 characters."),
        "characters": _(
            "The subdomain must begin with a letter, end with a letter or digit, and hold only lower-case "
            "letters, digits and hyphens."
        ),
        "hyphens": _("The subdomain must not hold two hyphens in a row."),
        "reserved": _("This subdomain is reserved."),
    }
    if problem := rules.slug_problem(slug):
        return DomainError(f"tenant.slug_{problem}", texts[problem], field="slug")
    with platform_context():
        taken = (
            Tenant.objects.filter(slug=slug).exists()
            or Domain.objects.filter(domain=hosts.subdomain(slug)).exists()
        )
    if taken:
        return DomainError("tenant.slug_taken", _("This subdomain is taken."), field="slug")
    return None


def create_tenant(
    *,
    name: str,
    slug: str,
    owner: User | None = None,
    new_owner: dict[str, Any] | None = None,
    email: str | None = None,
    **fields: Any,
) -> Tenant:
    """Create an organisation with its schema, subdomain and owner; the audit actor must be bound.

    ``owner`` is an existing person; ``new_owner`` holds ``username``, ``email``, ``password`` and names of
    one to be created in the same transaction; without either the tenant waits for its owner (C39).
    ``fields`` are Tenant's other columns. Raises DomainError naming ``name``, ``slug`` or ``email``, and
    UnavailableError when no schema becomes ready within ten seconds.
    """
    if error := slug_error(slug):
        raise error
    name = name.strip()
    if not name or len(name) > 150:
        raise DomainError("tenant.name_length", _("The name must have 1 to 150 characters."), field="name")
    with platform_context():
        if Tenant.objects.filter(name=name).exists():
            raise DomainError("tenant.name_taken", _("An organisation of this name exists."), field="name")
        tenant = None
        try:
            while tenant is None:  # another sign-up may take the spare first
                ensure_spare()
                tenant = _create(
                    name=name, slug=slug, owner=owner, new_owner=new_owner, email=email, fields=fields
                )
        except IntegrityError as error:
            raise ConflictError(
                "tenant.taken",
                _("The name, subdomain or e-mail address was taken a moment ago."),
                field="slug",
            ) from error
    hosts.forget(hosts.subdomain(slug))
    return tenant


@transaction.atomic(durable=True)
def _create(
    *,
    name: str,
    slug: str,
    owner: User | None,
    new_owner: dict[str, Any] | None,
    email: str | None,
    fields: dict[str, Any],
) -> Tenant | None:
    schema = provisioning.claim_spare()
    if schema is None:
        return None
    if new_owner is not None:
        if User.objects.filter(email__iexact=new_owner["email"]).exists():
            raise DomainError(
                "user.email_taken",
                _("There is an account with this e-mail address; log in to create an organisation."),
                field="email",
            )
        owner = User.objects.create_user(role=Role.TENANT_OWNER, **new_owner)
    tenant = Tenant(name=name, slug=slug, email=email, schema_name=schema, **fields)
    tenant.save(force_insert=True)
    Domain.objects.create(domain=hosts.subdomain(slug), tenant=tenant, is_primary=True)
    if owner is not None:
        Membership.objects.create(user=owner, tenant=tenant)
        if owner.tenant_id is None:
            owner.tenant = tenant
            if owner.role == Role.SUBSCRIBER:
                owner.role = Role.TENANT_OWNER
            owner.save(update_fields=["tenant", "role"])
    emit(TenantCreated(tenant_id=tenant.pk, slug=slug, owner_id=owner.pk if owner else None))
    enqueue("tenants.refill_spares")
    with tenant_context(tenant), audit_context(actor_label="tenants.create_tenant"):
        for hook in steps.tenant_hooks():
            hook(tenant=tenant, owner=owner)
    return tenant


def ensure_spare() -> None:
    """See to it that a ready schema exists: at once where the owner's login is, else by asking a worker.

    Raises UnavailableError when none is ready within ten seconds.
    """
    fingerprint = tenant_fingerprint()
    if SpareSchema.objects.filter(fingerprint=fingerprint).exists():
        return
    if has_owner():
        provisioning.build_spares(1)
        return
    with transaction.atomic(durable=True), audit_context(actor_label="tenants.ensure_spare"):
        enqueue("tenants.refill_spares")
    deadline = time.monotonic() + _SPARE_WAIT_SECONDS
    while time.monotonic() < deadline:
        if SpareSchema.objects.filter(fingerprint=fingerprint).exists():
            return
        time.sleep(0.05)
    raise UnavailableError("tenant.no_schema", _("No place is ready yet; please try again in a moment."))


def change_state(*, tenant_id: int, state: str, reason: str) -> Tenant:
    """Move a tenant along its life cycle; the audit actor must be bound.

    Raises DomainError ``tenant.illegal_step`` (field ``state``) for a step that the cycle does not have,
    and ``tenant.reason_missing`` without a reason.
    """
    if not reason.strip():
        raise DomainError(
            "tenant.reason_missing", _("Say why: the reason is kept in the log."), field="reason"
        )
    with platform_context(), transaction.atomic(durable=True):
        tenant: Tenant = Tenant.objects.select_for_update().get(pk=tenant_id)
        _set_state(tenant, state, reason)
        domains = domains_of(tenant)
    for domain in domains:
        hosts.forget(domain)
    return tenant


def _set_state(tenant: Tenant, state: str, reason: str) -> None:
    before = tenant.state
    if not rules.may_follow(before, state):
        raise DomainError(
            "tenant.illegal_step",
            _("A tenant that is %(before)s cannot become %(after)s.") % {"before": before, "after": state},
            field="state",
        )
    tenant.state, tenant.is_active = state, state == Tenant.State.ACTIVE
    tenant.state_reason, tenant.state_changed_at = reason.strip()[:255], timezone.now()
    tenant.save(update_fields=["state", "is_active", "state_reason", "state_changed_at", "updated_at"])
    emit(TenantStateChanged(tenant_id=tenant.pk, slug=tenant.slug, before=before, after=state, reason=reason))


def rename_tenant(*, tenant_id: int, name: str) -> None:
    """Step: give an organisation another name. Raises DomainError naming ``name``."""
    tenant: Tenant = Tenant.objects.select_for_update().get(pk=tenant_id)
    name = name.strip()
    if name == tenant.name:
        return
    if not name or len(name) > 150 or not name.isprintable():
        raise DomainError("tenant.name_length", _("The name must have 1 to 150 characters."), field="name")
    if Tenant.objects.filter(name=name).exists():
        raise DomainError("tenant.name_taken", _("An organisation of this name exists."), field="name")
    _apply(tenant, {"name": name})


def domains_of(tenant: Tenant) -> list[str]:
    """Every host name that leads to a tenant; in the platform role."""
    return list(Domain.objects.filter(tenant=tenant).values_list("domain", flat=True))


def suspend_tenant(*, tenant_id: int, reason: str) -> Tenant:
    """Close a tenant's doors; its data stays. See change_state."""
    return change_state(tenant_id=tenant_id, state=Tenant.State.SUSPENDED, reason=reason)


def reactivate_tenant(*, tenant_id: int, reason: str) -> Tenant:
    """Open a suspended tenant's doors again. See change_state."""
    return change_state(tenant_id=tenant_id, state=Tenant.State.ACTIVE, reason=reason)


def refill_spares() -> int:
    """Fill the pool of ready schemas (worker with the owner's login); returns how many were made."""
    return provisioning.build_spares(settings.SPARE_SCHEMAS)


def sign_up(*, actor: Actor, name: str, slug: str, founder: dict[str, Any] | None) -> Tenant:
    """Found an organisation oneself: as the person signed in, else as ``founder``, who is created with it.

    ``founder`` holds ``email``, ``password``, ``first_name``, ``last_name`` and is ignored for a person who
    is signed in. Raises DomainError as :func:`create_tenant` does, and ``auth.password_weak``.
    """
    if actor.user_id is not None:
        with platform_context():
            owner = User.objects.defer("password").get(pk=actor.user_id)
        tenant = create_tenant(name=name, slug=slug, owner=owner, email=owner.email)
        forget_actor(owner.pk)
        principals.forget_user(owner.pk)
        return tenant
    if founder is None:
        raise DomainError("tenant.founder_missing", _("Say who founds it."), field="email")
    names = {key: founder[key] for key in ("email", "first_name", "last_name")}
    require_good_password(founder["password"], user=User(**names), field="password")
    with audit_context(actor_label="tenants.sign_up"):
        return create_tenant(
            name=name, slug=slug, new_owner={"username": founder["email"], **founder}, email=founder["email"]
        )


#: What only the platform's staff may change: it decides where and whether an organisation is reached.
_STAFF_FIELDS = ("slug", "is_active")


def change_tenant(*, actor: Actor, tenant_id: int, changes: dict[str, Any]) -> Tenant:
    """Change ``name``, ``email``, ``url``, ``description``; staff also ``slug`` and ``is_active``.

    A new slug moves the subdomain, the old one stops to answer. Raises NotFoundError, ForbiddenError,
    DomainError naming the field (``tenant.staff_only``, those of :func:`create_tenant` and
    :func:`change_state`).
    """
    with platform_context(), transaction.atomic(durable=True):
        tenant = queries.get_tenant_for_change(actor, tenant_id)
        forgotten = domains_of(tenant)
        changed = {field: value for field, value in changes.items() if getattr(tenant, field) != value}
        for field in _STAFF_FIELDS:
            if field in changed and require(actor, "tenants.change_tenant") is not Relation.PLATFORM:
                raise DomainError(
                    "tenant.staff_only", _("Only the platform's staff may change this."), field=field
                )
        _apply(tenant, changed)
        forgotten += domains_of(tenant)
    for domain in forgotten:
        hosts.forget(domain)
    return tenant


def _apply(tenant: Tenant, changed: dict[str, Any]) -> None:
    fields = [field for field in changed if field != "is_active"]
    if "slug" in changed:
        if error := slug_error(changed["slug"]):
            raise error
        Domain.objects.filter(tenant=tenant, domain=hosts.subdomain(tenant.slug)).update(
            domain=hosts.subdomain(changed["slug"])
        )
    for field in fields:
        setattr(tenant, field, changed[field])
    if fields:
        tenant.save(update_fields=[*fields, "updated_at"])
        emit(TenantChanged(tenant_id=tenant.pk, slug=tenant.slug, fields=sorted(fields)))
    if "is_active" in changed:
        state = Tenant.State.ACTIVE if changed["is_active"] else Tenant.State.SUSPENDED
        _set_state(tenant, state, str(_("Changed by the platform's staff.")))
