"""Whatever is done in whatever order: sums are zero, nothing available is below zero, no digit is lost."""

from __future__ import annotations

import ast
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shared_apps.ledger
from shared_apps.core.errors import ConflictError, DomainError, UnprocessableError
from shared_apps.core.money import MINOR_DIGITS, Money
from shared_apps.ledger import queries, services
from shared_apps.ledger.rules import Leg, check_legs
from shared_apps.tenants.models import Tenant

MEMBERS = ["member:a", "member:b", "member:c"]
CODES = [*MEMBERS, "clearing:x:1", "revenue:fees"]
#: Sums of a few of them still have 38 digits.
AMOUNTS = st.one_of(st.integers(1, 20), st.integers(1, 10**36))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("post"), st.permutations(CODES), st.lists(AMOUNTS, min_size=1, max_size=3), st.sampled_from(["EUR", "ETH"])),
        st.tuples(st.just("hold"), st.sampled_from(MEMBERS), AMOUNTS, st.sampled_from(["EUR", "ETH"])),
        st.tuples(st.just("capture"), st.integers(0, 5), st.integers(1, 25), st.sampled_from(CODES)),
        st.tuples(st.just("release"), st.integers(0, 5)),
        st.tuples(st.just("repeat"), st.integers(0, 20)),
    ),
    min_size=4,
    max_size=22,
)  # fmt: skip


class Book:
    """The same ledger in plain Python, to compare with."""

    def __init__(self) -> None:
        self.balances: dict[tuple[str, str], int] = defaultdict(int)
        self.held: dict[tuple[str, str], int] = defaultdict(int)
        self.holds: list[dict[str, Any]] = []
        self.done: list[tuple[str, list[Leg]]] = []

    def covers(self, legs: list[Leg], freed: dict[tuple[str, str], int]) -> bool:
        totals: dict[tuple[str, str], int] = defaultdict(int)
        for leg in legs:
            totals[leg.code, leg.asset] += leg.minor_units
        return all(
            self.balances[place] + total >= self.held[place] - freed.get(place, 0)
            for place, total in totals.items()
            if total < 0 and place[0].startswith("member:")
        )

    def move(self, legs: list[Leg]) -> None:
        for leg in legs:
            self.balances[leg.code, leg.asset] += leg.minor_units

    def post(self, number: int, codes: list[str], amounts: list[int], asset: str) -> None:
        legs = [Leg(code, asset, -amount) for code, amount in zip(codes[1:], amounts, strict=False)]
        legs.append(Leg(codes[0], asset, sum(amounts)))
        try:
            services.post(key=f"p{number}", kind="x", legs=legs)
        except UnprocessableError:
            assert not self.covers(legs, {})
            return
        assert self.covers(legs, {})
        self.move(legs)
        self.done.append((f"p{number}", legs))

    def hold(self, number: int, code: str, amount: int, asset: str) -> None:
        place = (code, asset)
        fits = self.balances[place] - self.held[place] >= amount
        try:
            made = services.hold(key=f"h{number}", code=code, asset=asset, minor_units=amount)
        except UnprocessableError:
            assert not fits
            return
        assert fits
        self.held[place] += amount
        self.holds.append({"id": made.pk, "place": place, "amount": amount, "state": "active"})

    def capture(self, number: int, which: int, amount: int, target: str) -> None:
        if not self.holds:
            return
        hold = self.holds[which % len(self.holds)]
        code, asset = hold["place"]
        legs = [Leg(code, asset, -amount), Leg(target, asset, amount)]
        may = hold["state"] == "active" and amount <= hold["amount"] and target != code
        try:
            with transaction.atomic():
                services.capture(hold["id"], key=f"c{number}", kind="x", legs=legs)
        except ConflictError:
            assert not may
            return
        assert may
        self.held[hold["place"]] -= hold["amount"]
        hold["state"] = "captured"
        self.move(legs)

    def release(self, number: int, which: int) -> None:
        if not self.holds:
            return
        hold = self.holds[which % len(self.holds)]
        try:
            services.release(hold["id"])
        except ConflictError:
            assert hold["state"] == "captured"
            return
        if hold["state"] == "active":
            self.held[hold["place"]] -= hold["amount"]
            hold["state"] = "released"

    def repeat(self, number: int, which: int) -> None:
        if self.done:
            key, legs = self.done[which % len(self.done)]
            assert services.post(key=key, kind="x", legs=legs).replayed


