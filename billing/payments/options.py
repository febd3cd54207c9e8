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

#: How coins are judged; ``providers.crypto.policy`` says what each word means.
CRYPTO_CONFIRMATIONS = register(
    Option(
        "payments.crypto_confirmations",
        kind=str,
        default="1",
        choices=(("0", "0"), ("1", "1"), ("2", "2"), ("6", "6")),
        scope=Scope.TENANT,
        is_critical=True,
        label=_("Blocks that a payment in a crypto currency waits for"),
        source="S2-24",
    )
)
CRYPTO_TOLERANCE = register(
    Option(
        "payments.crypto_tolerance",
        kind=int,
        default=0,
        minimum=0,
        maximum=5,
        scope=Scope.TENANT,
        unit="%",
        label=_("What may be missing of a payment in a crypto currency"),
        source="S2-24",
    )
)
CRYPTO_PARTIAL = register(
    Option(
        "payments.crypto_partial",
        kind=str,
        default="credit",
        choices=(("credit", _("Credit")), ("refuse", _("Refuse"))),
        scope=Scope.TENANT,
        label=_("Too little in a crypto currency: credit what came, or refuse it"),
        source="S2-24",
    )
)
CRYPTO_OVER = register(
    Option(
        "payments.crypto_over",
        kind=str,
        default="credit",
        choices=(("credit", _("Credit")), ("asked", _("Only what was asked"))),
        scope=Scope.TENANT,
        label=_("Too much in a crypto currency: credit all of it, or what was asked"),
        source="S2-24",
    )
)
CRYPTO_LATE = register(
    Option(
        "payments.crypto_late",
        kind=str,
        default="same_currency",
        choices=(
            ("credit", _("Credit")),
            ("same_currency", _("Credit where the price was in it")),
            ("refuse", _("Refuse")),
        ),
        scope=Scope.TENANT,
        label=_("Late payments in a crypto currency: credit, credit where the price was in it, or refuse"),
        source="S2-24",
    )
)
CRYPTO_LIFETIME = register(
    Option(
        "payments.crypto_lifetime",
        kind=timedelta,
        default=timedelta(minutes=30),
        minimum=timedelta(minutes=5),
        maximum=timedelta(days=1),
        scope=Scope.TENANT,
        label=_("How long an address in a crypto currency waits for its payment"),
        source="S2-24",
    )
)
CRYPTO_MONITORING = register(
    Option(
        "payments.crypto_monitoring",
        kind=timedelta,
        default=timedelta(days=1),
        minimum=timedelta(hours=1),
        maximum=timedelta(days=7),
        scope=Scope.TENANT,
        label=_("How long a late payment in a crypto currency is still noticed"),
        source="S2-24",
    )
)
