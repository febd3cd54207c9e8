"""What a provider shows becomes our state: under the row's lock, forward only, told in the same transaction.

The only writers of states. A snapshot may come twice, late, out of order; ``rules`` decide what it changes.
"""

from __future__ import annotations

from typing import Final

from django.utils import timezone

from billing.payments import rules
from billing.payments.events import (
    DisputeClosed,
    MethodSaved,
    PaymentDisputed,
    PaymentFailed,
    PaymentRefunded,
    PaymentSucceeded,
    PayoutFailed,
    PayoutSettled,
    RefundFailed,
)
from billing.payments.models import (
    Dispute,
    Followed,
    GatewayCustomer,
    Payment,
    Payout,
    Refund,
    SavedMethod,
)
from billing.payments.providers.base import Action, SavedReference, Snapshot
from billing.payments.rules import ledger_key
from shared_apps.core import crypto
from shared_apps.core.ids import uuid7
from shared_apps.core.locking import lock_one

from .frames import Seen, ended, facts, route, tell, write_log

ACTION_SECRET: Final = "payments.action_secret"  # noqa: S105 - a purpose, no secret


def take_action(payment: Payment, action: Action, seen: Seen) -> None:
    """Keep what a provider answered to a locked payment: its reference, what the payer does, its state."""
    if not payment.provider_reference:
        payment.provider_reference = action.reference
        route(payment, "payment", action.reference)
    _keep_action(payment, action)
    _fail_as(payment, action.failure_code, action.failure_message)
    _move_payment(payment, action.state, payment.minor_units, seen)


def _keep_action(payment: Payment, action: Action) -> None:
    payment.action_kind, payment.action_url = action.kind.value, action.url
    payment.action_address, payment.action_details = action.address, dict(action.details)
    payment.action_expires_at = action.expires_at
    payment.action_secret = (
        crypto.seal(action.secret, purpose=ACTION_SECRET, row=payment.pk) if action.secret else ""
    )


def see_payment(payment: Payment, snapshot: Snapshot, seen: Seen) -> None:
    """Advance a locked payment to what the provider shows."""
    if not payment.provider_reference:
        payment.provider_reference = snapshot.reference
        route(payment, "payment", snapshot.reference)
    if snapshot.action is not None:
        _keep_action(payment, snapshot.action)
    if snapshot.saved is not None:
        save_method(payment, snapshot.saved)
    if snapshot.money.currency != payment.currency:
        _hold_for_staff(payment, "currency", f"{snapshot.state} {snapshot.money}", seen)
        return
    received = snapshot.money.minor_units()
    if snapshot.state == Payment.State.SUCCEEDED:
        fault = rules.amount_fault(purpose=payment.purpose, asked=payment.minor_units, received=received)
        if fault is not None and payment.problem != fault:
            _hold_for_staff(payment, fault, str(snapshot.money), seen)
        if fault == "underpaid":
            _move_payment(payment, Payment.State.PROCESSING, received, seen)
            return
    _fail_as(payment, snapshot.failure_code, snapshot.failure_message)
    _move_payment(payment, snapshot.state, received, seen)


def _hold_for_staff(payment: Payment, problem: str, note: str, seen: Seen) -> None:
    """Something a person has to look at; the state does not follow by itself."""
    if payment.problem != problem:
        payment.problem = problem
        write_log("payment", payment, seen=seen, what=problem, note=note, before=payment.state)
    payment.save()


def _fail_as(row: Followed, code: str, message: str) -> None:
    if code:
        row.failure_code, row.failure_message = code[:80], message[:300]


def _move_payment(payment: Payment, state: str, received: int, seen: Seen) -> None:
    before, after = payment.state, rules.settled_state("payment", payment.state, state)
    payment.state, payment.leased_until = after, None
    if after == before:
        payment.save()
        return
    if after == Payment.State.SUCCEEDED:
        payment.received_minor_units = received
        payment.failure_code = payment.failure_message = ""
    if after in (Payment.State.SUCCEEDED, *rules.REPEATABLE):
        ended(payment)
    payment.save()
    write_log(
        "payment", payment, seen=seen, what=after, before=before, after=after, note=payment.failure_code
    )
    key = ledger_key(payment.provider, payment.provider_reference or str(payment.pk), after)
    if after == Payment.State.SUCCEEDED:
        counted = received if payment.purpose in rules.ANY_AMOUNT else payment.minor_units
        tell(
            payment,
            PaymentSucceeded(payment_id=payment.pk, minor_units=counted, key=key, **facts(payment)),
        )
    elif after in rules.REPEATABLE:
        tell(
            payment,
            PaymentFailed(
                payment_id=payment.pk,
                minor_units=payment.minor_units,
                key=key,
                code=payment.failure_code or after,
                message=payment.failure_message,
                **facts(payment),
            ),
        )


