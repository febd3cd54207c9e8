"""What the clock alone does: renewals, reminders, the ladder, pauses and cancellations that have come."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from billing.subscriptions import collection, facts
from billing.subscriptions.events import ReminderSent
from billing.subscriptions.models import Subscription
from billing.subscriptions.rules import states
from shared_apps.core.context import platform_context
from shared_apps.tenants import services as tenants
from shared_apps.tenants.models import Tenant

from .charges import renewal_of
from .clock import settle
from .contracts import end_pause
from .mailing import mail_subscriber
from .rows import bring_up_to, lock_contract, tell

#: How many subscriptions one look takes up; the next look takes the rest.
BATCH = 500


def due_subscriptions(now: datetime) -> list[UUID]:
    """The contracts for which the clock has come to something, the longest waiting first; one query."""
    with platform_context():
        rows = Subscription.objects.filter(next_check_at__lte=now).order_by("next_check_at", "pk")
        return list(rows.values_list("pk", flat=True)[:BATCH])


def advance_subscription(*, subscription_id: Any, now: datetime | None = None) -> None:
    """Bring one subscription up to the moment: repeating it changes nothing."""
    with platform_context(), transaction.atomic(durable=True):
        info, contract = lock_contract(subscription_id)
        if contract.status == states.Status.CANCELED:
            return
        moment = now or timezone.now()
        if contract.paused_until is not None and moment >= contract.paused_until:
            end_pause(contract, moment)
        if facts.is_free(contract):
            _renew_free(contract, moment)
        ladder = facts.ladder_of(facts.seller_schema(info))
        known = facts.facts_of(info, contract)
        reminders = states.reminders_due(known, moment, ladder)
        before = contract.status
        bring_up_to(moment, contract)
        if contract.status in states.OWING and reminders > contract.reminders:
            contract.reminders = reminders
            contract.save(update_fields=["reminders"])
            _collect(contract, reminders, moment)
        if contract.status != before and contract.status in ("read_only", "suspended", "canceled"):
            mail_subscriber(contract, contract.status)


def _renew_free(contract: Subscription, now: datetime) -> None:
    """What costs nothing renews by itself; a change that waited for the period's end comes with it."""
    info = contract.info
    pricing = contract.pricing
    if contract.started_at is None or pricing is None or info.next_billing_time is None:
        return
    while info.next_billing_time <= now:
        contract.period_start = info.next_billing_time
        info.next_billing_time = pricing.period.after(info.next_billing_time, contract.anchor_day)


def _collect(contract: Subscription, number: int, now: datetime) -> None:
    charge = renewal_of(contract)
    if charge is None:
        return
    if charge.minor_units == 0:
        settle(contract.info, contract, charge, now)
        return
    charge.attempts += 1
    charge.save(update_fields=["attempts"])
    method = collection.method_named(contract.method)
    if method is not None and method.collect(contract, charge):
        return
    mail_subscriber(contract, "payment_due", charge=charge)
    event = ReminderSent(subscription_id=contract.pk, user_id=contract.info.user_id, number=number)
    tell(contract.info, event)


def match_doors(*, subscription_id: Any) -> None:
    """Close the doors of an organisation whose own subscription is suspended, or open them again.

    Doors that the platform's staff closed stay closed: only what was closed here is opened here.
    """
    with platform_context():
        row = Subscription.objects.select_related("info__tenant").filter(pk=subscription_id).first()
    if row is None or row.info.user_id is not None:
        return
    tenant: Tenant = row.info.tenant
    with platform_context():
        tenant.refresh_from_db(fields=["state"])
    if row.status == states.Status.SUSPENDED:
        if tenant.state == Tenant.State.ACTIVE:
            _remember_doors(row, closed=True)  # first: a crash in between is repeated, not forgotten
            tenants.suspend_tenant(tenant_id=tenant.pk, reason="Its subscription is not paid.")
    elif row.closed_doors:
        if tenant.state == Tenant.State.SUSPENDED:
            tenants.reactivate_tenant(tenant_id=tenant.pk, reason="Its subscription is paid again.")
        _remember_doors(row, closed=False)


def _remember_doors(row: Subscription, *, closed: bool) -> None:
    with platform_context(), transaction.atomic(durable=True):
        _info, contract = lock_contract(row.pk)
        contract.closed_doors = closed
        contract.save(update_fields=["closed_doors"])
