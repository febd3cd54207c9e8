"""Custom domains: claimed, proved by a TXT record, looked up again and again, given up.

Names are resolved outside every transaction; what was found is then written against the row as it is by then.
"""

from __future__ import annotations

import secrets
from uuid import UUID

import idna
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.configuration import dns, queries, rules
from shared_apps.configuration.events import (
    DomainAdded,
    DomainRemoved,
    DomainStateChanged,
    PrimaryDomainChanged,
)
from shared_apps.configuration.models import CustomDomain
from shared_apps.configuration.options import DOMAIN_GRACE, DOMAIN_PATIENCE, MAX_DOMAINS
from shared_apps.core import throttling
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError, TooManyRequestsError
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from shared_apps.tenants import hosts
from shared_apps.tenants.models import Domain, Tenant
from shared_apps.users.hosts import inside

State = CustomDomain.State
_BATCH = 500


def add_domain(*, actor: Actor, domain: str) -> CustomDomain:
    """Claim a domain; it leads nowhere until its record is found.

    Raises DomainError naming ``domain``: ``domain.form``, ``domain.ours``, ``domain.special``,
    ``domain.known``, ``domain.too_many``.
    """
    require(actor, "configuration.change_domain")
    name = normal_domain(domain)
    most = MAX_DOMAINS.value_for(actor.tenant_schema)
    with platform_context(), transaction.atomic(durable=True):
        tenant: Tenant = Tenant.objects.select_for_update().get(schema_name=actor.tenant_schema)
        mine = CustomDomain.objects.filter(tenant=tenant)
        if mine.filter(domain=name).exists():
            raise DomainError("domain.known", _("This domain is in your list already."), field="domain")
        if mine.count() >= most:
            raise DomainError(
                "domain.too_many",
                _("You may have %(most)d domains. Give one up first.") % {"most": most},
                field="domain",
            )
        row = CustomDomain.objects.create(tenant=tenant, domain=name, token=secrets.token_hex(16))
        with inside(tenant):
            emit(DomainAdded(domain=name))
    return row


def normal_domain(text: str) -> str:
    """A domain as it is compared: lower-case ASCII without a dot at its end. Raises DomainError."""
    typed = text.strip().rstrip(".")
    try:
        name = idna.encode(typed, uts46=True).decode() if len(typed) <= 253 else ""
    except idna.IDNAError:
        name = ""
    problem = rules.domain_problem(name, settings.BASE_DOMAIN)
    if problem is None and hosts.normalise_host(name) != name:
        problem = "form"
    if problem is not None:
        texts = {
            "form": _("This is no domain; an example is club.example.com."),
            "ours": _("This domain belongs to the platform."),
            "special": _("This name is not one of the public internet."),
        }
        raise DomainError(f"domain.{problem}", texts[problem], field="domain")
    return name


def check_domain(*, actor: Actor, domain_id: UUID) -> CustomDomain:
    """Look for the record now. Raises NotFoundError, TooManyRequestsError."""
    require(actor, "configuration.change_domain")
    row = queries.get_domain(actor, domain_id)
    if (wait := throttling.hit("domain_check", actor.tenant_schema)) is not None:
        raise TooManyRequestsError("throttled", _("Too many look-ups; wait a moment."), retry_after=wait)
    _look_up(row)
    return queries.get_domain(actor, domain_id)


def check_due_domains() -> int:
    """Look up every domain whose time has come; returns how many. An audit actor must be bound."""
    now = timezone.now()
    with platform_context():
        rows = CustomDomain.objects.exclude(state=State.FAILED).order_by("checked_at", "pk")
        due = [
            row
            for row in rows.iterator()
            if row.checked_at is None
            or now - row.checked_at >= rules.check_interval(row.state, now - row.created_at)
        ][:_BATCH]
    for row in due:
        _look_up(row)
    return len(due)


def _look_up(row: CustomDomain) -> None:
    try:
        found = row.record_value in dns.texts(row.record_name)
    except dns.NoAnswer:
        _record(row, None)
    else:
        _record(row, found)


