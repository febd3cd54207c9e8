"""Who sells, as it stands on invoices, and how they are numbered and taxed. Each seller has its own."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from shared_apps.core.errors import DomainError
from shared_apps.core.options import Option, Scope, Text, register

_PREFIX = re.compile(r"[A-Z0-9][A-Z0-9/-]{0,11}\Z")
_SOURCE = "F41 F42"


def _refusal(rule: str, message: str) -> DomainError:
    return DomainError(f"invoices.{rule}", message, field="value")


def _check_country(code: str) -> None:
    if code and code not in countries:
        raise _refusal("country", _("A country is two capital letters, like FR."))


def _check_prefix(prefix: str) -> None:
    if not _PREFIX.match(prefix):
        raise _refusal("prefix", _("Up to 12 capital letters, digits, hyphens and slashes."))


def _check_percent(text: str) -> None:
    try:
        percent = Decimal(text or "0")
    except InvalidOperation:
        percent = Decimal(-1)
    if not percent.is_finite() or not 0 <= percent <= 100 or percent != round(percent, 4):
        raise _refusal(
            "percent", _("A number between 0 and 100, or nothing for the country's standard rate.")
        )


def _text(name: str, label: Text, *, help_text: Text = "") -> Option[str]:
    return register(
        Option(
            f"invoices.{name}",
            kind=str,
            default="",
            scope=Scope.TENANT,
            is_critical=True,
            label=label,
            help_text=help_text,
            source=_SOURCE,
        )
    )


SELLER_NAME = _text(
    "seller_name",
    gettext_lazy("Legal name on invoices"),
    help_text=gettext_lazy("Empty: the organisation's name."),
)
SELLER_ADDRESS = _text("seller_address", gettext_lazy("Address on invoices"))
SELLER_COUNTRY = register(
    Option(
        "invoices.seller_country",
        kind=str,
        default="",
        scope=Scope.TENANT,
        is_critical=True,
        check=_check_country,
        label=gettext_lazy("Country on invoices"),
        help_text=gettext_lazy("Two letters, like FR."),
        source=_SOURCE,
    )
)
SELLER_VAT_ID = _text(
    "seller_vat_id",
    gettext_lazy("VAT id on invoices"),
    help_text=gettext_lazy("Without a valid one of your country no tax is charged."),
)
SELLER_BANK = _text("seller_bank", gettext_lazy("Bank account on invoices"))
INVOICE_PREFIX = register(
    Option(
        "invoices.invoice_prefix",
        kind=str,
        default="INV",
        scope=Scope.TENANT,
        check=_check_prefix,
        label=gettext_lazy("What invoice numbers begin with"),
        source=_SOURCE,
    )
)
CREDIT_PREFIX = register(
    Option(
        "invoices.credit_prefix",
        kind=str,
        default="CN",
        scope=Scope.TENANT,
        check=_check_prefix,
        label=gettext_lazy("What numbers of credit notes begin with"),
        source=_SOURCE,
    )
)
PRICES_INCLUDE_TAX = register(
    Option(
        "invoices.prices_include_tax",
        kind=bool,
        default=True,
        scope=Scope.TENANT,
        label=gettext_lazy("Prices include tax"),
        source=_SOURCE,
    )
)
ONE_STOP_SHOP = register(
    Option(
        "invoices.one_stop_shop",
        kind=bool,
        default=False,
        scope=Scope.TENANT,
        label=gettext_lazy("Consumers elsewhere in the EU pay their own country's rate (one-stop shop)"),
        source=_SOURCE,
    )
)
DOMESTIC_PERCENT = register(
    Option(
        "invoices.domestic_percent",
        kind=str,
        default="",
        unit="%",
        scope=Scope.TENANT,
        check=_check_percent,
        label=gettext_lazy("Tax rate at home"),
        help_text=gettext_lazy("Empty: the country's standard rate."),
        source=_SOURCE,
    )
)
