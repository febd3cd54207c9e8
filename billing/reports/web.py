"""The page "Revenue" on both hosts, and the same as CSV."""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shared_apps.access.pages import actor_of, page
from shared_apps.core.branding import brand_of
from shared_apps.core.context import PUBLIC, host_schema
from shared_apps.core.money import MINOR_DIGITS, Money
from shared_apps.users.hosts import host_tenant

from . import queries
from .queries import Choices, Report, Wanted
from .rules import MOST_BUCKETS, BadPeriod, Row, Unit, borders

_DATE = forms.DateInput(attrs={"type": "date"})
_UNITS = (
    (Unit.DAY, gettext_lazy("Day")),
    (Unit.WEEK, gettext_lazy("Week")),
    (Unit.MONTH, gettext_lazy("Month")),
)
#: Column of the file: its amounts are plain decimals of the currency.
_COLUMNS = (
    "from", "to", "currency", "gross", "refunds", "fees", "net", "mrr", "arr", "subscribers", "new", "lost",
    "churn",
)  # fmt: skip


class RevenueForm(forms.Form):
    """Which part of the revenue. Days are the seller's."""

    unit = forms.ChoiceField(label=gettext_lazy("By"), choices=_UNITS, required=False)
    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=_DATE)
    until = forms.DateField(label=gettext_lazy("To"), required=False, widget=_DATE)
    currency = forms.ChoiceField(label=gettext_lazy("Currency"), required=False)
    provider = forms.ChoiceField(label=gettext_lazy("Paid through"), required=False)
    plan = forms.ChoiceField(label=gettext_lazy("Plan"), required=False)

    def __init__(self, *args: Any, known: Choices, today: date, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._today, self._currency = today, currency
        every = ("", _("All"))
        self._offer("currency", [(code, code) for code in known.currencies])
        self._offer("provider", [every, *((name, name) for name in known.providers)])
        self._offer("plan", [every, *known.plans])

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """What was left out: by month, up to today, in the seller's currency."""
        given: dict[str, Any] = super().clean() or {}
        unit = Unit(given.get("unit") or Unit.DAY)
        last = given.get("until") or self._today
        first = given.get("since") or queries.first_day(last, unit)
        if not self.errors:
            try:
                borders(first, last, unit)
            except BadPeriod as problem:
                texts = {
                    "order": _("The end must be after the beginning."),
                    "many": _("At most %(count)d rows: choose weeks or months.") % {"count": MOST_BUCKETS},
                }
                self.add_error("until", texts[str(problem)])
        return given | {"unit": unit, "since": first, "until": last}

    def wanted(self) -> Wanted:
        """What the query is asked for."""
        given = self.cleaned_data
        return Wanted(
            first=given["since"],
            last=given["until"],
            unit=given["unit"],
            currency=given["currency"] or self._currency,
            provider=given["provider"],
            plan=UUID(given["plan"]) if given["plan"] else None,
        )


@page(queries.VIEW)
def revenue(request: HttpRequest) -> HttpResponse:
    """What was earned, by day, week or month, with a chart; narrowed to a currency, provider or plan."""
    form = _form(request)
    context: dict[str, Any] = {
        "frame": "platform_base.html" if host_schema() == PUBLIC else "base.html",
        "breadcrumbs": [(_("Revenue"), "")],
        "form": form,
        "query": request.GET.urlencode(),
    }
    if not form.is_valid():
        return render(request, "reports/revenue.html", context, status=400)
    wanted, report = _report(request, form)
    context |= {
        "wanted": wanted,
        "initial": {
            "unit": wanted.unit,
            "since": wanted.first,
            "until": wanted.last,
            "currency": wanted.currency,
        },
        "report": report,
        "total": _shown(report.total, wanted.currency),
        "rows": [_shown(row, wanted.currency) for row in reversed(report.rows)],
        "points": [
            {
                "time": str(row.first),
                "gross": _amount(row.gross, wanted.currency),
                "net": _amount(row.net, wanted.currency),
            }
            for row in report.rows
        ],
        "digits": MINOR_DIGITS[wanted.currency],
        "is_empty": not any((report.total.gross, report.total.refunds, report.total.subscribers)),
    }
    return render(request, "reports/revenue.html", context)


@page(queries.VIEW)
def revenue_csv(request: HttpRequest) -> HttpResponse:
    """The same rows as a file: plain decimals, days as in ISO 8601, churn as a fraction."""
    form = _form(request)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=400, content_type="text/plain; charset=utf-8")
    wanted, report = _report(request, form)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for row in report.rows:
        money = [_amount(value, wanted.currency) for value in _money_of(row)]
        ends = [row.subscribers, row.new, row.lost, "" if row.churn is None else row.churn]
        writer.writerow([row.first, row.last, wanted.currency, *money, *ends])
    name = f"revenue-{wanted.first}-{wanted.last}-{wanted.currency}.csv"
    response = HttpResponse(file.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store, private"
    return response


def _form(request: HttpRequest) -> RevenueForm:
    actor, schema = actor_of(request), host_schema()
    brand = brand_of(schema)
    today = timezone.now().astimezone(ZoneInfo(brand.time_zone or "UTC")).date()
    known = queries.choices(actor, host_tenant(request))
    return RevenueForm(request.GET, known=known, today=today, currency=brand.currency)


def _report(request: HttpRequest, form: RevenueForm) -> tuple[Wanted, Report]:
    wanted = form.wanted()
    return wanted, queries.revenue(actor_of(request), host_tenant(request), wanted)


def _money_of(row: Row) -> tuple[int, ...]:
    return row.gross, row.refunds, row.fees, row.net, row.mrr, row.arr


def _amount(minor_units: int, currency: str) -> str:
    return f"{Money.of_minor(minor_units, currency).amount:f}"


def _shown(row: Row, currency: str) -> dict[str, Any]:
    names = ("gross", "refunds", "fees", "net", "mrr", "arr")
    shown: dict[str, Any] = {
        name: Money.of_minor(value, currency) for name, value in zip(names, _money_of(row), strict=True)
    }
    return shown | {"row": row}