def fail_payment(payment: Payment, code: str, message: str, seen: Seen) -> None:
    """The provider refused a locked payment: nothing happened, and nothing will."""
    _fail_as(payment, code, message)
    _move_payment(payment, Payment.State.FAILED, 0, seen)


def cancel_unsent(payment: Payment, code: str, seen: Seen) -> None:
    """End a locked payment that no provider has heard of."""
    _fail_as(payment, code, "")
    _move_payment(payment, Payment.State.CANCELLED, 0, seen)


def save_method(payment: Payment, saved: SavedReference) -> SavedMethod:
    """Keep a method that the payer agreed to keep; the first one is the default."""
    customer, _made = GatewayCustomer.objects.get_or_create(
        configuration_id=payment.configuration_id,
        tenant=payment.tenant,
        user=payment.user,
        defaults={"reference": saved.customer},
    )
    method, made = SavedMethod.objects.update_or_create(
        configuration_id=payment.configuration_id,
        reference=saved.reference,
        defaults={
            "tenant": payment.tenant,
            "customer": customer,
            "user_id": payment.user_id,
            "kind": saved.kind,
            "brand": saved.brand,
            "last4": saved.last4,
            "expires_month": saved.expires_month,
            "expires_year": saved.expires_year,
        },
    )
    if made:
        if not SavedMethod.objects.filter(customer=customer, is_default=True).exists():
            SavedMethod.objects.filter(pk=method.pk).update(is_default=True)
        tell(
            payment,
            MethodSaved(savedmethod_id=method.pk, user_id=payment.user_id, provider=payment.provider),
        )
    return method


def see_refund(refund: Refund, snapshot: Snapshot, seen: Seen) -> None:
    """Advance a refund whose payment is locked."""
    if not refund.provider_reference:
        refund.provider_reference = snapshot.reference
        route(refund, "refund", snapshot.reference)
    _fail_as(refund, snapshot.failure_code, snapshot.failure_message)
    _move_refund(refund, snapshot.state, seen)


def fail_refund(refund: Refund, code: str, message: str, seen: Seen) -> None:
    """The provider refused a refund whose payment is locked."""
    _fail_as(refund, code, message)
    _move_refund(refund, Refund.State.FAILED, seen)


def _move_refund(refund: Refund, state: str, seen: Seen) -> None:
    before, after = refund.state, rules.settled_state("refund", refund.state, state)
    refund.state, refund.leased_until = after, None
    if after in (Refund.State.SUCCEEDED, Refund.State.FAILED) and after != before:
        ended(refund)
    refund.save()
    if after == before:
        return
    write_log("refund", refund, seen=seen, what=after, before=before, after=after, note=refund.failure_code)
    payment = refund.payment
    key = ledger_key(refund.provider, refund.provider_reference or str(refund.pk), after)
    if after == Refund.State.SUCCEEDED:
        tell(
            payment,
            PaymentRefunded(
                payment_id=payment.pk,
                refund_id=refund.pk,
                minor_units=refund.minor_units,
                key=key,
                **facts(payment),
            ),
        )
    elif after == Refund.State.FAILED:
        payment.refunded_minor_units = max(payment.refunded_minor_units - refund.minor_units, 0)
        payment.save(update_fields=["refunded_minor_units"])
        tell(
            payment,
            RefundFailed(
                payment_id=payment.pk,
                refund_id=refund.pk,
                minor_units=refund.minor_units,
                key=key,
                code=refund.failure_code,
                was_refunded=before == Refund.State.SUCCEEDED,
                **facts(payment),
            ),
        )


