"""What happens to money at providers. Told inside the tenant, in the transaction of the change."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class PaymentBegun(Event):
    """Somebody is going to pay."""

    name = "payments.payment_begun"

    payment_id: UUID
    purpose: str
    reference: str
    provider: str
    configuration_id: UUID
    user_id: int | None
    currency: str
    minor_units: int


@dataclass(frozen=True, kw_only=True)
class PaymentSucceeded(Event):
    """Money has come in. ``minor_units`` is what counts: what was asked for, of a deposit what arrived.

    ``key`` is the key for the ledger; ``payment_id`` may have failed before, when it comes late.
    """

    name = "payments.payment_succeeded"

    payment_id: UUID
    purpose: str
    reference: str
    provider: str
    configuration_id: UUID
    user_id: int | None
    currency: str
    minor_units: int
    key: str


@dataclass(frozen=True, kw_only=True)
class PaymentFailed(Event):
    """No money came: declined, cancelled or run out. ``key`` as in PaymentSucceeded."""

    name = "payments.payment_failed"

    payment_id: UUID
    purpose: str
    reference: str
    provider: str
    configuration_id: UUID
    user_id: int | None
    currency: str
    minor_units: int
    key: str
    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class RefundBegun(Event):
    """Somebody gives money back; it is on its way."""

    name = "payments.refund_begun"

    payment_id: UUID
    refund_id: UUID
    user_id: int | None
    currency: str
    minor_units: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class PaymentRefunded(Event):
    """A refund has succeeded; ``minor_units`` is the refund's."""

    name = "payments.payment_refunded"

    payment_id: UUID
    refund_id: UUID
    purpose: str
    reference: str
    provider: str
    configuration_id: UUID
    user_id: int | None
    currency: str
    minor_units: int
    key: str


@dataclass(frozen=True, kw_only=True)
class RefundFailed(Event):
    """A refund came to nothing. ``was_refunded``: PaymentRefunded had been told before (a late failure)."""

    name = "payments.refund_failed"

    payment_id: UUID
    refund_id: UUID
    purpose: str
    reference: str
    provider: str
    configuration_id: UUID
    user_id: int | None
    currency: str
    minor_units: int
    key: str
    code: str
    was_refunded: bool


@dataclass(frozen=True, kw_only=True)
class PaymentDisputed(Event):
    """The payer's bank takes the money back until it is decided."""

    name = "payments.payment_disputed"

    payment_id: UUID
    dispute_id: UUID
    purpose: str
    reference: str
    provider: str
    configuration_id: UUID
    user_id: int | None
    currency: str
    minor_units: int
    key: str


@dataclass(frozen=True, kw_only=True)
class DisputeClosed(Event):
    """It is decided; with ``won`` the money comes back."""

    name = "payments.dispute_closed"

    payment_id: UUID
    dispute_id: UUID
    purpose: str
    reference: str
    provider: str
    configuration_id: UUID
    user_id: int | None
    currency: str
    minor_units: int
    key: str
    won: bool


@dataclass(frozen=True, kw_only=True)
class PayoutBegun(Event):
    """Money is going to be sent."""

    name = "payments.payout_begun"

    payout_id: UUID
    purpose: str
    reference: str
    provider: str
    configuration_id: UUID
    user_id: int | None
    currency: str
    minor_units: int


@dataclass(frozen=True, kw_only=True)
class PayoutSettled(Event):
    """Money has arrived where it was sent."""

    name = "payments.payout_settled"

    payout_id: UUID
    purpose: str
    reference: str
    provider: str
    configuration_id: UUID
    user_id: int | None
    currency: str
    minor_units: int
    key: str


@dataclass(frozen=True, kw_only=True)
class PayoutFailed(Event):
    """Money did not arrive. ``was_settled``: PayoutSettled had been told before (it came back)."""

    name = "payments.payout_failed"

    payout_id: UUID
    purpose: str
    reference: str
    provider: str
    configuration_id: UUID
    user_id: int | None
    currency: str
    minor_units: int
    key: str
    code: str
    was_settled: bool


@dataclass(frozen=True, kw_only=True)
class GatewayConfigured(Event):
    """Somebody made, changed, enabled or disabled an account at a provider."""

    name = "payments.gateway_configured"

    configuration_id: UUID
    provider: str
    is_enabled: bool
    changed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ReceiptConfirmed(Event):
    """Somebody of the staff said what happened to a transfer."""

    name = "payments.receipt_confirmed"

    object_kind: str
    object_id: UUID
    happened: bool
    is_enough: bool


@dataclass(frozen=True, kw_only=True)
class MethodSaved(Event):
    """A payer keeps a method for later."""

    name = "payments.method_saved"

    savedmethod_id: UUID
    user_id: int | None
    provider: str


@dataclass(frozen=True, kw_only=True)
class MethodRemoved(Event):
    """A payer's saved method is not used any more."""

    name = "payments.method_removed"

    savedmethod_id: UUID
    user_id: int | None
    provider: str


@dataclass(frozen=True, kw_only=True)
class DeliveryReplayed(Event):
    """A superadmin has a notification looked at again."""

    name = "payments.delivery_replayed"

    webhookdelivery_id: UUID
    provider: str


@dataclass(frozen=True, kw_only=True)
class DeliveryDied(Event):
    """A notification was given up after many tries: a person must look."""

    name = "payments.delivery_died"

    webhookdelivery_id: UUID
    provider: str
    reason: str
