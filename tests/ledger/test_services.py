"""What a posting does to accounts, and what it refuses."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import AuditEntry, AuditLog
from shared_apps.core.context import AUDIT, AuditContext, audit_context, platform_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError, UnprocessableError
from shared_apps.ledger import codes, queries, services
from shared_apps.ledger.models import Entry, Hold, LedgerAccount, Posting
from shared_apps.ledger.rules import Balance, Leg
from shared_apps.tenants.models import Tenant

pytestmark = pytest.mark.django_db

MEMBER = codes.member(uuid.UUID("01890000-0000-7000-8000-000000000001"))
OTHER = codes.member(uuid.UUID("01890000-0000-7000-8000-000000000002"))
CLEARING = codes.clearing("stripe", 1)


def pay(
    amount: int, *, key: str, source: str = CLEARING, target: str = MEMBER, asset: str = "EUR"
) -> Posting:
    with transaction.atomic():
        return services.post(
            key=key, kind="deposit", legs=[Leg(source, asset, -amount), Leg(target, asset, amount)]
        )


def reserve(amount: int, *, key: str = "hold", **more: object) -> Hold:
    with transaction.atomic():
        return services.hold(key=key, code=MEMBER, asset="EUR", minor_units=amount, **more)


def take(hold: Hold, amount: int, *, key: str = "capture") -> Posting:
    with transaction.atomic():
        return services.capture(
            hold.pk,
            key=key,
            kind="withdrawal",
            legs=[Leg(MEMBER, "EUR", -amount), Leg(CLEARING, "EUR", amount)],
        )


@pytest.mark.req("F44", "S1-10", "S1-11")
def test_a_posting_moves_money_between_accounts(in_acme: Tenant) -> None:
    posting = pay(1000, key="stripe:pi_1:succeeded")
    assert queries.balance(MEMBER, "EUR") == Balance("EUR", 1000, 0)
    assert queries.balance(CLEARING, "EUR") == Balance("EUR", -1000, 0)
    assert queries.balances(MEMBER) == {"EUR": Balance("EUR", 1000, 0)}
    assert queries.legs_of(posting.pk) == [Leg(CLEARING, "EUR", -1000), Leg(MEMBER, "EUR", 1000)]
    assert (queries.totals(), queries.recompute()) == ({"EUR": 0}, [])
    assert str(LedgerAccount.objects.get(code=MEMBER).owner) == MEMBER.removeprefix("member:")


def test_nothing_is_there_before_the_first_movement(in_acme: Tenant) -> None:
    assert queries.balance(MEMBER, "EUR") == Balance("EUR", 0, 0)
    assert (queries.balances(MEMBER), queries.statement(MEMBER), queries.totals()) == ({}, [], {})


@pytest.mark.req("F44")
def test_the_same_key_answers_with_the_first_posting(in_acme: Tenant) -> None:
    first, second = pay(1000, key="a"), pay(1000, key="a")
    assert (first.pk, first.replayed, second.replayed) == (second.pk, False, True)
    assert second.created_at == first.created_at
    assert (queries.balance(MEMBER, "EUR").balance, Posting.objects.count(), Entry.objects.count()) == (
        1000,
        1,
        2,
    )


@pytest.mark.parametrize(
    "other",
    [{"amount": 999}, {"target": OTHER}, {"asset": "USD"}, {"source": OTHER, "target": MEMBER}],
    ids=["amount", "account", "asset", "source"],
)
@pytest.mark.req("F44")
def test_the_same_key_with_other_legs_is_refused(in_acme: Tenant, other: dict[str, object]) -> None:
    pay(1000, key="a")
    with pytest.raises(ConflictError, match="another movement") as refused:
        pay(**{"amount": 1000, "key": "a", **other})
    assert refused.value.code == "ledger.key_reused"
    assert queries.totals() == {"EUR": 0} and queries.balance(MEMBER, "EUR").balance == 1000


@pytest.mark.req("F44", "S1-10")
def test_a_members_wallet_cannot_be_overdrawn_and_the_transaction_lives_on(in_acme: Tenant) -> None:
    pay(1000, key="in")
    with transaction.atomic():
        with pytest.raises(UnprocessableError, match=r"10\.00 EUR available") as refused:
            services.post(key="out", kind="fee", legs=[Leg(MEMBER, "EUR", -1001), Leg(OTHER, "EUR", 1001)])
        services.post(key="out", kind="fee", legs=[Leg(MEMBER, "EUR", -1000), Leg(OTHER, "EUR", 1000)])
    assert refused.value.code == "ledger.insufficient_funds"
    assert [queries.balance(code, "EUR").balance for code in (MEMBER, OTHER)] == [0, 1000]


def test_a_repeated_payment_is_answered_though_the_money_is_gone(in_acme: Tenant) -> None:
    pay(1000, key="in")
    first = pay(1000, key="out", source=MEMBER, target=OTHER)
    assert pay(1000, key="out", source=MEMBER, target=OTHER).pk == first.pk


def test_several_legs_on_one_account_leave_a_running_balance_each(in_acme: Tenant) -> None:
    with transaction.atomic():
        services.post(
            key="a", kind="deposit", reference="order:1", memo="two parts",
            legs=[Leg(CLEARING, "EUR", -1000), Leg(MEMBER, "EUR", 1000), Leg(MEMBER, "EUR", -30),
                  Leg(codes.REVENUE_FEES, "EUR", 30)],
        )  # fmt: skip
    lines = queries.statement(MEMBER)
    assert [(line.minor_units, line.balance_after) for line in lines] == [(-30, 970), (1000, 1000)]
    assert {(line.reference, line.memo, line.kind) for line in lines} == {("order:1", "two parts", "deposit")}
    assert (queries.balance(MEMBER, "EUR").balance, queries.recompute()) == (970, [])


@pytest.mark.req("S1-13")
def test_a_statement_goes_back_by_keyset_over_all_currencies(in_acme: Tenant) -> None:
    for number in range(7):
        pay(100 + number, key=f"p{number}", asset="EUR" if number % 2 else "USD")
    pay(1, key="theirs", target=OTHER)
    found, before = [], None
    while page := queries.statement(MEMBER, before=before, limit=3):
        found += page
        before = page[-1].seq
    assert [line.key for line in found] == [f"p{number}" for number in reversed(range(7))]
    assert [line.key for line in queries.statement(MEMBER, "EUR")] == ["p5", "p3", "p1"]
    assert str(found[0].money) == "1.06 USD" and found[0].running_balance.as_json()["amount"] == "4.12"


@pytest.mark.req("F44", "S1-10")
class TestHolds:
    def test_what_is_held_is_not_available(self, in_acme: Tenant) -> None:
        pay(1000, key="in")
        hold = reserve(600)
        assert queries.balance(MEMBER, "EUR") == Balance("EUR", 1000, 600)
        assert queries.balance(MEMBER, "EUR").available_money().as_json() == {
            "amount": "4.00",
            "currency": "EUR",
        }
        with pytest.raises(UnprocessableError):
            pay(401, key="out", source=MEMBER, target=OTHER)
        with pytest.raises(UnprocessableError):
            reserve(401, key="second")
        assert (hold.state, hold.amount, queries.recompute()) == ("active", 600, [])

    def test_a_hold_is_made_once(self, in_acme: Tenant) -> None:
        pay(1000, key="in")
        assert reserve(600).pk == reserve(600).pk
        assert queries.balance(MEMBER, "EUR").held == 600
        with pytest.raises(ConflictError, match="another movement"):
            reserve(601)

    def test_capture_takes_all_or_less_and_frees_the_rest(self, in_acme: Tenant) -> None:
        pay(1000, key="in")
        hold = reserve(600)
        posting = take(hold, 500)
        assert queries.balance(MEMBER, "EUR") == Balance("EUR", 500, 0)
        again = take(hold, 500)
        assert (again.pk, again.replayed) == (posting.pk, True)
        row = Hold.objects.get()
        assert (row.state, row.posting_id, queries.recompute()) == ("captured", posting.pk, [])

    @pytest.mark.parametrize("amount", [601, -1], ids=["more", "backwards"])
    def test_capture_takes_no_more_than_was_held(self, in_acme: Tenant, amount: int) -> None:
        pay(1000, key="in")
        with pytest.raises(ConflictError, match="at most"):
            take(reserve(600), amount)
        assert queries.balance(MEMBER, "EUR") == Balance("EUR", 1000, 600)

    def test_capture_takes_from_the_holds_account(self, in_acme: Tenant) -> None:
        pay(1000, key="in")
        hold = reserve(600)
        with pytest.raises(ConflictError), transaction.atomic():
            services.capture(
                hold.pk, key="x", kind="x", legs=[Leg(CLEARING, "EUR", -1), Leg(OTHER, "EUR", 1)]
            )

    def test_capture_cannot_borrow_from_another_hold(self, in_acme: Tenant) -> None:
        pay(1000, key="in")
        first, _second = reserve(600), reserve(400, key="second")
        take(first, 600)
        assert queries.balance(MEMBER, "EUR") == Balance("EUR", 400, 400)

    def test_a_captured_hold_has_one_capture(self, in_acme: Tenant) -> None:
        pay(1000, key="in")
        hold = reserve(600)
        take(hold, 500)
        with pytest.raises(ConflictError, match="closed already: Captured") as refused:
            take(hold, 500, key="another")
        assert (refused.value.code, refused.value.details) == ("ledger.hold_closed", {"state": "captured"})
        with pytest.raises(ConflictError) as reused:
            take(hold, 400)
        assert reused.value.code == "ledger.key_reused"
        with pytest.raises(ConflictError), transaction.atomic():
            services.release(hold.pk)

    def test_a_capture_does_not_take_another_postings_key(self, in_acme: Tenant) -> None:
        pay(1000, key="in")
        pay(500, key="capture", source=MEMBER, target=CLEARING)
        with pytest.raises(ConflictError) as reused:
            take(reserve(500), 500)
        assert reused.value.code == "ledger.key_reused"

    def test_release_gives_back_once(self, in_acme: Tenant) -> None:
        pay(1000, key="in")
        hold = reserve(600)
        with transaction.atomic():
            states = [(services.release(hold.pk).state, services.release(hold.pk).replayed)]
        assert states == [("released", True)]
        assert queries.balance(MEMBER, "EUR") == Balance("EUR", 1000, 0)
        with pytest.raises(ConflictError, match="closed already"):
            take(hold, 600)
        with pytest.raises(NotFoundError), transaction.atomic():
            services.release(uuid.uuid4())

    def test_holds_run_out(self, acme: Tenant) -> None:
        from shared_apps.core.context import tenant_context

        now = timezone.now()
        with tenant_context(acme):
            pay(1000, key="in")
            late = reserve(100, key="late", expires_at=now - timedelta(seconds=1), reference="order:1")
            later = reserve(200, key="later", expires_at=now + timedelta(hours=1))
            reserve(300, key="never")
            assert _expire(now) == 1
            assert queries.balance(MEMBER, "EUR").held == 500
            with pytest.raises(ConflictError, match="Expired"):
                take(late, 100)
            with transaction.atomic():
                assert services.release(late.pk).state == "expired"
            event = AuditLog.objects.get(action="ledger.hold_expired")
            assert (event.object_pk, event.details["code"], event.details["minor_units"]) == (
                str(late.pk),
                MEMBER,
                100,
            )
            assert (event.details["reference"], event.details["key"]) == ("order:1", "late")
            assert _expire(now + timedelta(hours=2)) == 1
            assert Hold.objects.get(pk=later.pk).state == "expired"
            assert (queries.balance(MEMBER, "EUR").held, queries.recompute()) == (300, [])

    def test_what_becomes_of_a_hold_is_in_the_log(self, in_acme: Tenant) -> None:
        pay(1000, key="in")
        hold = reserve(600)
        with audit_context(actor_label="somebody"), transaction.atomic():
            services.release(hold.pk)
        entry = AuditEntry.objects.filter(object_pk=str(hold.pk)).order_by("-id").first()
        assert entry.changes["state"] == ["active", "released"]


def _expire(now: object) -> int:
    """The command without its own durable transaction, which a test's would contain."""
    with transaction.atomic():
        return services.expire_holds.__wrapped__(now=now)