def adopt_refund(payment: Payment, snapshot: Snapshot, seen: Seen) -> Refund:
    """A refund that somebody made at the provider: it becomes ours, of a locked payment."""
    refund = Refund.objects.create(
        tenant=payment.tenant,
        configuration_id=payment.configuration_id,
        payment=payment,
        provider=payment.provider,
        is_simulated=payment.is_simulated,
        currency=payment.currency,
        minor_units=snapshot.money.minor_units(),
        reason=snapshot.reason[:200],
        key=f"external:{snapshot.reference}"[:160],
        attempt_key=f"external:{uuid7()}",
    )
    wanted = payment.refunded_minor_units + refund.minor_units
    payment.refunded_minor_units = min(wanted, payment.received_minor_units)
    payment.save(update_fields=["refunded_minor_units"])
    write_log("refund", refund, seen=seen, what="adopted", after=refund.state)
    see_refund(refund, snapshot, seen)
    return refund


def see_dispute(payment: Payment, snapshot: Snapshot, seen: Seen) -> Dispute:
    """Follow a dispute of a locked payment, from its first sight to its end."""
    dispute = lock_one(
        Dispute.objects.filter(
            configuration_id=payment.configuration_id, provider_reference=snapshot.reference
        )
    )
    if dispute is None:
        dispute = Dispute(
            tenant=payment.tenant,
            configuration_id=payment.configuration_id,
            payment=payment,
            provider=payment.provider,
            is_simulated=payment.is_simulated,
            currency=snapshot.money.currency,
            minor_units=snapshot.money.minor_units(),
            provider_reference=snapshot.reference,
            reason=snapshot.reason[:80],
            state=Dispute.State.NEEDS_RESPONSE,
        )
        dispute.due_by = snapshot.due_by
        dispute.save(force_insert=True)
        route(dispute, "dispute", snapshot.reference)
        write_log("dispute", dispute, seen=seen, what="opened", after=dispute.state)
        _tell_dispute(payment, dispute, "opened")
    dispute.payment = payment
    before, after = dispute.state, rules.settled_state("dispute", dispute.state, snapshot.state)
    dispute.state, dispute.due_by, dispute.asked_at = after, snapshot.due_by, timezone.now()
    closed = after in (Dispute.State.WON, Dispute.State.LOST)
    if closed:
        ended(dispute)
    dispute.save()
    payment.is_disputed = not closed
    payment.save(update_fields=["is_disputed"])
    if after != before:
        write_log("dispute", dispute, seen=seen, what=after, before=before, after=after)
        if closed:
            _tell_dispute(payment, dispute, after)
    return dispute


def _tell_dispute(payment: Payment, dispute: Dispute, transition: str) -> None:
    key = ledger_key(dispute.provider, dispute.provider_reference, transition)
    said = {
        "payment_id": payment.pk,
        "dispute_id": dispute.pk,
        "minor_units": dispute.minor_units,
        "key": key,
    }
    if transition == "opened":
        tell(payment, PaymentDisputed(**said, **facts(payment)))
    else:
        tell(payment, DisputeClosed(**said, won=transition == Dispute.State.WON, **facts(payment)))


def see_payout(payout: Payout, snapshot: Snapshot, seen: Seen) -> None:
    """Advance a locked payout."""
    if not payout.provider_reference:
        payout.provider_reference = snapshot.reference
        route(payout, "payout", snapshot.reference)
    _fail_as(payout, snapshot.failure_code, snapshot.failure_message)
    _move_payout(payout, snapshot.state, seen)


def fail_payout(payout: Payout, code: str, message: str, seen: Seen) -> None:
    """The provider refused a locked payout: nothing was sent."""
    _fail_as(payout, code, message)
    _move_payout(payout, Payout.State.FAILED, seen)


def _move_payout(payout: Payout, state: str, seen: Seen) -> None:
    before, after = payout.state, rules.settled_state("payout", payout.state, state)
    payout.state, payout.leased_until = after, None
    if after in (Payout.State.SETTLED, Payout.State.FAILED) and after != before:
        ended(payout)
    payout.save()
    if after == before:
        return
    write_log("payout", payout, seen=seen, what=after, before=before, after=after, note=payout.failure_code)
    key = ledger_key(payout.provider, payout.provider_reference or str(payout.pk), after)
    said = {"payout_id": payout.pk, "minor_units": payout.minor_units, "key": key}
    if after == Payout.State.SETTLED:
        tell(payout, PayoutSettled(**said, **facts(payout)))
    elif after == Payout.State.FAILED:
        tell(
            payout,
            PayoutFailed(
                **said,
                code=payout.failure_code,
                was_settled=before == Payout.State.SETTLED,
                **facts(payout),
            ),
        )
