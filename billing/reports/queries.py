"""Revenue of one seller: each figure is one aggregation in the database, for all rows of the report at once.

In the platform role, where the tables are; the seller is the tenant of the host, or the platform.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import (
    Case,
    CharField,
    DateField,
    DecimalField,
    F,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Round, TruncDay, TruncMonth, TruncWeek

from billing.payments.models import Payment, Purpose, Refund
from billing.subscriptions.models import Plan, SubscriptionCharge
from billing.subscriptions.options import READ_ONLY_AFTER
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.branding import brand_of
from shared_apps.core.context import platform_context
from shared_apps.core.money import MINOR_DIGITS
from shared_apps.users.hosts import HostTenant, id_of

from .movements import SUBSCRIBERS
from .options import FIXED, PERCENT
from .rules import Row, Unit, begin_of, borders

VIEW = "reports.view_revenue"
_TRUNC = {Unit.DAY: TruncDay, Unit.WEEK: TruncWeek, Unit.MONTH: TruncMonth}
_EXACT: DecimalField[Any, Any] = DecimalField(max_digits=38, decimal_places=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which part of the revenue; days both included, in the seller's time zone. Empty means all."""

    first: date
    last: date
    unit: Unit
    currency: str
    provider: str = ""
    plan: UUID | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The rows, and the same over the whole time. ``is_simulated``: some of it nobody real has paid."""

    rows: list[Row]
    total: Row
    is_simulated: bool


def revenue(actor: Actor, tenant: HostTenant | None, wanted: Wanted) -> Report:
    """What a seller has earned. Raises ForbiddenError, BadPeriod."""
    require(actor, VIEW)
    schema = actor.tenant_schema
    zone = ZoneInfo(brand_of(schema).time_zone or "UTC")
    days = borders(wanted.first, wanted.last, wanted.unit)
    marks = [datetime.combine(day, time.min, tzinfo=zone) for day in days]
    with platform_context():
        charges = _charges(tenant, wanted, marks)
        gross = _by_row(charges, "paid_at", F("minor_units"), wanted, zone)
        fees = _by_row(charges, "paid_at", _fee(schema, wanted.currency), wanted, zone)
        refunds = _by_row(_refunds(tenant, wanted, marks), "ended_at", F("minor_units"), wanted, zone)
        moved = _subscribers(tenant, wanted, marks, schema)
        whole = _subscribers(tenant, wanted, [marks[0], marks[-1]], schema)
        is_simulated = charges.filter(is_simulated=True).exists()
    rows = [
        replace(
            moved[index + 1],
            first=day,
            last=after - timedelta(days=1),
            gross=gross.get(day, 0),
            fees=fees.get(day, 0),
            refunds=refunds.get(day, 0),
        )
        for index, (day, after) in enumerate(pairwise(days))
    ]
    total = replace(
        whole[1],
        first=wanted.first,
        last=wanted.last,
        gross=sum(row.gross for row in rows),
        fees=sum(row.fees for row in rows),
        refunds=sum(row.refunds for row in rows),
    )
    return Report(rows, total, is_simulated)


@dataclass(frozen=True, slots=True)
class Choices:
    """What a report can be narrowed to."""

    currencies: list[str]
    providers: list[str]
    plans: list[tuple[str, str]]


def choices(actor: Actor, tenant: HostTenant | None) -> Choices:
    """The currencies, providers and plans that a seller has. Raises ForbiddenError."""
    require(actor, VIEW)
    with platform_context():
        paid = _with_provider(_paid(tenant))
        currencies = paid.order_by().values_list("currency", flat=True).distinct()
        providers = paid.order_by().values_list("provider", flat=True).distinct()
        plans = Plan.objects.filter(owner_id=id_of(tenant)).order_by("name").values_list("pk", "name")
        return Choices(
            sorted({*currencies, brand_of(actor.tenant_schema).currency}),
            sorted(providers),
            [(str(pk), name) for pk, name in plans],
        )


def _paid(tenant: HostTenant | None) -> QuerySet[SubscriptionCharge]:
    return SubscriptionCharge.objects.filter(
        version__plan__owner_id=id_of(tenant), state=SubscriptionCharge.State.PAID
    )


def _with_provider(rows: QuerySet[SubscriptionCharge]) -> QuerySet[Any]:
    """Through whom it was paid: the payment's provider, else the way of collecting (wallet, invoice)."""
    payment = Payment.objects.filter(pk=OuterRef("payment_id")).order_by().values("provider")[:1]
    return rows.annotate(
        provider=Coalesce(Subquery(payment), F("subscription__method"), output_field=CharField())
    )


