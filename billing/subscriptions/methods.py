"""The methods of collection that need no other app."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .models import Subscription, SubscriptionCharge


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
