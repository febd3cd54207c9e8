"""The methods of collection that need no other app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .models import Subscription, SubscriptionCharge
from .services import paying


class SavedMethod:
    """By what the person last paid with: a card that the provider keeps; else the person is asked."""

    name = "payment"
    label = _("Card or another payment")

    def is_offered(self, contract: Subscription) -> bool:
        """Where the seller has an account that takes the currency."""
        return contract.pricing is not None and bool(paying.accounts_for(contract, contract.pricing.currency))

    def collect(self, contract: Subscription, charge: SubscriptionCharge) -> bool:
        """Begin a payment by the saved method; the worker asks the provider after the commit."""
        return paying.collect_by_saved_method(contract, charge)

    def changed(self, contract: Subscription) -> None:
        """Nothing is kept elsewhere."""


class Invoice:
    """By invoice: the person pays by other ways, the seller writes it down (``record_payment``)."""

    name = "invoice"
    label = _("Invoice")

    def is_offered(self, contract: Subscription) -> bool:
        """Where the plan asks for an invoice."""
        return bool(contract.version.terms["requires_invoice"])

    def collect(self, contract: Subscription, charge: SubscriptionCharge) -> bool:
        """Nothing is taken: the person is asked."""
        return False

    def changed(self, contract: Subscription) -> None:
        """Nothing is kept elsewhere."""