def _charges(tenant: HostTenant | None, wanted: Wanted, marks: list[datetime]) -> QuerySet[Any]:
    rows = _with_provider(_paid(tenant)).filter(
        currency=wanted.currency, paid_at__gte=marks[0], paid_at__lt=marks[-1]
    )
    if wanted.provider:
        rows = rows.filter(provider=wanted.provider)
    return rows.filter(version__plan_id=wanted.plan) if wanted.plan else rows


def _refunds(tenant: HostTenant | None, wanted: Wanted, marks: list[datetime]) -> QuerySet[Any]:
    rows = Refund.objects.filter(
        tenant_id=id_of(tenant),
        payment__purpose=Purpose.SUBSCRIPTION,
        state=Refund.State.SUCCEEDED,
        currency=wanted.currency,
        ended_at__gte=marks[0],
        ended_at__lt=marks[-1],
    )
    if wanted.provider:
        rows = rows.filter(provider=wanted.provider)
    if wanted.plan:
        charge = SubscriptionCharge.objects.filter(payment_id=OuterRef("payment_id")).order_by()
        plan = Subquery(charge.values("version__plan_id")[:1], output_field=UUIDField())
        rows = rows.annotate(plan=plan).filter(plan=wanted.plan)
    return rows


def _fee(schema: str, currency: str) -> Any:
    """What the provider keeps of a charge, by the seller's rates, rounded to the minor unit."""
    unit = 10 ** MINOR_DIGITS.get(currency, 2)
    cases = []
    for provider, share in PERCENT.items():
        percent, fixed = share.value_for(schema), FIXED[provider].value_for(schema)
        if percent or fixed:
            amount = F("minor_units") * Value(percent / 100, _EXACT) + Value(fixed * unit, _EXACT)
            cases.append(When(provider=provider, then=Round(amount, output_field=_EXACT)))
    return Case(*cases, default=Value(Decimal(0), _EXACT), output_field=_EXACT)


def _by_row(
    rows: QuerySet[Any], moment: str, amount: Any, wanted: Wanted, zone: ZoneInfo
) -> Mapping[date, int]:
    """Sums by the first day of the report's row that a moment falls into; one query."""
    begin = _TRUNC[wanted.unit](moment, tzinfo=zone, output_field=DateField())
    found = rows.order_by().annotate(begin=begin).values("begin").annotate(sum=Sum(amount))
    return {max(wanted.first, row["begin"]): int(row["sum"]) for row in found}


def _subscribers(tenant: HostTenant | None, wanted: Wanted, marks: list[datetime], schema: str) -> list[Row]:
    """Who subscribes at each mark, what they pay a month, who came and who went since the mark before."""
    with connection.cursor() as cursor:
        cursor.execute(
            SUBSCRIBERS,
            {
                "marks": marks,
                "owner": id_of(tenant),
                "currency": wanted.currency,
                "provider": wanted.provider,
                "plan": wanted.plan,
                "unit": 10 ** MINOR_DIGITS.get(wanted.currency, 2),
                "grace": READ_ONLY_AFTER.value_for(schema),  # type: ignore[dict-item]  # psycopg knows intervals
            },
        )
        found = {number: rest for number, *rest in cursor.fetchall()}
    rows, before = [], 0
    for number in range(1, len(marks) + 1):
        subscribers, mrr, new, lost = found.get(number, (0, 0, 0, 0))
        rows.append(
            Row(wanted.first, wanted.last, mrr=int(mrr), subscribers=subscribers, new=new, lost=lost,
                before=before)
        )  # fmt: skip
        before = subscribers
    return rows


def first_day(last: date, unit: Unit) -> date:
    """Where a report begins that nobody gave a beginning: 30 days, 12 weeks or 12 months up to ``last``."""
    if unit is Unit.DAY:
        return last - timedelta(days=29)
    if unit is Unit.WEEK:
        return begin_of(last, unit) - timedelta(weeks=11)
    return begin_of(last.replace(day=1) - timedelta(days=330), unit)
