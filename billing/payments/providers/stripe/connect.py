"""Connect: sellers' Express accounts, and separate charges and transfers (S3-96, S3-102, S3-103).

The platform takes the buyer's money; the seller's share follows by a transfer out of that charge when its
hold ends, and what is not transferred is the commission.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from billing.payments.providers.base import Account, ProviderRefused
from shared_apps.core.money import Money

from .client import connect, told

if TYPE_CHECKING:
    from stripe._v1_services import V1Services


@dataclass(frozen=True, slots=True, kw_only=True)
class SellerAccount:
    """Where a seller's account stands; ``owed`` is what Stripe still asks the seller for."""

    reference: str
    can_receive: bool
    can_pay_out: bool
    is_submitted: bool
    owed: tuple[str, ...]


class StripeConnect:
    """Sellers of one platform account. Every method raises the three errors of the port."""

    def __init__(self, account: Account) -> None:
        self._v1 = connect(account).v1

    def create_seller(
        self, *, email: str, country: str, metadata: dict[str, str], idempotency_key: str
    ) -> str:
        """An Express account, which its owner still has to fill in; the platform bears fees and losses."""
        with told():
            made = self._v1.accounts.create(
                {
                    "email": email,
                    "country": country,
                    "controller": {
                        "fees": {"payer": "application"},
                        "losses": {"payments": "application"},
                        "stripe_dashboard": {"type": "express"},
                    },
                    "capabilities": {"transfers": {"requested": True}},
                    "metadata": metadata,
                },
                {"idempotency_key": idempotency_key},
            )
            return made.id

    def onboarding_link(self, seller: str, *, return_url: str, refresh_url: str) -> str:
        """A page of Stripe's where the seller tells who they are. It works once, for a few minutes."""
        with told():
            return self._v1.account_links.create(
                {
                    "account": seller,
                    "type": "account_onboarding",
                    "return_url": return_url,
                    "refresh_url": refresh_url,
                }
            ).url

    def dashboard_link(self, seller: str) -> str:
        """The seller's own pages at Stripe."""
        with told():
            return self._v1.accounts.login_links.create(seller).url

    def seller(self, reference: str) -> SellerAccount:
        """Fetched now."""
        with told():
            found: dict[str, Any] = self._v1.accounts.retrieve(reference).to_dict()
            return SellerAccount(
                reference=found["id"],
                can_receive=(found.get("capabilities") or {}).get("transfers") == "active",
                can_pay_out=bool(found.get("payouts_enabled")),
                is_submitted=bool(found.get("details_submitted")),
                owed=tuple((found.get("requirements") or {}).get("currently_due") or ()),
            )

    def transfer(
        self,
        *,
        payment_reference: str,
        seller: str,
        money: Money,
        metadata: dict[str, str],
        idempotency_key: str,
    ) -> str:
        """Pass a part of a payment on; it is the seller's as soon as the payment is ours."""
        with told():
            intent = self._paid_intent(payment_reference)
            made = self._v1.transfers.create(
                {
                    "amount": money.minor_units(),
                    "currency": money.currency.lower(),
                    "destination": seller,
                    "source_transaction": str(intent["latest_charge"]),
                    "transfer_group": str(intent["transfer_group"]),
                    "metadata": metadata,
                },
                {"idempotency_key": idempotency_key},
            )
            return made.id

    def take_back(self, transfer: str, *, money: Money | None, idempotency_key: str) -> int:
        """Have a transfer back, whole or in part; the seller's balance may go below zero. Minor units."""
        with told():
            made = self._v1.transfers.reversals.create(
                transfer,
                {} if money is None else {"amount": money.minor_units()},
                {"idempotency_key": idempotency_key},
            )
            return made.amount

    def balance(self, seller: str, currency: str) -> tuple[Money, Money]:
        """What a seller can pay out, and what is on its way."""
        with told():
            found = self._v1.balance.retrieve(None, {"stripe_account": seller}).to_dict()
            parts = (found["available"], found["pending"])
            sums = [
                sum(each["amount"] for each in part if each["currency"] == currency.lower()) for part in parts
            ]
            return Money.of_minor(sums[0], currency), Money.of_minor(sums[1], currency)

    def _paid_intent(self, reference: str) -> dict[str, Any]:
        if reference.startswith("cs_"):
            session = self._v1.checkout.sessions.retrieve(reference, {"expand": ["payment_intent"]})
            intent: dict[str, Any] = session.to_dict()["payment_intent"] or {}
        else:
            intent = self._v1.payment_intents.retrieve(reference).to_dict()
        if intent.get("status") != "succeeded":
            raise ProviderRefused("not_paid", "This payment has not been made.")
        return intent


def reverse_share(v1: V1Services, intent: dict[str, Any], refunded: int, *, key: str) -> None:
    """After a refund: take the same share of every transfer of its charge back, rounded down.

    The refund that completes them takes what is left. Repeating it with the same key changes nothing.
    """
    if not intent["transfer_group"]:
        return
    charge = v1.charges.retrieve(str(intent["latest_charge"]))
    for transfer in v1.transfers.list({"transfer_group": intent["transfer_group"], "limit": 100}).data:
        left = transfer.amount - transfer.amount_reversed
        share = left if charge.refunded else min(left, transfer.amount * refunded // charge.amount)
        if share and transfer.source_transaction == charge.id:
            v1.transfers.reversals.create(
                transfer.id,
                {"amount": share, "metadata": {"refund_key": key}},
                {"idempotency_key": f"{key}:{transfer.id}"},
            )


def give_back_transfer(v1: V1Services, transfer: str, *, key: str) -> None:
    """A transfer whose payout came to nothing; once, however often it is asked for."""
    found = v1.transfers.retrieve(transfer)
    if not found.reversed:
        v1.transfers.reversals.create(transfer, {}, {"idempotency_key": key})