@pytest.mark.req("S2-27")
def test_who_posted_stands_in_the_posting(in_acme: Tenant) -> None:
    with audit_context(actor_id=7, actor_email="me@example.com", actor_label="", request_id="r-1"):
        pay(1, key="a")
    pay(1, key="b")
    rows = Posting.objects.order_by("id").values_list("actor_id", "actor_label", "request_id")
    assert list(rows) == [(7, "me@example.com", "r-1"), (None, "test", "")]


def test_without_an_actor_nothing_is_posted(in_acme: Tenant) -> None:
    pay(1000, key="in")
    hold = reserve(10)
    token = AUDIT.set(AuditContext())
    try:
        for attempt in (lambda: pay(1, key="a"), lambda: reserve(1, key="b"), lambda: take(hold, 1),
                        lambda: services.release(hold.pk), lambda: _expire(timezone.now())):  # fmt: skip
            with pytest.raises(DatabaseError, match="without an actor") as refused, transaction.atomic():
                attempt()
            assert refused.value.__cause__.sqlstate == "42501"
    finally:
        AUDIT.reset(token)
    assert Posting.objects.count() == 1


def test_steps_refuse_to_run_outside_a_transaction(in_acme: Tenant) -> None:
    connection.in_atomic_block, before = False, connection.in_atomic_block
    try:
        with pytest.raises(transaction.TransactionManagementError):
            services.post(key="a", kind="x", legs=[Leg(MEMBER, "EUR", 1), Leg(CLEARING, "EUR", -1)])
    finally:
        connection.in_atomic_block = before