def _record(seen: CustomDomain, found: bool | None) -> None:
    try:
        with platform_context(), transaction.atomic(durable=True):
            row = lock_one(CustomDomain.objects.filter(pk=seen.pk, token=seen.token))
            if row is not None:
                _apply(row, found)
    except IntegrityError:
        # Somebody else proved the same domain first and still holds it.
        with platform_context(), transaction.atomic(durable=True):
            CustomDomain.objects.filter(pk=seen.pk).update(problem="taken", checked_at=timezone.now())
    hosts.forget(seen.domain)


def _apply(row: CustomDomain, found: bool | None) -> None:
    now, before = timezone.now(), row.state
    row.checked_at, row.problem = now, ""
    if found is None:
        row.problem = "no_answer"
        row.save(update_fields=["checked_at", "problem"])
        return
    times = rules.DomainTimes(patience=DOMAIN_PATIENCE.value(), grace=DOMAIN_GRACE.value())
    row.state, row.missing_since = rules.state_after(
        before, found=found, created_at=row.created_at, missing_since=row.missing_since, now=now, times=times
    )
    row.problem = "" if found else "no_record"
    if row.state == State.VERIFIED and before != State.VERIFIED:
        row.verified_at = now
    row.save(update_fields=["state", "checked_at", "verified_at", "missing_since", "problem"])
    if row.state == before:
        return
    if row.state == State.VERIFIED:
        Domain.objects.create(domain=row.domain, tenant_id=row.tenant_id, is_primary=False)
    elif before == State.VERIFIED:
        _close(row)
    with inside(row.tenant):
        emit(DomainStateChanged(domain=row.domain, before=before, after=row.state))


def _close(row: CustomDomain) -> None:
    """Take the domain's route away; the subdomain becomes the first address again if it was."""
    route = Domain.objects.filter(domain=row.domain, tenant_id=row.tenant_id).first()
    if route is None:
        return
    if route.is_primary:
        Domain.objects.filter(domain=hosts.subdomain(row.tenant.slug)).update(is_primary=True)
    route.delete()


def remove_domain(*, actor: Actor, domain_id: UUID) -> None:
    """Give a domain up; it stops to lead here at once. Raises NotFoundError, StepUpRequired."""
    require(actor, "configuration.change_domain")
    require_recent(actor)
    with platform_context(), transaction.atomic(durable=True):
        row = _locked(actor, domain_id)
        _close(row)
        row.delete()
        with inside(row.tenant):
            emit(DomainRemoved(domain=row.domain))
    hosts.forget(row.domain)


def make_primary(*, actor: Actor, domain_id: UUID | None) -> None:
    """Make a verified domain the first address of the organisation, or with None its subdomain.

    Raises NotFoundError, ConflictError ``domain.not_verified``.
    """
    require(actor, "configuration.change_domain")
    with platform_context(), transaction.atomic(durable=True):
        tenant: Tenant = Tenant.objects.select_for_update().get(schema_name=actor.tenant_schema)
        name = hosts.subdomain(tenant.slug)
        if domain_id is not None:
            row = _locked(actor, domain_id)
            if row.state != State.VERIFIED:
                raise ConflictError("domain.not_verified", _("This domain is not verified."), field="domain")
            name = row.domain
        if Domain.objects.filter(tenant=tenant, domain=name, is_primary=True).exists():
            return
        Domain.objects.filter(tenant=tenant).update(is_primary=False)
        Domain.objects.filter(tenant=tenant, domain=name).update(is_primary=True)
        with inside(tenant):
            emit(PrimaryDomainChanged(domain=name))


def _locked(actor: Actor, domain_id: UUID) -> CustomDomain:
    row = lock_one(
        CustomDomain.objects.select_related("tenant").filter(
            pk=domain_id, tenant__schema_name=actor.tenant_schema
        )
    )
    if row is None:
        raise NotFoundError("domain.unknown", _("There is no such domain."))
    return row
