"""Stripe as a kind of provider: its fields, capabilities and currencies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.payments.providers.base import Capability, ConfigField, ProviderType
from shared_apps.core.errors import DomainError

from .provider import StripeProvider

NAME: Final = "stripe"
#: Those whose smallest units Stripe counts as we do.
CURRENCIES: Final = (
    "EUR", "USD", "GBP", "CHF", "PLN", "CZK", "SEK", "NOK", "DKK", "CAD", "AUD", "NZD", "SGD", "HKD", "JPY",
)  # fmt: skip
_FORMS: Final = {
    "secret_key": r"(sk|rk)_(test|live)_\w{8,}",
    "public_key": r"pk_(test|live)_\w{8,}",
    "webhook_secret": r"whsec_\S{8,}",
}


def check_settings(given: Mapping[str, str]) -> None:
    """Raises DomainError naming the field that is no key of Stripe's, or mixes test and live."""
    for field, form in _FORMS.items():
        if given.get(field) and not re.fullmatch(form, given[field]):
            raise DomainError("payments.stripe_key", _("This is no such key of Stripe's."), field=field)
    keys = [given[name] for name in ("secret_key", "public_key") if given.get(name)]
    if len({key.split("_")[1] for key in keys}) > 1:
        raise DomainError(
            "payments.stripe_mode", _("One key is for tests, the other is live."), field="public_key"
        )


def check_destination(given: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """A connected account; shown are its last four characters."""
    account = given.get("account", "").strip()
    if not re.fullmatch(r"acct_\w{8,}", account):
        raise DomainError("payments.stripe_account", _("This is no account at Stripe."), field="account")
    return {"account": account}, f"Stripe … {account[-4:]}"


TYPE: Final = ProviderType(
    name=NAME,
    label="Stripe",
    capabilities=frozenset(
        {
            Capability.CARD,
            Capability.SAVED,
            Capability.REFUND,
            Capability.PARTIAL_REFUND,
            Capability.PAYOUT,
            Capability.RECURRING,
        }
    ),
    currencies=CURRENCIES,
    fields=(
        ConfigField(name="secret_key", label=gettext_lazy("Secret key"), is_secret=True),
        ConfigField(name="public_key", label=gettext_lazy("Publishable key")),
        ConfigField(
            name="webhook_secret",
            label=gettext_lazy("Signing secret of notifications"),
            is_secret=True,
            is_required=False,
        ),
    ),
    build=StripeProvider,
    check_settings=check_settings,
    check_destination=check_destination,
    destination_fields=(ConfigField(name="account", label=gettext_lazy("Account at Stripe")),),
)
