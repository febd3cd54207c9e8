"""Revenue against examples reckoned by hand, and who may see whose."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.reports import queries
from billing.reports.options import FIXED, PERCENT
from billing.reports.queries import Report, Wanted
from billing.reports.rules import BadPeriod, Unit, begin_of, borders, churn
from billing.subscriptions.models import Subscription
from shared_apps.access.actors import Actor
from shared_apps.configuration.options import TIME_ZONE
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.options import values
from shared_apps.tenants.models import Tenant
from tests.reports.books import Books, at, four_months
from tests.support.pages import visitor

pytestmark = pytest.mark.req("S3-143", "F41")


@pytest.fixture
def books(acme: Tenant) -> Iterator[Books]:
    """acme's four months; Stripe keeps 2.9 % and 0.25 of each payment."""
    with transaction.atomic(), platform_context():
        made = four_months(acme)
    with values({PERCENT["stripe"]: Decimal("2.9"), FIXED["stripe"]: Decimal("0.25")}):
        yield made


def report(seller: Tenant | None, first: str = "2026-01-01", last: str = "2026-04-30", **more: Any) -> Report:
    wanted = Wanted(
        first=date.fromisoformat(first), last=date.fromisoformat(last),
        **({"unit": Unit.MONTH, "currency": "EUR"} | more),
    )  # fmt: skip
    schema = seller.schema_name if seller else "public"
    if seller is None:
        return queries.revenue(Actor.system("test"), None, wanted)
    with tenant_context(seller):
        return queries.revenue(Actor.system("test", schema), seller, wanted)


def test_by_month(acme: Tenant, books: Books) -> None:
    """Fees: 35.00 keeps 1.265 → 1.27, 30.00 keeps 1.12; the year was paid by bank and keeps nothing.

    MRR: 35.00 in 35 days is 35 × 365 / 12 / 35 = 30.42 a month, 120.00 a year 10.00, three seats 30.00.
    The late one is lost 21 days after 16 March.
    """
    rows = report(acme).rows
    assert [row.first for row in rows] == [date(2026, month, 1) for month in (1, 2, 3, 4)]
    assert [row.gross for row in rows] == [15500, 6500, 0, 0]
    assert [row.fees for row in rows] == [127, 239, 0, 0]
    assert [row.refunds for row in rows] == [0, 0, 1000, 0]
    assert [row.net for row in rows] == [15373, 6261, -1000, 0]
    assert [row.mrr for row in rows] == [4042, 7042, 4042, 1000]
    assert [row.arr for row in rows] == [48504, 84504, 48504, 12000]
    assert [row.subscribers for row in rows] == [2, 3, 2, 1]
    assert [row.new for row in rows] == [2, 1, 0, 0]
    assert [row.lost for row in rows] == [0, 0, 1, 1]
    assert [row.churn for row in rows] == [None, Decimal(0), Decimal("0.3333"), Decimal("0.5")]


def test_over_the_whole_time(acme: Tenant, books: Books) -> None:
    total = report(acme).total
    assert (total.gross, total.fees, total.refunds, total.net) == (22000, 366, 1000, 20634)
    assert (total.subscribers, total.mrr, total.new, total.lost, total.churn) == (1, 1000, 1, 0, None)
    later = report(acme, "2026-02-15").total
    assert (later.before, later.new, later.lost, later.churn) == (3, 0, 2, Decimal("0.6667"))


@pytest.mark.parametrize(
    ("narrowed", "gross", "refunds", "fees", "mrr"),
    [
        ({"provider": "stripe"}, [3500, 6500, 0, 0], 1000, 366, [3042, 6042, 3042, 0]),
        ({"provider": "invoice"}, [12000, 0, 0, 0], 0, 0, [1000, 1000, 1000, 1000]),
        ({"plan": "Team"}, [0, 3000, 0, 0], 1000, 112, [0, 3000, 0, 0]),
        ({"plan": "Basic"}, [3500, 3500, 0, 0], 0, 254, [3042, 3042, 3042, 0]),
        ({"currency": "USD"}, [0, 0, 0, 0], 0, 0, [0, 0, 0, 0]),
    ],
    ids=["stripe", "invoice", "team", "basic", "dollars"],
)
def test_narrowed(
    acme: Tenant, books: Books, narrowed: dict, gross: list, refunds: int, fees: int, mrr: list
) -> None:
    if plan := narrowed.get("plan"):
        narrowed = {"plan": books.versions[plan].plan_id}
    found = report(acme, **narrowed)
    assert [row.gross for row in found.rows] == gross
    assert (found.total.refunds, found.total.fees) == (refunds, fees)
    assert [row.mrr for row in found.rows] == mrr


def test_rows_are_cut_where_the_report_is(acme: Tenant, books: Books) -> None:
    weeks = report(acme, "2026-01-07", "2026-02-10", unit=Unit.WEEK).rows
    assert [(row.first, row.last) for row in weeks][:2] == [
        (date(2026, 1, 7), date(2026, 1, 11)), (date(2026, 1, 12), date(2026, 1, 18)),
    ]  # fmt: skip
    assert weeks[-1].last == date(2026, 2, 10)
    assert sum(row.gross for row in weeks) == 12000 + 3500 + 3000
    days = report(acme, "2026-02-09", "2026-02-10", unit=Unit.DAY).rows
    assert [row.gross for row in days] == [3500, 3000]


