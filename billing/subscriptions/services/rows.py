"""Steps on the rows of one subscriber: locking them, and bringing the stored state up to the moment.

All run in the platform role, inside a transaction; what happened is told inside the tenant.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.subscriptions import facts, standing
from billing.subscriptions.events import SubscriptionChanged, SubscriptionStateChanged
from billing.subscriptions.models import Subscription, SubscriptionCharge, SubscriptionInfo
from billing.subscriptions.queries import open_contract
from billing.subscriptions.rules import states
from shared_apps.core.background import enqueue
from shared_apps.core.context import SchemaRef, tenant_context
from shared_apps.core.errors import NotFoundError
from shared_apps.core.events import Event, emit
from shared_apps.core.locking import lock_one
from shared_apps.tenants.models import Tenant

from .invoicing import have_invoiced


def ensure_info(tenant: SchemaRef, user_id: int | None) -> SubscriptionInfo:
    """Step: the locked clock of a subscriber, made at first use."""
    tenant_id = Tenant.objects.values_list("pk", flat=True).get(schema_name=tenant.schema_name)
    SubscriptionInfo.objects.get_or_create(tenant_id=tenant_id, user_id=user_id)  # type: ignore[misc]  # null is the tenant itself
    return lock_info(tenant_id, user_id)


def lock_info(tenant_id: int, user_id: int | None) -> SubscriptionInfo:
    """Step: the locked clock of a subscriber. Raises NotFoundError."""
    rows = SubscriptionInfo.objects.select_related("tenant").filter(tenant_id=tenant_id)
    info = lock_one(rows.filter(user_id=user_id) if user_id else rows.filter(user__isnull=True))
    if info is None:
        raise NotFoundError("subscription.none", _("There is no subscription."))
    return info


def lock_contract(subscription_id: Any) -> tuple[SubscriptionInfo, Subscription]:
    """Step: a contract under its subscriber's lock, canceled or not. Raises NotFoundError."""
    row = Subscription.objects.select_related("info").filter(pk=subscription_id).first()
    if row is None:
        raise NotFoundError("subscription.none", _("There is no subscription."))
    info = lock_info(row.info.tenant_id, row.info.user_id)
    contract: Subscription = (
        Subscription.objects.select_related("version__plan", "pricing", "next_pricing", "next_version__plan")
        .select_related("code__coupon")
        .get(pk=subscription_id)
    )
    contract.info = info
    return info, contract


def require_open(info: SubscriptionInfo) -> Subscription:
    """Step: the subscriber's open contract, under their lock. Raises NotFoundError."""
    contract = open_contract(info)
    if contract is None:
        raise NotFoundError("subscription.none", _("There is no subscription."))
    contract.info = info
    return contract


def open_charge(contract: Subscription) -> SubscriptionCharge | None:
    """Step: the amount that is asked for now."""
    rows = SubscriptionCharge.objects.select_related("pricing", "version__plan")
    return rows.filter(subscription=contract, state=SubscriptionCharge.State.OPEN).first()


def tell(info: SubscriptionInfo, event: Event) -> None:
    """Step: emit an event inside the tenant that it concerns."""
    with tenant_context(info.tenant):
        emit(event)


def tell_change(contract: Subscription, what: str, **details: Any) -> None:
    """Step: tell that what was agreed has changed."""
    tell(
        contract.info,
        SubscriptionChanged(
            subscription_id=contract.pk, user_id=contract.info.user_id, what=what, details=details
        ),
    )


def bring_up_to(now: datetime, contract: Subscription) -> None:
    """Step: store the state that the facts and the clock give, with everything that was set on the rows."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a subscription was to be written outside a transaction")
    info = contract.info
    ladder = facts.ladder_of(facts.seller_schema(info))
    known = facts.facts_of(info, contract)
    before = states.Status(contract.status)
    if facts.has_begun(contract):
        after, check_at = states.state_at(known, now, ladder), states.next_moment(known, now, ladder)
    else:  # the bare clock may run: it is nobody's contract
        is_over = contract.cancel_at is not None and now >= contract.cancel_at
        after, check_at = states.Status.CANCELED if is_over else states.Status.INACTIVE, contract.cancel_at
    if after is not before and not states.may_follow(before, after):
        raise AssertionError(f"subscription {contract.pk}: {before} cannot become {after}")
    contract.status = after
    if after is states.Status.CANCELED and info.next_billing_time is not None:
        # What is left is the bare clock: it must not go on as a trial.
        info.next_billing_time = min(info.next_billing_time, contract.cancel_at or info.next_billing_time)
    contract.next_check_at = None if after is states.Status.CANCELED else check_at
    info.save(update_fields=["next_billing_time", "first_source_at"])
    contract.save()
    if info.user_id is None:
        standing.forget(info.tenant.schema_name)
    if after is before:
        return
    tell(
        info,
        SubscriptionStateChanged(
            subscription_id=contract.pk,
            user_id=info.user_id,
            before=before,
            after=after,
            next_billing_time=info.next_billing_time,
        ),
    )
    if info.user_id is None and (after is states.Status.SUSPENDED or contract.closed_doors):
        enqueue("subscriptions.match_doors", subscription_id=contract.pk)
    if after is states.Status.CANCELED:
        void_open_charges(contract)


def void_open_charges(contract: Subscription) -> None:
    """Step: ask for nothing any more."""
    rows = SubscriptionCharge.objects.select_related("version")
    for charge in rows.filter(subscription=contract, state=SubscriptionCharge.State.OPEN):
        charge.state = SubscriptionCharge.State.VOID
        charge.save(update_fields=["state"])
        if charge.version.terms["requires_invoice"]:
            have_invoiced(charge)


def contract_of_charge(charge_id: UUID) -> UUID | None:
    """Which contract a charge belongs to; the caller then locks in order."""
    return SubscriptionCharge.objects.filter(pk=charge_id).values_list("subscription_id", flat=True).first()
