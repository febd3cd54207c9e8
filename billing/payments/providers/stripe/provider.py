"""Stripe behind the port: payments by its page, by an app or by a kept card; refunds, payouts, disputes.

References: ``cs_…`` is a payment on the hosted page, ``pi_…`` one of an app or of a kept card,
``acct_…/po_…`` a payout from a seller's account.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone

from billing.payments.providers.base import (
    Account,
    Action,
    Inbound,
    InboundReference,
    Intent,
    ObjectKind,
    PayoutIntent,
    ProviderRefused,
    RefundIntent,
    Snapshot,
)

from . import inbound
from .ages import refuse_old_key
from .client import connect, public_key, told, webhook_secret
from .connect import give_back_transfer, reverse_share
from .mapping import (
    dispute_snapshot,
    intent_action,
    intent_snapshot,
    payout_snapshot,
    refund_snapshot,
    session_action,
    session_snapshot,
)

if TYPE_CHECKING:
    from stripe.params import PaymentIntentCreateParams

#: Stripe forgets idempotency keys after a day at the earliest.
KEYS_KEPT: Final = timedelta(hours=23)
_WITH_METHOD: Final = ["payment_method"]


logger = logging.getLogger(__name__)


class StripeProvider:
    """One account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._v1 = connect(account).v1

    def create(self, intent: Intent, *, idempotency_key: str) -> Action:
        """A kept card is charged, an app gets a client secret, a browser a page."""
        with told():
            if intent.saved_method:
                return self._charge(intent, idempotency_key)
            customer = intent.customer
            if not customer and intent.save_method:
                customer = self._customer(intent, idempotency_key)
            if intent.surface == "api":
                return self._app(intent, customer, idempotency_key)
            return self._page(intent, customer, idempotency_key)

    def _customer(self, intent: Intent, key: str) -> str:
        made = self._v1.customers.create(
            {"email": intent.customer_email, "metadata": {"payment": str(intent.payment_id)}},
            {"idempotency_key": f"{key}:customer"},
        )
        return made.id

    def _metadata(self, intent: Intent, surface: str) -> dict[str, str]:
        return {**intent.metadata, "payment": str(intent.payment_id), "surface": surface}

    def _charge(self, intent: Intent, key: str) -> Action:
        made = self._v1.payment_intents.create(
            {
                "amount": intent.money.minor_units(),
                "currency": intent.money.currency.lower(),
                "customer": intent.customer,
                "payment_method": intent.saved_method,
                "off_session": True,
                "confirm": True,
                "description": intent.description,
                "transfer_group": _group(intent),
                "metadata": {**self._metadata(intent, "saved"), "off_session": "1"},
            },
            {"idempotency_key": key},
        )
        return intent_action(made.to_dict(), "")

    def _app(self, intent: Intent, customer: str, key: str) -> Action:
        asked: PaymentIntentCreateParams = {
            "amount": intent.money.minor_units(),
            "currency": intent.money.currency.lower(),
            "automatic_payment_methods": {"enabled": True},
            "description": intent.description,
            "transfer_group": _group(intent),
            "metadata": self._metadata(intent, "api"),
        }
        if customer:
            asked["customer"] = customer
        if intent.save_method:
            asked["setup_future_usage"] = "off_session"
        made = self._v1.payment_intents.create(asked, {"idempotency_key": key})
        return intent_action(made.to_dict(), public_key(self._account))

    def _page(self, intent: Intent, customer: str, key: str) -> Action:
        made = self._v1.checkout.sessions.create(
            {
                "mode": "payment",
                "line_items": [
                    {
                        "price_data": {
                            "currency": intent.money.currency.lower(),
                            "unit_amount": intent.money.minor_units(),
                            "product_data": {"name": intent.description or intent.label or "Payment"},
                        },
                        "quantity": 1,
                    }
                ],
                "success_url": intent.return_url,
                "cancel_url": intent.return_url,
                "client_reference_id": str(intent.payment_id),
                "metadata": self._metadata(intent, "page"),
                "payment_intent_data": {
                    "description": intent.description,
                    "transfer_group": _group(intent),
                    "metadata": self._metadata(intent, "page"),
                    **({"setup_future_usage": "off_session"} if intent.save_method else {}),
                },
                **({"customer": customer} if customer else {}),
                **(
                    {"customer_email": intent.customer_email}
                    if intent.customer_email and not customer
                    else {}
                ),
            },
            {"idempotency_key": key},
        )
        return session_action(made.to_dict())

    def find(
        self, intent: Intent | RefundIntent | PayoutIntent, *, idempotency_key: str
    ) -> Snapshot | Action | None:
        """The same call with the same key: what was done is answered again, what was not is done now."""
        refuse_old_key(idempotency_key, timezone.now(), KEYS_KEPT)
        if isinstance(intent, Intent):
            return self.create(intent, idempotency_key=idempotency_key)
        if isinstance(intent, RefundIntent):
            return self.refund(intent, idempotency_key=idempotency_key)
        return self.payout(intent, idempotency_key=idempotency_key)

    def fetch(self, kind: ObjectKind, reference: str) -> Snapshot:
        """The object as it is now."""
        with told():
            match kind:
                case ObjectKind.PAYMENT:
                    return self._payment(reference)
                case ObjectKind.REFUND:
                    refund = self._v1.refunds.retrieve(reference).to_dict()
                    return refund_snapshot(refund, self._payment_of(refund["payment_intent"]))
                case ObjectKind.DISPUTE:
                    dispute = self._v1.disputes.retrieve(reference).to_dict()
                    return dispute_snapshot(dispute, self._payment_of(dispute["payment_intent"]))
                case ObjectKind.PAYOUT:
                    return self._payout(reference)

    def _payment(self, reference: str) -> Snapshot:
        if reference.startswith("cs_"):
            expand = ["payment_intent.payment_method"]
            return session_snapshot(
                self._v1.checkout.sessions.retrieve(reference, {"expand": expand}).to_dict()
            )
        found = self._v1.payment_intents.retrieve(reference, {"expand": _WITH_METHOD})
        return intent_snapshot(found.to_dict(), reference)

    def _payment_of(self, intent: str | None) -> str:
        """Our reference of the payment that an intent belongs to."""
        if intent is None:
            return ""
        found = self._v1.payment_intents.retrieve(intent).to_dict()
        if found["metadata"].get("surface") != "page":
            return intent
        sessions = self._v1.checkout.sessions.list({"payment_intent": intent, "limit": 1}).data
        return sessions[0].id if sessions else intent

    def _payout(self, reference: str) -> Snapshot:
        account, _, payout = reference.partition("/")
        found = self._v1.payouts.retrieve(payout, None, {"stripe_account": account}).to_dict()
        snapshot = payout_snapshot(found, reference)
        if snapshot.state == "failed":
            # It is in the seller's account, and the ledger gives it back to its owner: fetch it home, once.
            give_back_transfer(self._v1, found["metadata"]["transfer"], key=f"{payout}:back")
        return snapshot

    def cancel(self, reference: str) -> Snapshot:
        """The page closes; an intent is cancelled. What was paid meanwhile stays paid."""
        with told():
            try:
                with told():
                    if reference.startswith("cs_"):
                        self._v1.checkout.sessions.expire(reference)
                    else:
                        self._v1.payment_intents.cancel(reference)
            except ProviderRefused as refused:
                if refused.code == "not_found":
                    raise
            return self._payment(reference)

    def refund(self, intent: RefundIntent, *, idempotency_key: str) -> Snapshot:
        """Give money back; what was passed on to a seller comes back in proportion."""
        with told():
            payment = self._intent_of(intent.payment_reference)
            made = self._v1.refunds.create(
                {
                    "payment_intent": payment["id"],
                    "amount": intent.money.minor_units(),
                    "reason": "requested_by_customer",
                    "metadata": {
                        "refund": str(intent.refund_id),
                        "payment": str(intent.payment_id),
                        "why": intent.reason[:450],
                    },
                },
                {"idempotency_key": idempotency_key},
            ).to_dict()
        try:
            with told():
                reverse_share(self._v1, payment, made["amount"], key=idempotency_key)
        except ProviderRefused as refused:  # the refund is made, whatever the seller's account says
            logger.error("a seller's share was not taken back", extra={"reason": refused.code})
        with told():
            return refund_snapshot(made, intent.payment_reference)

    def _intent_of(self, reference: str) -> dict[str, Any]:
        if reference.startswith("cs_"):
            session = self._v1.checkout.sessions.retrieve(reference)
            if session.payment_intent is None:
                raise ProviderRefused("not_paid", "This payment has not been made.")
            reference = str(session.payment_intent)
        found: dict[str, Any] = self._v1.payment_intents.retrieve(reference).to_dict()
        return found

    def payout(self, intent: PayoutIntent, *, idempotency_key: str) -> Snapshot:
        """To the seller's account, and from there to the bank."""
        account = intent.destination["account"]
        amount, currency = intent.money.minor_units(), intent.money.currency.lower()
        with told():
            transfer = self._v1.transfers.create(
                {
                    "amount": amount,
                    "currency": currency,
                    "destination": account,
                    "description": intent.description,
                    "transfer_group": f"payout:{intent.payout_id}",
                    "metadata": {"payout": str(intent.payout_id)},
                },
                {"idempotency_key": f"{idempotency_key}:transfer"},
            )
            try:
                with told():
                    made = self._v1.payouts.create(
                        {
                            "amount": amount,
                            "currency": currency,
                            "metadata": {"payout": str(intent.payout_id), "transfer": transfer.id},
                        },
                        {"idempotency_key": idempotency_key, "stripe_account": account},
                    )
            except ProviderRefused:
                give_back_transfer(self._v1, transfer.id, key=f"{idempotency_key}:back")
                raise
            return payout_snapshot(made.to_dict(), f"{account}/{made.id}")

    def inbound(self, notification: Inbound) -> InboundReference | None:
        """Verify a notification."""
        return inbound.read(notification, webhook_secret(self._account))

    def check(self) -> str:
        """The account's name at Stripe."""
        with told():
            found = self._v1.accounts.retrieve_current().to_dict()
            name = (found.get("business_profile") or {}).get("name") or found.get("email") or ""
            return f"{name} ({found['id']})" if name else str(found["id"])


def _group(intent: Intent) -> str:
    """What holds a charge and its transfers together."""
    return f"payment:{intent.payment_id}"
