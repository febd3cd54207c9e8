"""The history of a wallet: running balances, places, files that are exact and harmless."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.core.errors import ConflictError, DomainError
from shared_apps.ledger import codes
from shared_apps.ledger import services as ledger
from shared_apps.ledger.services import Leg
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.wallet import history, personal_data, services
from tenant_apps.wallet.models import PayoutDestination, Transfer
from tests.wallet.conftest import acts, eur, fund, iban_of, member_of


@pytest.mark.django_db
@pytest.mark.req("S1-13", "S2-27")
def test_lines_have_running_balances_and_places(in_acme: Tenant) -> None:
    trader = fund("trader", "100.00")
    for number in range(5):
        services.send_transfer(
            actor=acts("trader"),
            recipient="buyer@acme.example.com",
            money=eur("10"),
            key=str(number),
            note="x",
        )
    fund("trader", "7.00", "USD")
    found = history.lines(trader, history.Filters())
    assert [line.balance_after for line in found] == [700, 5000, 6000, 7000, 8000, 9000, 10000]
    assert found[1].memo == "buyer@acme.example.com: x" and found[1].label == "Transfer"
    first = history.lines(trader, history.Filters(), limit=3)
    fund("trader", "1.00")  # what comes meanwhile shifts nothing
    rest = history.lines(trader, history.Filters(), before=first[-1].seq)
    assert [line.seq for line in first + rest] == [line.seq for line in found]
    assert len(history.lines(trader, history.Filters(kind="transfer"))) == 5
    assert len(history.lines(trader, history.Filters(currency="USD"))) == 1
    assert history.count(trader, history.Filters(currency="EUR")) == 7
    later = history.Filters(since=timezone.now())
    assert history.lines(trader, later) == [] and history.count(trader, later) == 0
    received = history.lines(member_of("buyer").pk, history.Filters())[0]
    assert received.memo == "Tariq Trader: x"


@pytest.mark.django_db
@pytest.mark.req("S1-13")
def test_a_month_adds_up(in_acme: Tenant) -> None:
    trader = fund("trader", "100.00")
    fund("trader", "50.00")
    services.send_transfer(actor=acts("trader"), recipient="buyer@acme.example.com", money=eur("30"), key="a")
    now = timezone.now()
    since, until = history.month_bounds(now.strftime("%Y-%m"))
    (found,) = history.summaries(trader, since, until)
    assert (found.opening, found.incoming, found.outgoing, found.closing) == (0, 15000, -3000, 12000)
    assert found.opening + found.incoming + found.outgoing == found.closing
    (later,) = history.summaries(trader, until, until.replace(year=until.year + 1))
    assert (later.opening, later.closing, later.count) == (12000, 12000, 0)
    assert history.summaries(trader, since.replace(year=2000), since.replace(year=2001)) == []


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "2026-1", "x", "2026-11-01", "9999-12"])
def test_no_month(text: str) -> None:
    with pytest.raises(DomainError):
        history.month_bounds(text)


def test_months_end_where_the_next_begins() -> None:
    assert history.month_bounds("2026-12") == (
        datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.req("S1-13", "S3-87")
def test_the_file_is_exact_and_harmless(in_acme: Tenant) -> None:
    trader = member_of("trader").pk
    weird = '=HYPERLINK("http://evil","x"),\n"'
    with transaction.atomic():
        for number, (asset, units, memo) in enumerate(
            [("ETH", 10**24 + 1, "@SUM(1)"), ("EUR", 1, weird), ("BTC", 123456789, "plain")]
        ):
            ledger.post(
                key=f"t{number}", kind="deposit", memo=memo, reference="-1+1",
                legs=[Leg("clearing:t:1", asset, -units), Leg(codes.member(trader), asset, units)],
            )  # fmt: skip
    text = "".join(history.csv_chunks(trader, history.Filters()))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["amount"] for row in rows] == ["1.23456789", "0.01", "1000000.000000000000000001"]
    assert [row["memo"] for row in rows] == ["plain", f"'{weird}", "'@SUM(1)"]
    assert {row["reference"] for row in rows} == {"'-1+1"}
    assert rows[0]["time"].endswith("Z") and datetime.fromisoformat(rows[0]["time"])


@given(st.text())
def test_no_text_is_a_formula(text: str) -> None:
    shown = history.harmless(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert shown.removeprefix("'") == text or shown == text


@pytest.mark.django_db
def test_a_long_history_is_read_in_pieces(in_acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PIECE", 2)
    monkeypatch.setattr(history, "_CHUNK", 50)
    trader = fund("trader", "1.00")
    for _more in range(4):
        fund("trader", "1.00")
    chunks = list(history.csv_chunks(trader, history.Filters()))
    assert len(chunks) > 2 and "".join(chunks).count("deposit") == 5


@pytest.mark.django_db
@pytest.mark.req("F99", "S1-8")
def test_whoever_goes_leaves_no_money_and_no_address(in_acme: Tenant, person: Callable[[str], User]) -> None:
    user_id = member_of("trader").user_id
    personal_data.check_leaving(user_id=user_id)
    fund("trader", "5.00")
    iban_of("trader")
    services.send_transfer(
        actor=acts("trader"), recipient="buyer@acme.example.com", money=eur("5"), key="a", note="Bye"
    )
    personal_data.check_leaving(user_id=user_id)
    fund("trader", "0.01")
    with pytest.raises(ConflictError) as kept:
        personal_data.check_leaving(user_id=user_id)
    assert kept.value.code == "wallet.not_empty"
    ((name, rows),) = personal_data.sections_of(user_id)
    exported = list(rows)
    assert name == "wallet_transactions" and [row["amount"] for row in exported] == ["0.01", "-5.00", "5.00"]
    with transaction.atomic():
        personal_data.erase_person(user_id=user_id, label="erased 1", address="x")
    place = PayoutDestination.objects.get()
    assert (place.address, place.hint, place.removed_at is None) == ("", "", False)
    assert Transfer.objects.get().note == ""