@pytest.mark.django_db
@pytest.mark.req("F44", "C10", "S1-10", "S1-11")
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_any_sequence_of_steps_keeps_the_books(in_acme: Tenant, steps: list[tuple[Any, ...]]) -> None:
    book = Book()
    with transaction.atomic():
        for asset in ("EUR", "ETH"):
            book.post(-1 if asset == "EUR" else -2, ["member:a", "clearing:x:1"], [30], asset)
        for number, (verb, *arguments) in enumerate(steps):
            getattr(book, verb)(number, *arguments)
        for code in CODES:
            for asset in ("EUR", "ETH"):
                found = queries.balance(code, asset)
                assert (found.balance, found.held) == (book.balances[code, asset], book.held[code, asset])
                assert found.available >= 0 or not code.startswith("member:")
        assert set(queries.totals().values()) == {0}
        assert queries.recompute() == []
        transaction.set_rollback(True)


@pytest.mark.django_db
@pytest.mark.req("F44", "C10")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    amounts=st.lists(
        st.decimals("0.000000000000000001", "999999999999999", places=18), min_size=1, max_size=6
    )
)
def test_eighteen_decimals_are_exact(in_acme: Tenant, amounts: list[Decimal]) -> None:
    units = [Money(amount, "ETH").minor_units() for amount in amounts]
    with transaction.atomic():
        for number, each in enumerate(units):
            services.post(
                key=f"e{number}",
                kind="x",
                legs=[Leg("clearing:x:1", "ETH", -each), Leg("member:a", "ETH", each)],
            )
        found = queries.balance("member:a", "ETH")
        lines = queries.statement("member:a", limit=10)
        transaction.set_rollback(True)
    assert found.balance == sum(units)
    assert [Money.of_minor(line.minor_units, "ETH").amount for line in reversed(lines)] == amounts
    assert f"{found.as_money().amount:f}" == _by_hand(sum(units))


def _by_hand(units: int) -> str:
    text = f"{units:019d}"
    return f"{text[:-18]}.{text[-18:]}"


@given(
    st.lists(
        st.tuples(st.sampled_from(CODES), st.sampled_from(["EUR", "USD"]), st.integers(-5, 5)), max_size=5
    )
)
@pytest.mark.req("F44")
def test_legs_pass_exactly_when_each_asset_sums_to_zero(rows: list[tuple[str, str, int]]) -> None:
    sums: dict[str, int] = defaultdict(int)
    for _code, asset, amount in rows:
        sums[asset] += amount
    fine = bool(rows) and not any(sums.values()) and all(amount for _code, _asset, amount in rows)
    try:
        check_legs([Leg(*row) for row in rows])
    except DomainError:
        assert not fine
    else:
        assert fine


@given(st.integers(-(10**38) + 1, 10**38 - 1), st.sampled_from(sorted(MINOR_DIGITS)))
def test_money_of_minor_units_is_exact(units: int, asset: str) -> None:
    assert Money.of_minor(units, asset).minor_units() == units


@pytest.mark.parametrize(
    "path", sorted(Path(shared_apps.ledger.__file__).parent.rglob("*.py")), ids=lambda path: path.name
)
@pytest.mark.req("F44", "C10")
def test_no_float_in_the_ledger(path: Path) -> None:
    found = floats(path.read_text())
    assert found == []


@pytest.mark.parametrize(
    "source", ["x = 1.5", "x = float(y)", "def f(x: float): ...", "x = a / b", "x = 1e3", "FloatField()"]
)
def test_the_search_for_floats_finds_them(source: str) -> None:
    assert floats(source)


def floats(source: str) -> list[str]:
    """Everything in a source that is a float or makes one."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id in ("float", "FloatField"))
        or (isinstance(node, ast.Attribute) and node.attr in ("FloatField", "float"))
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div))
    ]


@pytest.mark.django_db
@pytest.mark.req("F44", "C10")
def test_no_column_of_the_ledger_is_a_float(in_acme: Tenant) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name, numeric_precision, numeric_scale FROM information_schema.columns "
            "WHERE table_schema = %s AND table_name LIKE 'ledger%%' AND data_type IN ('numeric', 'real', 'double precision')",
            [in_acme.schema_name],
        )
        columns = cursor.fetchall()
    assert {(column, *size) for _table, column, *size in columns} == {
        (name, 38, 0) for name in ("balance", "held", "amount", "balance_after")
    }