def test_the_platform_has_a_ledger_of_its_own(acme: Tenant) -> None:
    with platform_context():
        pay(5, key="a", target=codes.REVENUE_PLANS)
        assert queries.balance(codes.REVENUE_PLANS, "EUR").balance == 5
    from shared_apps.core.context import tenant_context

    with tenant_context(acme):
        assert queries.balance(codes.REVENUE_PLANS, "EUR").balance == 0
        pay(7, key="a")
        assert Posting.objects.count() == 1


BAD = {
    "one leg": [Leg(MEMBER, "EUR", 5)],
    "none": [],
    "unbalanced": [Leg(MEMBER, "EUR", 5), Leg(CLEARING, "EUR", -4)],
    "two assets": [Leg(MEMBER, "EUR", 5), Leg(CLEARING, "USD", -5)],
    "zero": [Leg(MEMBER, "EUR", 0), Leg(CLEARING, "EUR", 0)],
    "float": [Leg(MEMBER, "EUR", 5.0), Leg(CLEARING, "EUR", -5.0)],
    "too large": [Leg(MEMBER, "EUR", 10**38), Leg(CLEARING, "EUR", -(10**38))],
    "unknown asset": [Leg(MEMBER, "DOGE", 5), Leg(CLEARING, "DOGE", -5)],
    "no code": [Leg("", "EUR", 5), Leg(CLEARING, "EUR", -5)],
}


