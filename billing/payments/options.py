"""The numbers of payments, and which providers are in operation."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext_lazy as _

from shared_apps.core.options import Flag, Option, Scope, register

#: A provider works for whom its flag is on (C9: those not yet in operation are off).
FLAGS: Final = {
    "manual": register(
        Flag("payments.manual", default=True, label=_("Bank transfers confirmed by staff"), source="C9 S0-27")
    ),
    "stripe": register(
        Flag("payments.stripe", default=True, label=_("Payments by Stripe"), source="C9 S1-14")
    ),
    "paypal": register(Flag("payments.paypal", label=_("Payments by PayPal"), source="C9 S1-14")),
    "yookassa": register(Flag("payments.yookassa", label=_("Payments by SBP"), source="C9 S2-26")),
    "btcpay": register(Flag("payments.btcpay", label=_("Payments by crypto currencies"), source="C9 S2-24")),
}
FOUR_EYES_FROM = register(
    Option(
        "payments.two_confirmations_from",
        kind=Decimal,
        default=Decimal(1000),
        minimum=Decimal(0),
        maximum=Decimal(1_000_000_000),
        scope=Scope.TENANT,
        is_critical=True,
        label=_("Amount from which two people confirm a transfer, in its currency"),
        source="S1-17",
    )
)
UNPAID_LIFETIME = register(
    Option(
        "payments.unpaid_lifetime",
        kind=timedelta,
        default=timedelta(days=14),
        minimum=timedelta(hours=1),
        maximum=timedelta(days=90),
        scope=Scope.TENANT,
        label=_("How long a payment waits for its payer"),
        source="S4-16",
    )
)
WEBHOOK_TRIES = register(
    Option(
        "payments.webhook_tries",
        kind=int,
        default=14,
        minimum=1,
        maximum=100,
        label=_("Tries of a notification before it is given up"),
        source="F49",
    )
)
WEBHOOK_BYTES = register(
    Option(
        "payments.webhook_bytes",
        kind=int,
        default=256 * 1024,
        minimum=1024,
        maximum=2 * 1024 * 1024,
        unit="B",
        label=_("Largest notification that is read"),
        source="S4-78",
    )
)
POLL_INTERVAL = register(
    Option(
        "payments.poll_interval",
        kind=timedelta,
        default=timedelta(hours=1),
        minimum=timedelta(minutes=5),
        maximum=timedelta(days=1),
        label=_("How often open payments are asked about at their providers"),
        source="S4-16",
    )
)
