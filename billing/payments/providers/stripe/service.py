"""S4's Stripe service over one account: customers, their cards, and subscriptions that Stripe collects.

The names are S4's (S4-75..77); the calls are those of the pinned API version (C19). Every method raises the
three errors of the port. Keys of idempotency belong to the caller's business attempt.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from billing.payments.providers.base import Account, ProviderRefused, SavedReference
from shared_apps.core.money import Money
from shared_apps.users.models import User

from .client import connect, told
from .mapping import card_of, moment

if TYPE_CHECKING:
    from stripe.params import (
        InvoiceCreatePreviewParamsSubscriptionDetails,
        SubscriptionCreateParams,
        SubscriptionUpdateParams,
    )

Interval = Literal["day", "week", "month", "year"]
_EXPAND = ["latest_invoice.confirmation_secret", "pending_setup_intent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeSubscription:
    """A subscription as Stripe has it now.

    ``client_secret`` is what the payer's app finishes the first payment with (or, in a trial, keeps a card
    with); ``invoice_url`` is the page of the latest invoice, where a declined card is replaced.
    """

    reference: str
    customer: str
    state: str
    period_start: datetime | None
    period_end: datetime | None
    cancel_at: datetime | None
    client_secret: str = ""
    invoice_url: str = ""
    item: str = ""
    price: str = ""


class StripeService:
    """One account, for one tenant (none: the platform's own)."""

    def __init__(self, account: Account, *, tenant_id: int | None) -> None:
        self._tenant_id = tenant_id
        self._v1 = connect(account).v1

    # -- S4's three methods

    def create_customer(self, user: User, *, idempotency_key: str) -> str:
        """The customer of a person; our numbers stand in its metadata (S4-75)."""
        with told():
            made = self._v1.customers.create(
                {
                    "email": user.email,
                    "name": user.get_full_name() or user.email,
                    "metadata": {"user_id": str(user.pk), "tenant_id": str(self._tenant_id or "")},
                },
                {"idempotency_key": idempotency_key},
            )
            return made.id

    def create_subscription(
        self,
        customer: str,
        price: str,
        *,
        idempotency_key: str,
        quantity: int = 1,
        trial_end: datetime | None = None,
        metadata: dict[str, str] | None = None,
    ) -> StripeSubscription:
        """Begin one that waits for its first payment (S4-76); the card that pays is kept."""
        asked: SubscriptionCreateParams = {
            "customer": customer,
            "items": [{"price": price, "quantity": quantity}],
            "payment_behavior": "default_incomplete",
            "payment_settings": {"save_default_payment_method": "on_subscription"},
            "metadata": {**(metadata or {}), "tenant_id": str(self._tenant_id or "")},
            "expand": _EXPAND,
        }
        if trial_end is not None:
            asked["trial_end"] = int(trial_end.timestamp())
            asked["trial_settings"] = {"end_behavior": {"missing_payment_method": "create_invoice"}}
        with told():
            made = self._v1.subscriptions.create(asked, {"idempotency_key": idempotency_key})
            return _subscription(made.to_dict())

    def cancel_subscription(self, subscription: str, *, at_period_end: bool = True) -> StripeSubscription:
        """End it with its period, or at once (S4-77). Repeating it is harmless."""
        with told():
            if at_period_end:
                changed = self._v1.subscriptions.update(
                    subscription, {"cancel_at_period_end": True, "expand": _EXPAND}
                )
            else:
                changed = self._v1.subscriptions.cancel(subscription, {"expand": _EXPAND})
            return _subscription(changed.to_dict())

    # -- the rest of a subscription's life

    def subscription(self, reference: str) -> StripeSubscription:
        """Fetched now."""
        with told():
            return _subscription(self._v1.subscriptions.retrieve(reference, {"expand": _EXPAND}).to_dict())

    def keep_subscription(self, reference: str) -> StripeSubscription:
        """Take the end back, before it comes."""
        with told():
            changed = self._v1.subscriptions.update(
                reference, {"cancel_at_period_end": False, "expand": _EXPAND}
            )
            return _subscription(changed.to_dict())

    def pause_subscription(self, reference: str, *, idempotency_key: str) -> StripeSubscription:
        """No invoices until it is resumed; what is left of the period becomes credit."""
        with told():
            changed = self._v1.subscriptions.pause(
                reference, {"type": "subscription", "expand": _EXPAND}, {"idempotency_key": idempotency_key}
            )
            return _subscription(changed.to_dict())

    def resume_subscription(self, reference: str, *, idempotency_key: str) -> StripeSubscription:
        """A new period begins now."""
        with told():
            changed = self._v1.subscriptions.resume(
                reference,
                {"billing_cycle_anchor": {"type": "now"}, "expand": _EXPAND},
                {"idempotency_key": idempotency_key},
            )
            return _subscription(changed.to_dict())

    def preview_change(self, reference: str, price: str, *, quantity: int, at: datetime) -> Money:
        """What `change_price` would charge now, to the cent, for the same moment; below zero it is credit."""
        current = self.subscription(reference)
        details: InvoiceCreatePreviewParamsSubscriptionDetails = {
            "items": [{"id": current.item, "price": price, "quantity": quantity}],
            "proration_behavior": "always_invoice",
            "proration_date": int(at.timestamp()),
        }
        with told():
            invoice = self._v1.invoices.create_preview(
                {"subscription": reference, "subscription_details": details}
            )
            return Money.of_minor(invoice.total, invoice.currency.upper())

    def change_price(
        self, reference: str, price: str, *, quantity: int, at: datetime, idempotency_key: str
    ) -> StripeSubscription:
        """Another plan or number of seats from now on, charged in proportion at once."""
        current = self.subscription(reference)
        asked: SubscriptionUpdateParams = {
            "items": [{"id": current.item, "price": price, "quantity": quantity}],
            "proration_behavior": "always_invoice",
            "proration_date": int(at.timestamp()),
            "expand": _EXPAND,
        }
        with told():
            changed = self._v1.subscriptions.update(reference, asked, {"idempotency_key": idempotency_key})
            return _subscription(changed.to_dict())

    def ensure_price(
        self, *, lookup_key: str, product_name: str, money: Money, interval: Interval, interval_count: int
    ) -> str:
        """The price that is known at Stripe by our own number; made where there is none (C8: days by 35).

        A price never changes: a key that stands for another amount or interval is refused.
        """
        with told():
            known = self._v1.prices.list({"lookup_keys": [lookup_key], "limit": 1}).data
            if not known:
                made = self._v1.prices.create(
                    {
                        "currency": money.currency.lower(),
                        "unit_amount": money.minor_units(),
                        "recurring": {"interval": interval, "interval_count": interval_count},
                        "product_data": {"name": product_name},
                        "lookup_key": lookup_key,
                    },
                    {"idempotency_key": f"price:{lookup_key}"},
                )
                return made.id
            found = known[0].to_dict()
            recurring = found["recurring"] or {}
            is_same = (
                found["unit_amount"] == money.minor_units()
                and found["currency"] == money.currency.lower()
                and (recurring.get("interval"), recurring.get("interval_count")) == (interval, interval_count)
            )
        if not is_same:
            raise ProviderRefused("price_changed", f"{lookup_key} stands for another price at Stripe")
        return str(found["id"])

    def portal_url(self, customer: str, *, return_url: str) -> str:
        """Stripe's own page where a customer changes cards and sees invoices; for an hour."""
        with told():
            return self._v1.billing_portal.sessions.create(
                {"customer": customer, "return_url": return_url}
            ).url

    # -- kept cards (S3-97, S3-99)

    def begin_saving(self, customer: str, *, idempotency_key: str) -> tuple[str, str]:
        """A SetupIntent for the payer's app: its reference and client secret."""
        with told():
            made = self._v1.setup_intents.create(
                {
                    "customer": customer,
                    "usage": "off_session",
                    "automatic_payment_methods": {"enabled": True},
                    "metadata": {"tenant_id": str(self._tenant_id or "")},
                },
                {"idempotency_key": idempotency_key},
            )
            return made.id, str(made.client_secret)

    def saving_page(self, customer: str, *, currency: str, return_url: str, idempotency_key: str) -> str:
        """Stripe's page for the same, where there is no app."""
        with told():
            made = self._v1.checkout.sessions.create(
                {
                    "mode": "setup",
                    "customer": customer,
                    "currency": currency.lower(),
                    "success_url": return_url,
                    "cancel_url": return_url,
                },
                {"idempotency_key": idempotency_key},
            )
            return str(made.url)

    def saved_methods(self, customer: str) -> list[SavedReference]:
        """The cards that Stripe keeps for a customer, newest first."""
        with told():
            return [
                card_of(each.to_dict())
                for each in self._v1.customers.payment_methods.list(customer, {"limit": 100}).data
            ]

    def use_by_default(self, customer: str, method: str) -> None:
        """Charge this card when nobody says which."""
        with told():
            self._v1.customers.update(customer, {"invoice_settings": {"default_payment_method": method}})

    def remove_method(self, customer: str, method: str) -> None:
        """Forget a card; one that is not this customer's is refused, one that is gone is gone."""
        with told():
            found = self._v1.payment_methods.retrieve(method)
            if found.customer is None:
                return
            if found.customer != customer:
                raise ProviderRefused("not_found", "This card is not known here.")
            self._v1.payment_methods.detach(method)


def _subscription(found: dict[str, Any]) -> StripeSubscription:
    item = found["items"]["data"][0]
    invoice = found["latest_invoice"] if isinstance(found["latest_invoice"], dict) else {}
    waits = found["pending_setup_intent"] or invoice.get("confirmation_secret") or {}
    owes = found["status"] not in ("canceled", "incomplete_expired") and invoice.get("status") != "paid"
    asked_for = bool(found["pending_setup_intent"]) or owes
    return StripeSubscription(
        reference=found["id"],
        customer=str(found["customer"]),
        state=found["status"],
        period_start=moment(item["current_period_start"]),
        period_end=moment(item["current_period_end"]),
        cancel_at=moment(found["cancel_at"]),
        client_secret=str(waits.get("client_secret") or "") if asked_for else "",
        invoice_url=str(invoice.get("hosted_invoice_url") or ""),
        item=item["id"],
        price=item["price"]["id"],
    )