@pytest.mark.parametrize("legs", BAD.values(), ids=BAD.keys())
def test_bad_legs_are_refused_with_a_field(in_acme: Tenant, legs: list[Leg]) -> None:
    with pytest.raises(DomainError) as refused, transaction.atomic():
        services.post(key="a", kind="x", legs=legs)
    assert refused.value.field in ("legs", "minor_units", "asset", "code")
    assert not Posting.objects.exists()


def test_a_balance_of_over_38_digits_is_refused(in_acme: Tenant) -> None:
    pay(10**38 - 1, key="a", asset="ETH")
    with pytest.raises(UnprocessableError, match="38 digits"):
        pay(1, key="b", asset="ETH")


def test_an_exchange_is_two_sums_in_one_posting(in_acme: Tenant) -> None:
    pay(1000, key="in")
    with transaction.atomic():
        services.post(
            key="fx:1", kind="exchange", memo="1 EUR = 1.1 USD",
            legs=[Leg(MEMBER, "EUR", -1000), Leg(codes.trading("EUR"), "EUR", 1000),
                  Leg(codes.trading("USD"), "USD", -1100), Leg(MEMBER, "USD", 1100)],
        )  # fmt: skip
    assert {asset: row.balance for asset, row in queries.balances(MEMBER).items()} == {"EUR": 0, "USD": 1100}
    assert queries.totals() == {"EUR": 0, "USD": 0}
