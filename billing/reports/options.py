"""What providers keep of a payment: they bill it elsewhere, so reports reckon with these rates."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.utils.translation import gettext_lazy as _

from shared_apps.core.options import Option, Scope, register

#: Providers and ways of collecting that may cost something.
PROVIDERS: Final = ("stripe", "paypal", "yookassa", "btcpay", "manual")


def _percent(provider: str) -> Option[Decimal]:
    return register(
        Option(
            f"reports.{provider}_fee_percent",
            kind=Decimal,
            default=Decimal(0),
            minimum=Decimal(0),
            maximum=Decimal(50),
            unit="%",
            scope=Scope.TENANT,
            label=_("Share of a payment that %(provider)s keeps") % {"provider": provider},
            source="S3-143",
        )
    )


def _fixed(provider: str) -> Option[Decimal]:
    return register(
        Option(
            f"reports.{provider}_fee_fixed",
            kind=Decimal,
            default=Decimal(0),
            minimum=Decimal(0),
            maximum=Decimal(1000),
            scope=Scope.TENANT,
            label=_("What %(provider)s keeps of a payment besides, in its currency") % {"provider": provider},
            source="S3-143",
        )
    )


PERCENT: Final = {provider: _percent(provider) for provider in PROVIDERS}
FIXED: Final = {provider: _fixed(provider) for provider in PROVIDERS}
