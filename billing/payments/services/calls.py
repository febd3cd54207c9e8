"""Asking providers, outside of every transaction: claim under the row's lock, ask, write down what was said.

What is about to be sent is committed first. Whoever finds it sent asks what became of it (``find``) before
anything is sent again, always with the same key.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from billing.payments import rules
from billing.payments.models import (
    Dispute,
    Followed,
    GatewayCustomer,
    Payment,
    Payout,
    Refund,
)
from billing.payments.providers.base import (
    Action,
    Intent,
    ObjectKind,
    PayoutIntent,
    ProviderDenied,
    ProviderRefused,
    ProviderUnknown,
    ProviderUnreachable,
    RefundIntent,
    Snapshot,
)
from shared_apps.core import crypto
from shared_apps.core.background import enqueue
from shared_apps.core.context import platform_context
from shared_apps.core.errors import NotFoundError, UnavailableError
from shared_apps.core.locking import lock_one

from . import steps
from .begin import DESTINATION
from .frames import Seen, give_back, lease, refuse_transaction, unit, write_log
from .gateways import connect_to

_ANSWER: Final = Seen(source="answer")
_LOOK_AGAIN: Final = timedelta(seconds=20)


def start_payment(payment_id: UUID) -> Payment:
    """Have the provider begin a payment, and keep what the payer has to do. Not in a transaction.

    Repeating it is harmless. A refusal fails the payment; an answer that does not come leaves it ``sending``
    and is looked for. Raises NotFoundError; UnavailableError (``payments.provider_unreachable``) where
    nothing was sent.
    """
    refuse_transaction()
    with unit():
        payment = _locked_payment(payment_id)
        if payment.state not in (Payment.State.CREATED, Payment.State.SENDING) or not lease(
            payment, timezone.now()
        ):
            return payment
        was_sent = payment.state == Payment.State.SENDING
        payment.state = Payment.State.SENDING
        payment.save(update_fields=["state", "leased_until", "asked_at"])
        if not was_sent:
            write_log("payment", payment, seen=_ANSWER, what="sending", before="created", after="sending")
        intent, key = _intent(payment), payment.attempt_key
    provider = connect_to(payment.configuration_id)
    try:
        answer = provider.find(intent, idempotency_key=key) if was_sent else None
        if answer is None:
            answer = provider.create(intent, idempotency_key=key)
    except ProviderRefused as error:
        if was_sent and isinstance(error, ProviderDenied):  # what was sent before may have happened
            _unanswered("payment", Payment, payment_id, error)
            return _payment(payment_id)
        return _end_payment(payment_id, error)
    except ProviderUnreachable as error:
        raise _unreachable(Payment, payment_id) from error
    except ProviderUnknown as error:
        _unanswered("payment", Payment, payment_id, error)
        return _payment(payment_id)
    with unit():
        payment = _locked_payment(payment_id)
        if isinstance(answer, Action):
            steps.take_action(payment, answer, _ANSWER)
        else:
            steps.see_payment(payment, answer, _ANSWER)
    return payment


def _intent(payment: Payment) -> Intent:
    method = payment.saved_method
    customer = GatewayCustomer.objects.filter(
        configuration_id=payment.configuration_id, tenant=payment.tenant, user=payment.user
    ).first()
    return Intent(
        payment_id=payment.pk,
        money=payment.money,
        description=payment.description,
        return_url=payment.return_url,
        purpose=payment.purpose,
        label=payment.label,
        customer=customer.reference if customer else "",
        customer_email=payment.user.email if payment.user else "",
        saved_method=method.reference if method else "",
        save_method=payment.save_method,
        off_session=method is not None,
        surface=payment.surface,
        metadata={"payment": str(payment.pk), "purpose": payment.purpose},
    )


def _payment(payment_id: UUID) -> Payment:
    with platform_context():
        return Payment.objects.select_related("tenant").get(pk=payment_id)  # type: ignore[no-any-return]


def _locked_payment(payment_id: UUID) -> Payment:
    payment: Payment | None = lock_one(Payment.objects.select_related("tenant").filter(pk=payment_id))
    if payment is None:
        raise NotFoundError("payments.unknown", _("There is no such payment."))
    return payment


def _end_payment(payment_id: UUID, error: ProviderRefused) -> Payment:
    with unit():
        payment = _locked_payment(payment_id)
        steps.fail_payment(payment, error.code, error.message, _ANSWER)
    return payment


def _unreachable(model: type[Followed], pk: UUID) -> UnavailableError:
    give_back(model, pk)
    return UnavailableError(
        "payments.provider_unreachable", _("The payment provider does not answer. Try again in a moment.")
    )


def _unanswered(kind: str, model: type[Followed], pk: UUID, error: ProviderUnknown | ProviderDenied) -> None:
    """It may have happened: the worker asks what became of it, soon and again every hour."""
    with unit():
        row = lock_one(model._default_manager.filter(pk=pk))
        if row is None:
            return
        row.leased_until = None
        row.save(update_fields=["leased_until"])
        write_log(kind, row, seen=_ANSWER, what="unanswered", note=str(error))
        enqueue("payments.refresh_object", countdown=_LOOK_AGAIN.total_seconds(), kind=kind, object_id=row.pk)


def send_refund(refund_id: UUID) -> Refund:
    """Have the provider make a refund that was begun. Not in a transaction; repeating it is harmless."""

    def intent_of(refund: Refund) -> RefundIntent:
        return RefundIntent(
            refund_id=refund.pk,
            payment_id=refund.payment_id,
            payment_reference=refund.payment.provider_reference,
            money=refund.money,
            reason=refund.reason,
        )

    def lock() -> Refund | None:
        return _locked_refund(refund_id)

    sent: Refund = _send("refund", Refund, lock, intent_of, steps.see_refund, steps.fail_refund)
    return sent


def _locked_refund(refund_id: UUID) -> Refund | None:
    """A refund with its payment locked first: the order in which everybody locks them."""
    known = Refund.objects.filter(pk=refund_id).values_list("payment_id", flat=True).first()
    if known is None:
        return None
    payment = _locked_payment(known)
    refund = lock_one(Refund.objects.select_related("tenant").filter(pk=refund_id))
    if refund is not None:
        refund.payment = payment
    return refund


def send_payout(payout_id: UUID) -> Payout:
    """Have the provider send a payout that was begun. Not in a transaction; repeating it is harmless."""

    def intent_of(payout: Payout) -> PayoutIntent:
        opened = crypto.unseal(payout.destination, purpose=DESTINATION, row=payout.pk)
        return PayoutIntent(
            payout_id=payout.pk, money=payout.money, destination=json.loads(opened), description=payout.label
        )

    def lock() -> Payout | None:
        return lock_one(Payout.objects.select_related("tenant").filter(pk=payout_id))

    sent: Payout = _send("payout", Payout, lock, intent_of, steps.see_payout, steps.fail_payout)
    return sent


def _send(
    kind: str,
    model: type[Any],
    lock: Callable[[], Any],
    intent_of: Callable[[Any], Any],
    see: Callable[[Any, Snapshot, Seen], None],
    fail: Callable[[Any, str, str, Seen], None],
) -> Any:
    refuse_transaction()
    with unit():
        row = lock()
        if row is None:
            raise NotFoundError(f"payments.no_{kind}", _("There is no such transfer."))
        if row.state not in ("created", "sending") or not lease(row, timezone.now()):
            return row
        was_sent, row.state = row.state == "sending", "sending"
        row.save(update_fields=["state", "leased_until", "asked_at"])
        if not was_sent:
            write_log(kind, row, seen=_ANSWER, what="sending", before="created", after="sending")
        intent, key = intent_of(row), row.attempt_key
    provider = connect_to(row.configuration_id)
    try:
        answer = provider.find(intent, idempotency_key=key) if was_sent else None
        if answer is None:
            method = provider.refund if kind == "refund" else provider.payout
            answer = method(intent, idempotency_key=key)
    except ProviderRefused as error:
        if was_sent and isinstance(error, ProviderDenied):  # what was sent before may have happened
            _unanswered(kind, model, row.pk, error)
            with platform_context():
                return model._default_manager.get(pk=row.pk)
        with unit():
            row = lock()
            fail(row, error.code, error.message, _ANSWER)
        return row
    except ProviderUnreachable as error:
        raise _unreachable(model, row.pk) from error
    except ProviderUnknown as error:
        _unanswered(kind, model, row.pk, error)
        with platform_context():
            return model._default_manager.get(pk=row.pk)
    if not isinstance(answer, Snapshot):
        raise TypeError(f"{row.provider}.find answered {type(answer).__name__} to a {kind}")
    with unit():
        row = lock()
        see(row, answer, _ANSWER)
    return row


def refresh(kind: str, object_id: UUID, seen: Seen | None = None) -> None:
    """Fetch one object at its provider and advance ours. Not in a transaction.

    What was sent without an answer is looked for first. Raises ProviderUnreachable, ProviderUnknown, on which
    the task is tried again.
    """
    refuse_transaction()
    model: type[Any] = {"payment": Payment, "refund": Refund, "payout": Payout, "dispute": Dispute}[kind]
    with platform_context():
        row = model._default_manager.filter(pk=object_id).first()
    if row is None:
        return
    if not row.provider_reference:
        _send_again(kind, row)
        return
    see_reference(kind, row, row.provider_reference, seen or Seen(source="poll"))


def _send_again(kind: str, row: Any) -> None:
    if kind == "payment":
        if row.state == Payment.State.SENDING:
            start_payment(row.pk)
    elif kind == "refund":
        send_refund(row.pk)
    elif kind == "payout":
        send_payout(row.pk)


def see_reference(kind: str, row: Any, reference: str, seen: Seen) -> None:
    """Fetch a known object by the provider's reference, then advance our row under its lock."""
    snapshot = connect_to(row.configuration_id).fetch(ObjectKind(kind), reference)
    with unit():
        if kind == "payment":
            payment = _locked_payment(row.pk)
            payment.asked_at = timezone.now()
            steps.see_payment(payment, snapshot, seen)
        elif kind == "refund":
            refund = _locked_refund(row.pk)
            if refund is not None:
                refund.asked_at = timezone.now()
                steps.see_refund(refund, snapshot, seen)
        elif kind == "dispute":
            steps.see_dispute(_locked_payment(row.payment_id), snapshot, seen)
        else:
            payout = lock_one(Payout.objects.select_related("tenant").filter(pk=row.pk))
            if payout is not None:
                payout.asked_at = timezone.now()
                steps.see_payout(payout, snapshot, seen)


def refresh_payment(payment_id: UUID) -> Payment:
    """Fetch a payment at its provider and advance it. Not in a transaction."""
    refresh("payment", payment_id)
    return _payment(payment_id)


def cancel_payment(payment_id: UUID, code: str = "cancelled") -> Payment:
    """Give up a payment that is not paid: at the provider, or here where nothing was sent."""
    refuse_transaction()
    with unit():
        payment = _locked_payment(payment_id)
        if payment.state == Payment.State.CREATED:
            steps.cancel_unsent(payment, code, Seen(source="command"))
            return payment
    if payment.state not in rules.OPEN_PAYMENT or not payment.provider_reference:
        return payment
    snapshot = connect_to(payment.configuration_id).cancel(payment.provider_reference)
    with unit():
        payment = _locked_payment(payment_id)
        steps.see_payment(payment, snapshot, _ANSWER)
    return payment