def test_a_day_is_the_sellers_day(acme: Tenant) -> None:
    with transaction.atomic(), platform_context():
        books = Books(acme)
        books.plan("Basic", "35.00", "day", 35)
        contract = books.contract("Basic", "2026-03-09")
        books.pay(contract, "2026-01-31", 3500)
        contract.charges.update(paid_at=datetime.fromisoformat("2026-01-31T20:00:00+00:00"))
    with values({TIME_ZONE: "Asia/Tokyo"}):  # where it is five in the morning of the first of February
        assert [row.gross for row in report(acme, last="2026-02-28").rows] == [0, 3500]


def test_contracts_that_have_not_begun_pause_or_change_are_still_there(acme: Tenant) -> None:
    with transaction.atomic(), platform_context():
        books = Books(acme)
        books.plan("Basic", "30.00", "month")
        books.plan("Pro", "90.00", "month")
        prepaid = books.contract("Basic", None, status="inactive", is_prepaid=True)
        books.pay(prepaid, "2026-01-02", 3000)
        paused = books.contract("Basic", "2026-02-02", paused_at=at("2026-01-20"))
        books.pay(paused, "2026-01-02", 3000)
        changed = books.contract("Pro", "2026-02-02")
        books.pay(changed, "2026-01-02", 3000, pricing=books.prices["Basic"])
        books.pay(changed, "2026-01-15", 3000, kind="change")
    rows = report(acme, "2026-01-10", "2026-01-31", unit=Unit.DAY).rows
    assert rows[0].mrr == 9000  # three at 30.00
    assert rows[-1].mrr == 15000  # one of them at 90.00 now
    assert (sum(row.new for row in rows), sum(row.lost for row in rows)) == (0, 0)


def test_the_platform_and_other_tenants_have_their_own(acme: Tenant, globex: Tenant, books: Books) -> None:
    with transaction.atomic(), platform_context():
        Subscription.objects.filter(info__tenant=globex, info__user=None).delete()
        own = Books(None, globex)
        own.plan("Starter", "49.00", "month")
        own.pay(own.contract("Starter", "2026-02-10"), "2026-01-10", 4900)
    assert report(globex).total.gross == 0
    assert (report(None).total.gross, report(acme).total.gross) == (4900, 22000)


def test_it_asks_as_often_for_a_year_of_days_as_for_one(acme: Tenant, books: Books) -> None:
    counts = []
    for last in ("2026-01-01", "2026-12-31"):
        report(acme, last=last, unit=Unit.DAY)
        with CaptureQueriesContext(connection) as asked:
            assert report(acme, last=last, unit=Unit.DAY).rows
        counts.append(len(asked))
    assert counts[0] == counts[1]


class TestPeriods:
    def test_borders(self) -> None:
        days = borders(date(2024, 2, 28), date(2024, 3, 1), Unit.DAY)
        assert days == [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 2)]
        assert borders(date(2025, 12, 15), date(2026, 2, 3), Unit.MONTH) == [
            date(2025, 12, 15), date(2026, 1, 1), date(2026, 2, 1), date(2026, 2, 4),
        ]  # fmt: skip
        assert begin_of(date(2026, 1, 4), Unit.WEEK) == date(2025, 12, 29)

    def test_too_many_and_backwards(self) -> None:
        with pytest.raises(BadPeriod):
            borders(date(2026, 1, 2), date(2026, 1, 1), Unit.DAY)
        with pytest.raises(BadPeriod):
            borders(date(2026, 1, 1), date(2026, 1, 1) + timedelta(days=500), Unit.DAY)

    def test_churn_of_nobody_is_none(self) -> None:
        assert churn(0, 0) is None
        assert churn(1, 8) == Decimal("0.125")


class TestDoors:
    QUERY = "?unit=month&since=2026-01-01&until=2026-04-30"

    def test_the_page_shows_the_figures_and_draws_them(self, books: Books) -> None:
        shown = visitor("acme", "staff").get(f"/revenue/{self.QUERY}").content.decode()
        for figure in ("220.00", "206.34", "3.66", "40.42"):
            assert figure in shown, figure
        found = re.search(r'<script id="revenue-points" type="application/json">(.*?)</script>', shown)
        assert found is not None
        assert json.loads(found[1])[0] == {"time": "2026-01-01", "gross": "155.00", "net": "153.73"}

    def test_the_file_has_the_same_rows(self, books: Books) -> None:
        answer = visitor("acme", "auditor").get(f"/revenue/csv/{self.QUERY}&provider=stripe")
        rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
        assert answer["Content-Type"].startswith("text/csv")
        assert rows[1] == {
            "from": "2026-02-01", "to": "2026-02-28", "currency": "EUR", "gross": "65.00", "refunds": "0.00",
            "fees": "2.39", "net": "62.61", "mrr": "60.42", "arr": "725.04", "subscribers": "2", "new": "1",
            "lost": "0", "churn": "0.0000",
        }  # fmt: skip

    @pytest.mark.parametrize(
        "query",
        ["?since=2026-02-01&until=2026-01-01", "?since=2020-01-01&until=2026-01-01", "?unit=year", "?currency=XXX", "?plan=x"],
        ids=["backwards", "many", "unit", "currency", "plan"],
    )  # fmt: skip
    def test_what_is_not_understood_is_refused(self, acme: Tenant, query: str) -> None:
        staff = visitor("acme", "staff")
        assert staff.get(f"/revenue/{query}").status_code == 400
        assert staff.get(f"/revenue/csv/{query}").status_code == 400

    def test_subscribers_see_nothing_of_it(self, books: Books) -> None:
        assert visitor("acme", "trader").get("/revenue/").status_code == 403
        assert "220.00" not in visitor(None, "superadmin").get(f"/revenue/{self.QUERY}").content.decode()
