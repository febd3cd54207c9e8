"""Numbers of subscriptions that people may change. A tenant's count for its own subscribers, the platform's
for tenants."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from shared_apps.core.errors import DomainError
from shared_apps.core.options import Option, Scope, register

from .rules.clock import Basis

_DAY: Final = timedelta(days=1)


def reminder_days(text: str) -> tuple[timedelta, ...]:
    """The days of ``"0,3,7,14"``. Raises ValueError."""
    days = [int(part) for part in text.split(",")]
    if not days or days != sorted(set(days)) or days[0] < 0 or days[-1] > 365 or len(days) > 20:
        raise ValueError("days rise from 0 to 365")
    return tuple(timedelta(days=day) for day in days)


def _check_days(text: str) -> None:
    try:
        reminder_days(text)
    except ValueError:
        message = _("Give whole days that rise, like 0,3,7,14.")
        raise DomainError("subscriptions.reminder_days", str(message), field="value") from None


REQUIRED_TO_TRADE = register(
    Option(
        "subscriptions.required_to_trade",
        kind=bool,
        default=False,
        scope=Scope.TENANT,
        label=_("Trading, bots and real accounts need a subscription"),
        source="F40",
    )
)
CYCLE = register(
    Option(
        "subscriptions.cycle",
        kind=timedelta,
        default=35 * _DAY,
        minimum=timedelta(0),
        maximum=365 * _DAY,
        scope=Scope.TENANT,
        label=_("From the first data source to the first payment, where the price has no trial of its own"),
        source="S0-23 S0-24",
    )
)
BASIS = register(
    Option(
        "subscriptions.basis",
        kind=str,
        default=Basis.PAYMENT.value,
        choices=(
            (Basis.PAYMENT.value, _("From the payment")),
            (Basis.DUE_DATE.value, _("From the due date")),
        ),
        scope=Scope.TENANT,
        label=_("What the next period is counted from"),
        source="S0-25 C8",
    )
)
REMINDERS = register(
    Option(
        "subscriptions.reminders",
        kind=str,
        default="0,3,7,14",
        scope=Scope.TENANT,
        label=_("Days after the due date on which a payment is tried and asked for again"),
        source="F42",
        check=_check_days,
    )
)
READ_ONLY_AFTER = register(
    Option(
        "subscriptions.read_only_after",
        kind=timedelta,
        default=21 * _DAY,
        minimum=timedelta(0),
        maximum=365 * _DAY,
        scope=Scope.TENANT,
        label=_("From the due date until nothing can be changed any more"),
        source="F42",
    )
)
SUSPENDED_AFTER = register(
    Option(
        "subscriptions.suspended_after",
        kind=timedelta,
        default=35 * _DAY,
        minimum=timedelta(0),
        maximum=730 * _DAY,
        scope=Scope.TENANT,
        label=_("From the due date until the doors are closed"),
        source="F42",
    )
)
LONGEST_PAUSE = register(
    Option(
        "subscriptions.longest_pause",
        kind=timedelta,
        default=90 * _DAY,
        minimum=timedelta(0),
        maximum=365 * _DAY,
        scope=Scope.TENANT,
        label=_("How long a subscription may be paused; then it goes on by itself"),
        source="F42",
    )
)
QUOTE_LIFETIME = register(
    Option(
        "subscriptions.quote_lifetime",
        kind=timedelta,
        default=timedelta(minutes=15),
        minimum=timedelta(minutes=1),
        maximum=timedelta(hours=24),
        label=_("How long the preview of a change holds"),
        source="F42",
    )
)
INVOICE_DUE = register(
    Option(
        "subscriptions.invoice_due",
        kind=timedelta,
        default=14 * _DAY,
        minimum=timedelta(0),
        maximum=365 * _DAY,
        scope=Scope.TENANT,
        label=_("How long an invoice for a subscription may wait for its payment"),
        source="S4-45",
    )
)
