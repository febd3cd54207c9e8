"""Tables of payments, in public: each row belongs to a tenant, or to the platform itself (no tenant).

Whose money it is says the configuration: one of a tenant takes its subscribers' payments, one of the platform
bills tenants. A tenant role reads its own rows without the sealed columns and writes none.
"""

from __future__ import annotations

from .base import BillingRow, Purpose, money_of
from .gateways import GatewayCustomer, PaymentGatewayConfig, SavedMethod
from .journals import ExternalObject, PaymentLog, StaffConfirmation, WebhookDelivery
from .moves import Dispute, Followed, Payment, Payout, Refund

__all__ = [
    "BillingRow",
    "Dispute",
    "ExternalObject",
    "Followed",
    "GatewayCustomer",
    "Payment",
    "PaymentGatewayConfig",
    "PaymentLog",
    "Payout",
    "Purpose",
    "Refund",
    "SavedMethod",
    "StaffConfirmation",
    "WebhookDelivery",
    "money_of",
]


def shown_to_tenants() -> tuple[type[BillingRow], ...]:
    """Tables of which a tenant role reads its own rows; the inbox and the routes are the platform's."""
    return (
        PaymentGatewayConfig,
        GatewayCustomer,
        SavedMethod,
        Payment,
        Refund,
        Payout,
        Dispute,
        PaymentLog,
        StaffConfirmation,
    )


def readable_columns(model: type[BillingRow]) -> tuple[str, ...]:
    """Columns that a tenant role may read: all but the sealed ones."""
    sealed = getattr(model, "sealed_columns", ())
    return tuple(
        str(field.column)
        for field in model._meta.local_concrete_fields
        if sealed and field.name not in sealed
    )
