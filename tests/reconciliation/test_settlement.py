"""The daily sweep, and that all tenants and the platform sum to zero."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from billing.reconciliation import services
from billing.reconciliation.models import ReconciliationRun
from shared_apps.access.actors import Actor
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.errors import ConflictError, ForbiddenError
from shared_apps.core.health import Unhealthy
from shared_apps.ledger import codes, queries
from shared_apps.ledger import services as ledger
from shared_apps.ledger.rules import Leg
from shared_apps.tenants.models import Tenant
from tests.reconciliation.conftest import Books, breaks, compare, fresh_run, superadmin

pytestmark = [pytest.mark.django_db, pytest.mark.req("F46")]
TODAY = date(2026, 11, 20)


def owe(tenant: Tenant, amount: int, key: str, asset: str = "EUR") -> None:
    """A commission that the tenant owes the platform (negative: gets back)."""
    with tenant_context(tenant), transaction.atomic():
        legs = [Leg(codes.REVENUE_FEES, asset, -amount), Leg(codes.PLATFORM_PAYABLE, asset, amount)]
        ledger.post(key=key, kind="commission", legs=legs)


def settled(tenant: Tenant, asset: str = "EUR") -> tuple[int, int, int]:
    """Still owed and settled in the tenant's ledger, and what the platform holds against it."""
    with tenant_context(tenant):
        owed = queries.balance(codes.PLATFORM_PAYABLE, asset).balance
        done = queries.balance(codes.PLATFORM_SETTLED, asset).balance
    with platform_context():
        return owed, done, queries.balance(codes.tenant(tenant.uuid), asset).balance


def test_a_sweep_books_in_both_ledgers_once_a_day(acme: Tenant) -> None:
    owe(acme, 700, "a")
    owe(acme, 3, "b", "USD")
    assert services.sweep_tenant(tenant=acme, day=TODAY) == 2
    assert (settled(acme), settled(acme, "USD")) == ((0, 700, -700), (0, 3, -3))
    with platform_context():
        assert queries.balance(codes.REVENUE_FEES, "EUR").balance == 700
    owe(acme, 50, "c")
    assert services.sweep_tenant(tenant=acme, day=TODAY) == 0
    assert settled(acme) == (50, 700, -700)
    assert services.sweep_tenant(tenant=acme, day=TODAY + timedelta(days=1)) == 1
    assert settled(acme) == (0, 750, -750)


def test_what_the_platform_gives_back_is_swept_too(acme: Tenant) -> None:
    owe(acme, -20, "a")
    services.sweep_tenant(tenant=acme, day=TODAY)
    assert settled(acme) == (0, -20, 20)


@pytest.mark.django_db(transaction=True)
def test_both_ledgers_or_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    acme = Tenant.objects.get(slug="acme")
    owe(acme, 700, "a")
    with platform_context(), transaction.atomic():  # the platform's key is taken by something else
        legs = [Leg("x", "EUR", 1), Leg("y", "EUR", -1)]
        ledger.post(key=f"tenant:{acme.uuid}:{TODAY}:EUR", kind="x", legs=legs)
    with pytest.raises(ConflictError):
        services.sweep_tenant(tenant=acme, day=TODAY)
    assert settled(acme) == (700, 0, 0)


def test_all_tenants_and_the_platform_sum_to_zero(acme: Tenant, globex: Tenant) -> None:
    owe(acme, 700, "a")
    owe(globex, 41, "a")
    run = compare()
    assert run.totals == {"EUR": {"tenants": "741", "platform": "-741", "sum": "0"}}
    assert (run.state, breaks(run)) == ("clean", [])


def test_a_settlement_that_one_side_does_not_know(acme: Tenant) -> None:
    owe(acme, 700, "a")
    with platform_context(), transaction.atomic():
        legs = [Leg(codes.tenant(acme.uuid), "EUR", -5), Leg(codes.REVENUE_FEES, "EUR", 5)]
        ledger.post(key="x", kind="x", legs=legs)
    run = compare()
    assert breaks(run) == [("settlement_differs", str(acme.uuid), 705, 700)]
    assert run.totals["EUR"]["sum"] == "-5"


class TestRuns:
    def test_one_run_at_a_time(self, acme: Tenant) -> None:
        services.start_run(actor=superadmin())
        with pytest.raises(ConflictError) as refused:
            services.start_run(actor=superadmin())
        assert refused.value.code == "reconciliation.already_running"

    def test_only_superadmins_start_one(self, acme: Tenant) -> None:
        with pytest.raises(ForbiddenError):
            services.start_run(actor=Actor(user_id=1, method="session"))

    def test_the_nights_run_is_begun_once(self, acme: Tenant) -> None:
        def at(hour: int, day: int = 20) -> datetime:
            return datetime(2026, 11, day, hour, 5, tzinfo=UTC)

        assert services.begin_nightly(now=at(1)) is None
        run_id = services.begin_nightly(now=at(2))
        assert run_id is not None
        assert services.begin_nightly(now=at(2)) is None
        assert services.begin_nightly(now=at(3)) == run_id, "its worker is gone: it goes on"
        assert services.carry_out(run_id)
        assert services.begin_nightly(now=at(4)) is None
        other = services.begin_nightly(now=at(2, day=21))
        assert other not in (None, run_id)

    def test_differences_show_in_the_health_report(self, books: Books) -> None:
        from billing.reconciliation.queries import check_books

        assert check_books() == {"compared": None}
        run = compare()
        assert check_books()["state"] == "clean"
        books.unbooked()
        run = compare()
        with pytest.raises(Unhealthy, match="1 differences"):
            check_books()
        assert fresh_run(run).state == ReconciliationRun.State.BROKEN
