"""The numbers of wallets. Amounts are in one unit for all currencies: ``wallet.currencies`` says how much."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.core.errors import DomainError
from shared_apps.core.options import Option, Scope, register

from .rules.limits import WeightsError, read_weights


def _check_weights(text: str) -> None:
    try:
        read_weights(text)
    except WeightsError as error:
        raise DomainError(
            "wallet.weights",
            _("Write currencies with what one unit counts, like “EUR 1, USD 0.9”; not “%(part)s”.")
            % {"part": str(error)},
            field="value",
        ) from None


def _amount(name: str, default: str, label: str | Promise, source: str, **options: Any) -> Option[Decimal]:
    return register(
        Option(
            f"wallet.{name}",
            kind=Decimal,
            default=Decimal(default),
            minimum=Decimal(0),
            maximum=Decimal(10**12),
            scope=Scope.TENANT,
            is_critical=True,
            label=label,
            source=source,
            **options,
        )
    )


CURRENCIES = register(
    Option(
        "wallet.currencies",
        kind=str,
        default="EUR 1, USD 0.9, GBP 1.15, CHF 1.05, RUB 0.01, BTC 60000",
        scope=Scope.TENANT,
        is_critical=True,
        check=_check_weights,
        label=gettext_lazy("Currencies of wallets, each with what one unit counts against the limits"),
        source="S1-10 S1-17",
    )
)
DEPOSIT_MINIMUM = _amount("deposit_minimum", "1", gettext_lazy("Smallest deposit"), "S1-15")
DEPOSITS_A_DAY = _amount("deposits_a_day", "5000", gettext_lazy("Deposits of a member in 24 hours"), "S1-17")
DEPOSITS_A_MONTH = _amount(
    "deposits_a_month", "20000", gettext_lazy("Deposits of a member in 30 days"), "S1-17"
)
WITHDRAWAL_MINIMUM = _amount("withdrawal_minimum", "1", gettext_lazy("Smallest withdrawal"), "S1-16")
WITHDRAWALS_A_DAY = _amount(
    "withdrawals_a_day", "5000", gettext_lazy("Withdrawals of a member in 24 hours"), "S1-17"
)
WITHDRAWALS_A_MONTH = _amount(
    "withdrawals_a_month", "20000", gettext_lazy("Withdrawals of a member in 30 days"), "S1-17"
)
TRANSFER_MINIMUM = _amount("transfer_minimum", "0.01", gettext_lazy("Smallest transfer"), "S1-12")
TRANSFERS_A_DAY = _amount(
    "transfers_a_day", "2000", gettext_lazy("Transfers of a member to others in 24 hours"), "S1-17"
)
TRANSFER_PROOF_ABOVE = _amount(
    "transfer_proof_above", "100", gettext_lazy("Transfers above this ask for a proof of identity"), "S1-45"
)
APPROVAL_ABOVE = _amount(
    "approval_above", "0", gettext_lazy("Withdrawals above this wait for somebody's approval"), "F45"
)
FOUR_EYES_ABOVE = _amount(
    "four_eyes_above", "1000", gettext_lazy("Withdrawals above this wait for two people's approval"), "F45"
)
IDENTITY_ABOVE = _amount(
    "identity_above",
    "1000",
    gettext_lazy("Deposits, and withdrawals, of 30 days above this ask for a checked identity"),
    "S1-9 S1-17",
)
COOL_DOWN = register(
    Option(
        "wallet.cool_down",
        kind=timedelta,
        default=timedelta(hours=24),
        minimum=timedelta(0),
        maximum=timedelta(days=7),  # former addresses of an account are known for so long
        scope=Scope.TENANT,
        is_critical=True,
        label=gettext_lazy(
            "How long nothing is paid out to a new destination, and after a change of password or e-mail"
        ),
        source="F45",
    )
)
CARD_DELAY = register(
    Option(
        "wallet.card_delay",
        kind=timedelta,
        default=timedelta(days=3),
        minimum=timedelta(0),
        maximum=timedelta(days=180),
        scope=Scope.TENANT,
        is_critical=True,
        label=gettext_lazy("How long money from cards and other payments that can be called back stays"),
        source="S1-17",
    )
)
DESTINATIONS_AT_MOST = register(
    Option(
        "wallet.destinations_at_most",
        kind=int,
        default=10,
        minimum=1,
        maximum=100,
        scope=Scope.TENANT,
        label=gettext_lazy("Payout destinations that a member may have"),
        source="S1-16",
    )
)
