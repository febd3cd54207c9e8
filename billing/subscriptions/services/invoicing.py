"""Invoices for what was asked for or paid. The worker issues them: a missing tax rate stops no payment."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing.invoices import services as invoices
from billing.invoices.models import Invoice
from billing.invoices.models import State as InvoiceState
from billing.invoices.parties import Buyer, Line
from billing.subscriptions import options
from billing.subscriptions.models import SubscriptionCharge, SubscriptionInfo
from shared_apps.core.background import enqueue
from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Tenant

State = SubscriptionCharge.State


def have_invoiced(charge: SubscriptionCharge) -> None:
    """Step: have the worker issue, close or credit the invoice of a charge, as its state asks."""
    if charge.minor_units:
        enqueue("subscriptions.issue_invoice", charge_id=charge.pk)


def issue_invoice(*, charge_id: Any) -> None:
    """Bring the invoice of a charge up to the charge; repeating it changes nothing.

    What is paid has an invoice that says so; what is only asked for has one where the plan asks for it; what
    is asked for no more is credited. Raises DomainError where the seller's options do not make an invoice
    yet: the task is tried again.
    """
    with platform_context(), transaction.atomic(durable=True):
        rows = SubscriptionCharge.objects.select_for_update(of=("self",))
        charge = rows.select_related("subscription__info__tenant", "subscription__info__user", "version").get(
            pk=charge_id
        )
        info = charge.subscription.info
        seller = None if info.user_id is None else info.tenant
        payment = str(charge.payment_id or charge.pk)
        wants_one = bool(charge.version.terms["requires_invoice"]) and charge.state == State.OPEN
        if charge.invoice_id is None and (charge.state == State.PAID or wants_one):
            _issue(charge, info, seller, payment)
        elif charge.state == State.PAID and _is_open(charge):
            assert charge.invoice_id is not None
            invoices.mark_paid(
                seller=seller,
                invoice_id=charge.invoice_id,
                at=charge.paid_at or timezone.now(),
                payment=payment,
            )
        elif charge.state == State.VOID and _is_open(charge):
            assert charge.invoice_id is not None
            invoices.credit(
                seller=seller, invoice_id=charge.invoice_id, minor_units=None,
                reason=_("It is asked for no more."), key=f"void:{charge.pk}",
            )  # fmt: skip


def _is_open(charge: SubscriptionCharge) -> bool:
    known = charge.invoice_id
    return known is not None and Invoice.objects.filter(pk=known, state=InvoiceState.OPEN).exists()


def _issue(charge: SubscriptionCharge, info: SubscriptionInfo, seller: Tenant | None, payment: str) -> None:
    is_paid = charge.state == State.PAID
    buyer = _buyer(info)
    due = None if is_paid else timezone.now().date() + options.INVOICE_DUE.value_for(_schema(info))
    with translation.override(buyer.language or settings.LANGUAGE_CODE):
        lines = [
            Line(
                description=_label(kind, charge), unit_minor=amount, product=f"plan:{charge.version.plan_id}"
            )
            for kind, amount in charge.lines
        ]
    made = invoices.issue(
        seller=seller,
        buyer=buyer,
        lines=lines,
        currency=charge.currency,
        reference=f"subscription:{charge.subscription_id}",
        due=due,
        key=f"charge:{charge.pk}",
        payment=payment if is_paid else "",
    )
    charge.invoice_id = made.pk
    charge.save(update_fields=["invoice_id"])


def _schema(info: SubscriptionInfo) -> str:
    return "public" if info.user_id is None else info.tenant.schema_name


def _buyer(info: SubscriptionInfo) -> Buyer:
    tenant, user = info.tenant, info.user
    if user is None:
        return Buyer(name=tenant.name, email=tenant.email or "", tenant=tenant)
    return Buyer(name=user.display_name, email=user.email, user_id=user.pk, language=user.language)


def _label(kind: str, charge: SubscriptionCharge) -> str:
    name = str(charge.version.terms["name"])
    return {
        "plan": name if charge.seats == 1 else f"{name} × {charge.seats}",
        "discount": str(_("Discount")),
        "unused": str(_("Unused part of the last period")),
        "credit": str(_("Credit")),
    }[kind]
